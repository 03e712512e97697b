import { Button, SegmentedControl, Skeleton, UnstyledButton } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeadLetterState, DeadLetterView } from '../../../src/events/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { Snack, type Done } from '../shell/Snack.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { liveQuery } from '../triggers/queries.ts'
import { BulkActs } from './BulkActs.tsx'
import { Letter } from './Letter.tsx'
import { letterQuery, lettersQuery } from './queries.ts'
import { reasonOf } from './reason.ts'
import page from '../shell/page.module.css'
import styles from './letters.module.css'

const STATES = ['open', 'held', 'replayed', 'discarded'] as const

/** Refused events: why, how many of each reason, and the way to mend and replay them. */
export function DeadLettersPage() {
  const { t } = useTranslation()
  useTitle(t('deadLetters.title'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function Place() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.deadLetters })
  const { code, state = 'open', letter } = useSearch({ from: paths.deadLetters })
  const letters = useInfiniteQuery(lettersQuery({ state, code }))
  const live = useQuery(liveQuery)
  const [done, setDone] = useState<Done | null>(null)
  const forget = useCallback(() => setDone(null), [])
  const show = (deadLetterId: string | undefined) =>
    navigate({ search: (now) => ({ ...now, letter: deadLetterId }), resetScroll: false })
  const error = letters.error ?? live.error
  if (!letters.data || !live.data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  const counts = live.data.snapshot.deadLetters
  const settled = (result: Done) => {
    setDone(result)
    void show(undefined)
  }
  return (
    <div className={`${page.page} ${styles.page}`} data-open={letter !== undefined || undefined}>
      <div className={page.heading}>
        <div>
          <h1>{t('deadLetters.title')}</h1>
          <p className={`${page.unit} ${styles.unit}`}>{t('deadLetters.unit')}</p>
        </div>
        <StateSwitch state={state} />
      </div>
      {state === 'open' && <Reasons counts={counts} code={code} settled={settled} />}
      {letters.data.length === 0 ? (
        <Nothing state={state} filtered={code !== undefined} />
      ) : (
        <div className={styles.columns}>
          <div className={styles.list}>
            <List letters={letters.data} chosen={letter} show={show} />
            {letters.hasNextPage && (
              <Button
                variant="default"
                fullWidth
                loading={letters.isFetchingNextPage}
                onClick={() => void letters.fetchNextPage()}
              >
                {t('deadLetters.more')}
              </Button>
            )}
          </div>
          <Chosen letters={letters.data} chosen={letter} state={state} settled={settled} />
        </div>
      )}
      <Snack done={done} close={forget} />
      <ConnectionLost error={error} lastAnswerMs={Math.min(letters.dataUpdatedAt, live.dataUpdatedAt)} />
    </div>
  )
}

function StateSwitch({ state }: { state: DeadLetterState }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.deadLetters })
  return (
    <SegmentedControl
      className={styles.states}
      aria-label={t('deadLetters.stateName')}
      size="sm"
      value={state}
      onChange={(value) =>
        navigate({
          search: ({ lang }) => ({ lang, state: STATES.find((one) => one === value && one !== 'open') }),
        })
      }
      data={STATES.map((one) => ({ value: one, label: t(`deadLetters.state.${one}`) }))}
    />
  )
}

type Counts = readonly { code: string; open: number }[]
type ReasonsProps = { counts: Counts; code: string | undefined; settled(done: Done): void }

/** The reasons of the open letters, most frequent first; one of them can be shown alone. */
function Reasons({ counts, code, settled }: ReasonsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const all = counts.reduce((sum, { open }) => sum + open, 0)
  const open = code === undefined ? all : (counts.find((one) => one.code === code)?.open ?? 0)
  const lines = [
    { code: undefined, open: all },
    ...counts.filter((one) => one.open > 0).toSorted((a, b) => b.open - a.open),
  ]
  if (all === 0) return null
  return (
    <div className={styles.reasonBar}>
      <nav className={styles.reasons} aria-label={t('deadLetters.reasons')}>
        {lines.map((line) => (
          <Link
            key={line.code ?? ''}
            to={paths.deadLetters}
            search={({ lang }) => ({ lang, code: line.code })}
            className={styles.reason}
            data-chosen={line.code === code || undefined}
            aria-current={line.code === code ? 'true' : undefined}
          >
            {line.code === undefined ? t('deadLetters.all') : reasonOf(line.code, t)}
            <span>{format.count(line.open)}</span>
          </Link>
        ))}
      </nav>
      <BulkActs code={code} open={open} settled={settled} />
    </div>
  )
}

