import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { RoundsOfGameView, RoundView } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { State, type Tone } from '../../shell/State.tsx'
import { useCalled } from '../called.ts'
import { roundsQuery } from './queries.ts'
import styles from '../loyalty.module.css'

/** Latest rounds of a game: what was told before, what came of it, and whether it follows from the seeds. */
export function RoundsPanel({ kind, gameId }: { kind: string; gameId: string }) {
  const { t } = useTranslation()
  const { data } = useQuery(roundsQuery(kind, gameId))
  return (
    <Panel title={t('loyalty.rounds')} unit={t('loyalty.roundsUnit')} means={t('loyalty.roundsMeans')}>
      {data === undefined && <Skeleton height={160} />}
      {data?.length === 0 && <p className="soft">{t('loyalty.noRounds')}</p>}
      <RoundList rounds={data ?? []} />
    </Panel>
  )
}

const TONES: Record<RoundView['state'], Tone | undefined> = {
  committed: undefined,
  open: 'under-way',
  finished: 'good',
}

type RoundListProps = { rounds: readonly (RoundView & Partial<RoundsOfGameView['rounds'][number]>)[] }

/** Rounds, each with the way to the page where it is checked. */
export function RoundList({ rounds }: RoundListProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const called = useCalled()
  return (
    <ul className={styles.parts}>
      {rounds.map(
        ({ roundId, kind, game, committedAt, state, isVerified, outcome, odds, subscriberId, seedHash }) => {
          const prize = odds?.find(({ id }) => id === outcome?.['prize'])
          return (
            <li key={roundId} data-round={roundId}>
              <span className={styles.questHead}>
                <Link to={paths.rounds} search={{ round: roundId }}>
                  {called(kind, game)} · {format.moment(committedAt)}
                </Link>
                <State tone={isVerified === false ? 'alarm' : TONES[state]}>
                  {isVerified === false ? t('loyalty.notFair') : t(`loyalty.roundState.${state}`)}
                </State>
              </span>
              <span className="soft">
                {subscriberId !== undefined && <>{t('loyalty.referee', { id: subscriberId })} · </>}
                {prize && <>{format.name(prize.name)} · </>}
                <code>{seedHash.slice(0, 16)}…</code>
              </span>
            </li>
          )
        },
      )}
    </ul>
  )
}
