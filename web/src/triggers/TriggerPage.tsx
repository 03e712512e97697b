import { Skeleton } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { TriggerView } from '../../../src/triggers/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { ConnectionLost, FailureNotice, Notice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { kindOf } from './answers.ts'
import { Explain } from './Explain.tsx'
import { FiringsOverTime } from './FiringsOverTime.tsx'
import { LatestFirings } from './LatestFirings.tsx'
import { PauseButton } from './PauseButton.tsx'
import { liveQuery, triggersQuery } from './queries.ts'
import { RuleState, stateOf } from './RuleState.tsx'
import { RuleText } from './RuleText.tsx'
import { TryOnHistory } from './TryOnHistory.tsx'
import page from '../shell/page.module.css'
import styles from './trigger.module.css'

/** One rule: when it fired, for whom and why, and what it would have done. */
export function TriggerPage() {
  const { triggerId } = useParams({ from: paths.trigger })
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place key={triggerId} triggerId={triggerId} />
    </TenantFormat>
  )
}

function Place({ triggerId }: { triggerId: string }) {
  const { t } = useTranslation()
  const list = useQuery(triggersQuery)
  const live = useQuery(liveQuery)
  const rule = list.data?.find(({ trigger }) => trigger.id === triggerId)
  const title = rule?.trigger.description ?? triggerId
  useTitle(title)
  const error = list.error ?? live.error
  if (!list.data || !live.data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  if (!rule) {
    return (
      <Notice title={t('triggers.missing', { id: triggerId })}>
        <Link to={paths.triggers}>{t('triggers.toList')}</Link>
      </Notice>
    )
  }
  const { asOf } = live.data.snapshot
  return (
    <div className={page.page}>
      <Heading rule={rule} title={title} />
      <Facts rule={rule} />
      <FiringsOverTime triggerId={triggerId} asOf={asOf} />
      <div className={styles.pair}>
        <RuleText trigger={rule.trigger} />
        <LatestFirings triggerId={triggerId} />
      </div>
      <div className={styles.pair}>
        <Explain triggerId={triggerId} />
        <TryOnHistory trigger={rule.trigger} asOf={asOf} />
      </div>
      <ConnectionLost error={error} lastAnswerMs={Math.min(list.dataUpdatedAt, live.dataUpdatedAt)} />
    </div>
  )
}

function Heading({ rule, title }: { rule: TriggerView; title: string }) {
  const { t } = useTranslation()
  const { id } = rule.trigger
  return (
    <div>
      <Link to={paths.triggers} className={page.back}>
        <IconArrowLeft size={15} stroke={1.7} aria-hidden />
        {t('triggers.title')}
      </Link>
      <div className={page.heading}>
        <div>
          <h1>{title}</h1>
          <p className={`${page.names} ${styles.names}`}>
            <RuleState state={stateOf(rule)} />
            {title !== id && <code>{id}</code>}
            <span>{t(`triggers.kind.${kindOf(rule.trigger)}`)}</span>
          </p>
        </div>
        <PauseButton triggerId={id} paused={rule.pause !== null} />
      </div>
      <WhyItStands rule={rule} />
    </div>
  )
}

function WhyItStands({ rule }: { rule: TriggerView }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { pause, problem } = rule
  if (problem !== null) return <p className={styles.stands}>{t('triggers.problem', { problem })}</p>
  if (pause === null) return null
  const since = format.moment(pause.since)
  return (
    <p className={styles.stands}>
      {pause.reason === 'ceiling'
        ? t('triggers.pausedByCeiling', { since, ceiling: format.count(rule.trigger.ceilingPerHour ?? 0) })
        : t('triggers.pausedByPerson', { since })}
    </p>
  )
}

function Facts({ rule }: { rule: TriggerView }) {
  const { t } = useTranslation()
  const format = useFormat()
  const facts = {
    firings: format.count(rule.firings),
    retracted: format.count(rule.retracted),
    lastFired: rule.lastFiredAt === null ? '—' : format.dayTime(rule.lastFiredAt),
    behind: rule.behind === null ? '—' : format.count(rule.behind),
  }
  return (
    <dl className={`${page.totals} ${styles.facts}`}>
      {(Object.keys(facts) as (keyof typeof facts)[]).map((fact) => (
        <div key={fact} data-fact={fact}>
          <dt>{t(`triggers.column.${fact}`)}</dt>
          <dd>{facts[fact]}</dd>
        </div>
      ))}
    </dl>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('triggers.loading')}>
      <Skeleton height={48} width="min(420px, 100%)" />
      {[64, 330, 360].map((height) => (
        <Skeleton key={height} height={height} radius="md" />
      ))}
    </Waiting>
  )
}