type ListProps = {
  letters: readonly DeadLetterView[]
  chosen: string | undefined
  show(deadLetterId: string): void
}

/** What an event says of itself, whatever was sent in its place. */
function named(event: unknown): { type: string; from: string } {
  const known = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {}
  const text = (value: unknown): string => (typeof value === 'string' && value ? value : '—')
  return { type: text(known['type']), from: `${text(known['source'])} · ${text(known['id'])}` }
}

function List({ letters, chosen, show }: ListProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ul className={styles.lines} aria-label={t('deadLetters.title')}>
      {letters.map(({ deadLetterId, event, problem, receivedAt }) => {
        const { type, from } = named(event)
        return (
          <li key={deadLetterId}>
            <UnstyledButton
              className={styles.line}
              data-chosen={deadLetterId === chosen || undefined}
              aria-current={deadLetterId === chosen ? 'true' : undefined}
              onClick={() => show(deadLetterId)}
            >
              <span className={styles.lineHead}>
                <strong>{type}</strong>
                <time dateTime={receivedAt}>{format.dayTime(receivedAt)}</time>
              </span>
              <span className={styles.lineReason}>
                {reasonOf(problem.code, t)}
                {problem.field !== undefined && <code>{problem.field}</code>}
              </span>
              <span className={styles.lineFrom}>{from}</span>
            </UnstyledButton>
          </li>
        )
      })}
    </ul>
  )
}

type ChosenProps = {
  letters: readonly DeadLetterView[]
  chosen: string | undefined
  state: DeadLetterState
  settled(done: Done): void
}

/** The letter that the address names, also when it stands on a later page of the list. */
function Chosen({ letters, chosen, state, settled }: ChosenProps) {
  const { t } = useTranslation()
  const listed = letters.find((one) => one.deadLetterId === chosen)
  const { data: fetched } = useQuery({
    ...letterQuery(chosen ?? '', state),
    enabled: chosen !== undefined && listed === undefined,
  })
  const letter = listed ?? fetched
  return (
    <div className={styles.chosen}>
      <Link
        from={paths.deadLetters}
        to={paths.deadLetters}
        search={(now) => ({ ...now, letter: undefined })}
        className={styles.back}
      >
        <IconArrowLeft size={15} stroke={1.7} aria-hidden />
        {t('deadLetters.toList')}
      </Link>
      {letter && <Letter key={letter.deadLetterId} letter={letter} settled={settled} />}
      {chosen === undefined && <p className={styles.choose}>{t('deadLetters.choose')}</p>}
      {chosen !== undefined && letter === null && <p className={styles.choose}>{t('deadLetters.gone')}</p>}
    </div>
  )
}

function Nothing({ state, filtered }: { state: DeadLetterState; filtered: boolean }) {
  const { t } = useTranslation()
  const open = state === 'open'
  return (
    <section className={page.empty}>
      <h2>{t(open ? 'deadLetters.none' : 'deadLetters.noneOfState')}</h2>
      {open && <p className="soft">{t('deadLetters.noneHelp')}</p>}
      {filtered && (
        <Link to={paths.deadLetters} search={({ lang }) => ({ lang })}>
          {t('deadLetters.showAll')}
        </Link>
      )}
    </section>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('deadLetters.loading')}>
      <Skeleton height={28} width={180} />
      <Skeleton height={40} />
      <Skeleton height={480} radius="md" />
    </Waiting>
  )
}
