import { Button, Skeleton } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExplainedEvent, JudgementView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { FailureNotice } from '../shell/Failures.tsx'
import { ValueList } from '../triggers/ValueList.tsx'
import { netOf } from './history.ts'
import { memberHistoryQuery } from './queries.ts'
import { readableValues, withMoments } from './readable.ts'
import styles from './loyalty.module.css'
import member from './member.module.css'

/** "Where is my cashback?": each event, and what each rule made of it. */
export function HistoryPanel({ subscriberId, programme }: { subscriberId: number; programme: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    memberHistoryQuery(subscriberId, programme, format.language),
  )
  const events = data?.pages.flatMap((page) => page.events)
  const isEmpty = events?.length === 0
  // A page may hold events of other programmes alone.
  useEffect(() => {
    if (isEmpty && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [isEmpty, hasNextPage, isFetchingNextPage, fetchNextPage])
  return (
    <Panel title={t('loyalty.history')} unit={t('loyalty.historyUnit')} means={t('loyalty.historyMeans')}>
      {events === undefined && (error ? <FailureNotice error={error} /> : <Skeleton height={240} />)}
      {isEmpty && !hasNextPage && <p className="soft">{t('loyalty.noHistory')}</p>}
      {events !== undefined && events.length > 0 && (
        <ol className={member.history} data-testid="history">
          {events.map((event) => (
            <HistoryItem key={event.eventId} event={event} />
          ))}
        </ol>
      )}
      {hasNextPage && !isEmpty && (
        <Button
          variant="default"
          size="sm"
          className={styles.add!}
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('loyalty.older')}
        </Button>
      )}
    </Panel>
  )
}

function HistoryItem({ event }: { event: ExplainedEvent }) {
  const format = useFormat()
  const { at, type, judgements } = event
  const net = netOf(judgements)
  const decimals = judgements[0]?.decimals ?? 0
  return (
    <li data-event={event.event}>
      <div className={member.eventHead}>
        <time dateTime={at}>{format.moment(at)}</time>
        <code>{type}</code>
        <strong data-sign={net > 0n ? 'plus' : net < 0n ? 'minus' : undefined}>
          {net === 0n ? '0' : format.points(net.toString(), decimals, true)}
        </strong>
      </div>
      <ul className={member.judgements}>
        {judgements.map((one) => (
          <Judgement key={`${one.consumer} ${one.rule} ${one.reason}`} one={one} />
        ))}
      </ul>
    </li>
  )
}

function Judgement({ one }: { one: JudgementView }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { rule, ruleName, ruleVersion, points, decimals, text, saw, award, reason } = one
  const isGiven = points !== '0'
  const Icon = isGiven ? IconCheck : IconMinus
  const name = ruleName?.[format.language] ?? rule
  return (
    <li data-reason={reason} data-given={isGiven || undefined}>
      <Icon size={16} stroke={1.8} aria-hidden />
      <div>
        <p>
          <span className={member.ruleName}>{name}</span> {withMoments(text, format)}
        </p>
        {award !== null && award.state !== 'posted' && (
          <p className="soft">{t(`loyalty.award.${award.state}`)}</p>
        )}
        {award?.expiresAt != null && (
          <p className="soft">{t('loyalty.awardExpires', { moment: format.moment(award.expiresAt) })}</p>
        )}
        <details>
          <summary>{t('loyalty.decided')}</summary>
          <ValueList
            values={readableValues(
              {
                ...saw,
                [t('loyalty.points')]: format.points(points, decimals, true),
                [t('loyalty.version')]: ruleVersion,
                [t('loyalty.reasonCode')]: reason,
              },
              format,
            )}
          />
        </details>
      </div>
    </li>
  )
}
