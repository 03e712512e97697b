import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { ChannelFunnels } from './ChannelFunnels.tsx'
import { ChannelHealth } from './ChannelHealth.tsx'
import type { DeliveryFeed } from './figures.ts'
import { deliveryQuery } from './queries.ts'
import { RateChart } from './RateChart.tsx'
import { Sendings } from './Sendings.tsx'
import { Stops } from './Stops.tsx'
import { UnknownOutcomes } from './UnknownOutcomes.tsx'
import page from '../shell/page.module.css'
import styles from './delivery.module.css'

/** What is being sent now, how far it came, and what stopped it. */
export function DeliveryPage() {
  const { t } = useTranslation()
  useTitle(t('delivery.title'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function Place() {
  const { data, error, dataUpdatedAt } = useQuery(deliveryQuery)
  if (!data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  return (
    <div className={page.page}>
      <Heading feed={data} connected={!error} />
      <Totals feed={data} />
      <div className={styles.pair}>
        <RateChart feed={data} />
        <ChannelHealth feed={data} />
      </div>
      <Sendings />
      <ChannelFunnels delivery={data.delivery} />
      <div className={styles.pair}>
        <Stops delivery={data.delivery} />
        <UnknownOutcomes />
      </div>
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

/** Messages a second, all channels together. */
const rateOf = ({ delivery }: DeliveryFeed): number =>
  Object.values(delivery.ratesPerS).reduce((sum, rate) => sum + rate, 0)

function Heading({ feed, connected }: { feed: DeliveryFeed; connected: boolean }) {
  const { t } = useTranslation()
  const moving = connected && rateOf(feed) > 0
  return (
    <div className={page.heading}>
      <div>
        <h1>{t('delivery.title')}</h1>
        <p className={page.unit}>{t('delivery.unit')}</p>
      </div>
      <span className={page.pulse} data-moving={moving || undefined}>
        {t(moving ? 'delivery.flowing' : 'delivery.quiet')}
      </span>
    </div>
  )
}

function Totals({ feed }: { feed: DeliveryFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { delivery } = feed
  const of = (...states: string[]): number =>
    delivery.messages.reduce((sum, { state, count }) => (states.includes(state) ? sum + count : sum), 0)
  const figures = {
    rate: format.perSecond(rateOf(feed)),
    queued: format.count(of('queued', 'submitting')),
    starts: format.count(delivery.waiting),
    active: format.count(delivery.active),
    finished: format.count(delivery.finished),
    sent: format.count(of('submitted', 'delivered', 'seen', 'clicked')),
    held: format.count(of('held')),
    unknown: format.count(of('unknown')),
  }
  return (
    <dl className={`${page.totals} ${styles.totals}`} aria-label={t('delivery.totals')}>
      {(Object.keys(figures) as (keyof typeof figures)[]).map((figure) => (
        <div key={figure} data-figure={figure}>
          <dt>{t(`delivery.total.${figure}`)}</dt>
          <dd data-alarm={(figure === 'unknown' && of('unknown') > 0) || undefined}>{figures[figure]}</dd>
        </div>
      ))}
    </dl>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('delivery.loading')}>
      <Skeleton height={28} width={180} />
      {[64, 320, 260].map((height) => (
        <Skeleton key={height} height={height} radius="md" />
      ))}
    </Waiting>
  )
}
