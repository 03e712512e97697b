import { Skeleton } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { stopsAnswer, type StopsAnswer } from '../../../src/messaging/contract.ts'
import { ReasonBars } from '../delivery/ReasonBars.tsx'
import { useFormat } from '../format/format.ts'
import { calls } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { ask } from '../server.ts'
import { FailureNotice } from '../shell/Failures.tsx'
import styles from './policy.module.css'

const stopsQuery = queryOptions({
  queryKey: ['policy-stops'],
  queryFn: ({ signal }) => ask(calls.policyStops, stopsAnswer, { signal }),
  refetchInterval: 15_000,
})

/** What was not sent in the last seven days, and what waits now, by reason. */
export function StoppedPanel() {
  const { t } = useTranslation()
  const { data, error } = useQuery(stopsQuery)
  return (
    <Panel title={t('policy.stopped')} unit={t('policy.stoppedUnit')} means={t('policy.stoppedMeans')}>
      {!data && (error ? <FailureNotice error={error} /> : <Skeleton height={200} />)}
      {data && (
        <>
          <Reasons stops={data.held} none={t('policy.noneHeld')} />
          <h3 className={styles.waiting}>{t('policy.waiting')}</h3>
          <Reasons stops={data.postponed} none={t('policy.noneWaiting')} />
        </>
      )}
    </Panel>
  )
}

function Reasons({ stops, none }: { stops: StopsAnswer['held']; none: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (stops.length === 0) return <p className="soft">{none}</p>
  return (
    <ReasonBars
      reasons={stops.map(({ reason, messages, subscribers }) => ({
        reason,
        count: messages,
        note: t('policy.people', { count: subscribers, formatted: format.count(subscribers) }),
      }))}
    />
  )
}
