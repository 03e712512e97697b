import { Button, Skeleton, TextInput } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExplainedEvent, JudgementView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { ServerFailure } from '../server.ts'
import { FailureNotice, RefusalText } from '../shell/Failures.tsx'
import { ValueList } from '../triggers/ValueList.tsx'
import { netOf } from './history.ts'
import { OlderButton } from './MoreButton.tsx'
import { explainQuery, memberHistoryQuery } from './queries.ts'
import { readableValues, withMoments } from './readable.ts'
import member from './member.module.css'

type HistoryProps = { subscriberId: number; programme: string }

/** "Where is my cashback?": each event, and what each rule made of it; or one event, found by its id. */
export function HistoryPanel(props: HistoryProps) {
  const { t } = useTranslation()
  const { event } = useSearch({ from: paths.member })
  return (
    <Panel title={t('loyalty.history')} unit={t('loyalty.historyUnit')} means={t('loyalty.historyMeans')}>
      <EventSearch key={event} event={event} />
      {event === undefined ? <Events {...props} /> : <OneEvent {...props} event={event} />}
    </Panel>
  )
}

function EventSearch({ event }: { event: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.member })
  const [typed, setTyped] = useState(event ?? '')
  const show = (next: string) =>
    void navigate({
      search: (now) => ({ ...now, event: next.trim() || undefined }),
      replace: true,
      resetScroll: false,
    })
  return (
    <form
      className={member.find}
      role="search"
      aria-label={t('loyalty.findEvent')}
      onSubmit={(submitted) => {
        submitted.preventDefault()
        show(typed)
      }}
    >
      <TextInput
        aria-label={t('loyalty.eventId')}
        placeholder={t('loyalty.eventId')}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <Button type="submit" variant="default" disabled={typed.trim() === ''}>
        {t('loyalty.explain')}
      </Button>
      {event !== undefined && (
        <Button variant="subtle" color="gray" onClick={() => show('')}>
          {t('loyalty.allEvents')}
        </Button>
      )}
    </form>
  )
}

/** What every rule made of the event, granted or refused, with the value that decided. */
function OneEvent({ subscriberId, programme, event }: HistoryProps & { event: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data, error } = useQuery(explainQuery(subscriberId, programme, event, format.language))
  if (error instanceof ServerFailure && error.kind === 'missing')
    return <p role="status">{t('loyalty.noSuchEvent', { event })}</p>
  if (!data) return error ? <RefusalText error={error} /> : <Skeleton height={120} />
  const judged = data.events.filter(({ judgements }) => judgements.length > 0)
  if (judged.length + data.refused.length === 0) return <p role="status">{t('loyalty.notJudgedHere')}</p>
  return (
    <ol className={member.history} data-testid="explained">
      {data.refused.map(({ deadLetterId, receivedAt, code, field, text }) => (
        <li key={deadLetterId}>
          <div className={member.eventHead}>
            <time dateTime={receivedAt}>{format.moment(receivedAt)}</time>
            <code>{[code, field].filter(Boolean).join(' · ')}</code>
          </div>
          <p>{text}</p>
          <Link to={paths.deadLetters} search={{ letter: deadLetterId }}>
            {t('loyalty.toDeadLetter')}
          </Link>
        </li>
      ))}
      {judged.map((one) => (
        <HistoryItem key={one.eventId} event={one} isOpen />
      ))}
    </ol>
  )
}

function Events({ subscriberId, programme }: HistoryProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const pages = useInfiniteQuery(memberHistoryQuery(subscriberId, programme, format.language))
  const { data, error, hasNextPage } = pages
  const events = data?.pages.flatMap((page) => page.events)
  return (
    <>
      {events === undefined && (error ? <FailureNotice error={error} /> : <Skeleton height={240} />)}
      {events?.length === 0 && !hasNextPage && <p className="soft">{t('loyalty.noHistory')}</p>}
      {events !== undefined && events.length > 0 && (
        <ol className={member.history} data-testid="history">
          {events.map((event) => (
            <HistoryItem key={event.eventId} event={event} />
          ))}
        </ol>
      )}
      <OlderButton pages={pages} shown={events?.length} />
    </>
  )
}

/** One event with what came of it; `isOpen` shows at once what decided. */
function HistoryItem({ event, isOpen = false }: { event: ExplainedEvent; isOpen?: boolean }) {
  const format = useFormat()
  const { at, type, judgements } = event
  const net = netOf(judgements)
  const decimals = judgements[0]?.decimals ?? 0
  return (
    <li data-event={event.event}>
      <div className={member.eventHead}>
        <time dateTime={at}>{format.moment(at)}</time>
        {/* What a service of ours did is told by the lines below; the name of its event says nothing. */}
        {!type.startsWith('loyalty.asked.') && <code>{type}</code>}
        <strong data-sign={net > 0n ? 'plus' : net < 0n ? 'minus' : undefined}>
          {net === 0n ? '0' : format.points(net.toString(), decimals, true)}
        </strong>
      </div>
      <ul className={member.judgements}>
        {judgements.map((one) => (
          <Judgement key={`${one.consumer} ${one.rule} ${one.reason}`} one={one} isOpen={isOpen} />
        ))}
      </ul>
    </li>
  )
}

function Judgement({ one, isOpen }: { one: JudgementView; isOpen: boolean }) {
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
        <details open={isOpen}>
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
