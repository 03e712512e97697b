import { Code, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { LiveTotals } from './LiveTotals.tsx'
import { liveQuery, triggersQuery } from './queries.ts'
import type { LiveFeed } from './rates.ts'
import { RulesTable } from './RulesTable.tsx'
import { Newest, Stream } from './Stream.tsx'
import page from '../shell/page.module.css'
import styles from './stream.module.css'

/** What happens in the network now: the stream, and the rules that look at it. */
export function TriggersPage() {
  const { t } = useTranslation()
  useTitle(t('triggers.title'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function Place() {
  const live = useQuery(liveQuery)
  const list = useQuery(triggersQuery)
  const error = live.error ?? list.error
  if (!live.data || !list.data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  const { snapshot } = live.data
  return (
    <div className={page.page}>
      <Heading feed={live.data} connected={!error} />
      <LiveTotals feed={live.data} />
      <div className={styles.pair}>
        <Stream feed={live.data} />
        <Newest events={snapshot.events.newest} />
      </div>
      {list.data.length > 0 ? <RulesTable rules={list.data} asOf={snapshot.asOf} /> : <NoRules />}
      <ConnectionLost error={error} lastAnswerMs={Math.min(live.dataUpdatedAt, list.dataUpdatedAt)} />
    </div>
  )
}

function Heading({ feed, connected }: { feed: LiveFeed; connected: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const moving = connected && (feed.ticks.at(-1)?.total ?? 0) > 0
  return (
    <div className={page.headingWithFacts}>
      <h1>{t('triggers.title')}</h1>
      <p className={page.facts}>
        <span className={page.pulse} data-moving={moving || undefined}>
          {t(moving ? 'triggers.flowing' : 'triggers.quiet')}
        </span>
        <time dateTime={feed.snapshot.asOf}>
          {t('report.asOf', { moment: format.moment(feed.snapshot.asOf), zone: format.timeZone })}
        </time>
      </p>
    </div>
  )
}

function NoRules() {
  const { t } = useTranslation()
  return (
    <section className={page.empty}>
      <h2>{t('triggers.none')}</h2>
      <p className="soft">{t('triggers.noneHelp')}</p>
      <Code block>npx tenure apply -f triggers.yaml</Code>
    </section>
  )
}

/** Stands where the page will stand, with the heights that it will have. */
function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('triggers.loading')}>
      <Skeleton height={28} width={180} />
      {[64, 340, 420].map((height) => (
        <Skeleton key={height} height={height} radius="md" />
      ))}
    </Waiting>
  )
}
