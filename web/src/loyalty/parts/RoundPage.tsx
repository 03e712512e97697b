import { Button, Skeleton, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RoundView } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { FigureTable } from '../../report/FigureTable.tsx'
import { Panel } from '../../report/Panel.tsx'
import { RefusalText } from '../../shell/Failures.tsx'
import { State } from '../../shell/State.tsx'
import { TenantPage } from '../../shell/TenantPage.tsx'
import { useCalled } from '../called.ts'
import { recomputed, type Recomputed } from './fairness.ts'
import { roundQuery } from './queries.ts'
import page from '../../shell/page.module.css'
import styles from './parts.module.css'

/** Whether a round was fair: its seeds are computed anew in this browser. */
export function RoundPage() {
  const { t } = useTranslation()
  return (
    <TenantPage title={t('loyalty.fairness')} loading={t('loyalty.loading')}>
      <Place />
    </TenantPage>
  )
}

function Place() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.rounds })
  const { round } = useSearch({ from: paths.rounds })
  const [typed, setTyped] = useState(round ?? '')
  return (
    <div className={page.page}>
      <div>
        <h1>{t('loyalty.fairness')}</h1>
        <p className={page.unit}>{t('loyalty.fairnessUnit')}</p>
      </div>
      <form
        className={page.row}
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          void navigate({ search: (now) => ({ ...now, round: typed.trim() || undefined }) })
        }}
      >
        <TextInput
          className={styles.roundId!}
          label={t('loyalty.roundId')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" variant="default" disabled={typed.trim() === ''}>
          {t('loyalty.check')}
        </Button>
      </form>
      {round === undefined ? (
        <section className={page.empty}>
          <h2>{t('loyalty.whichRound')}</h2>
          <p className="soft">{t('loyalty.whichRoundHelp')}</p>
        </section>
      ) : (
        <Round key={round} roundId={round} />
      )}
    </div>
  )
}

function Round({ roundId }: { roundId: string }) {
  const { data, error } = useQuery(roundQuery(roundId))
  const own = useQuery({
    queryKey: ['loyalty-round-recomputed', roundId, data?.state],
    queryFn: async () => (await recomputed(data!)) ?? null,
    enabled: data !== undefined,
  })
  if (!data) return error ? <RefusalText error={error} /> : <Skeleton height={420} radius="md" />
  return (
    <>
      <Steps round={data} own={own.data ?? undefined} />
      {data.odds !== null && <Odds round={data} own={own.data ?? undefined} />}
    </>
  )
}

type CheckProps = { round: RoundView; own: Recomputed | undefined }

/** What was told when, in the order in which it was told; what was computed anew stands beside it. */
function Steps({ round, own }: CheckProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { kind, game, gameVersion, seedHash, committedAt, clientSeed, serverSeed, outcome, isVerified } =
    round
  const result = outcome?.['prize'] ?? outcome?.['door'] ?? outcome?.['correct']
  const called = useCalled()
  const prizeCalled = (id: string): string => {
    const prize = round.odds?.find((one) => one.id === id)
    return prize ? format.name(prize.name) : id
  }
  const isFair = own ? own.isHashRight && own.isOutcomeRight : isVerified
  return (
    <Panel
      title={t('loyalty.roundOf', { game: called(kind, game) })}
      unit={t('loyalty.roundUnit', { kind: t(`loyalty.kind.${kind}`), version: gameVersion })}
      means={t('loyalty.roundMeans')}
    >
      <ol className={styles.steps}>
        <li>
          <strong>{t('loyalty.toldFirst')}</strong>
          <code>{seedHash}</code>
          <span className="soft">{format.moment(committedAt)}</span>
        </li>
        <li>
          <strong>{t('loyalty.memberSeed')}</strong>
          <code>{clientSeed || '—'}</code>
        </li>
        <li>
          <strong>{t('loyalty.serverSeed')}</strong>
          <code>{serverSeed ?? t('loyalty.notToldYet')}</code>
        </li>
        {own && (
          <>
            <li data-right={own.isHashRight}>
              <strong>{t('loyalty.hashAnew')}</strong>
              <code>{own.seedHash}</code>
              <State tone={own.isHashRight ? 'good' : 'alarm'}>
                {t(own.isHashRight ? 'loyalty.sameHash' : 'loyalty.otherHash')}
              </State>
            </li>
            <li data-right={own.isOutcomeRight}>
              <strong>{t('loyalty.ticketAnew')}</strong>
              <span>
                {t('loyalty.ticketOf', {
                  ticket: format.count(own.ticket.toString()),
                  tickets: format.count(own.tickets.toString()),
                })}
              </span>
              <State tone={own.isOutcomeRight ? 'good' : 'alarm'}>
                {t(own.isOutcomeRight ? 'loyalty.drewWhatWasTold' : 'loyalty.drewAnother', {
                  drawn: prizeCalled(own.drawn),
                })}
              </State>
            </li>
          </>
        )}
        {result !== undefined && (
          <li>
            <strong>{t('loyalty.given')}</strong>
            <span>{prizeCalled(String(result))}</span>
          </li>
        )}
      </ol>
      {isFair !== null && (
        <p role="status" className={styles.verdict} data-testid="verdict" data-fair={isFair}>
          <State tone={isFair ? 'good' : 'alarm'}>
            {isFair ? t(own ? 'loyalty.isFairHere' : 'loyalty.isFairThere') : t('loyalty.notFair')}
          </State>
        </p>
      )}
    </Panel>
  )
}

function Odds({ round: { odds }, own }: CheckProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const total = odds?.reduce((sum, { weight }) => sum + weight, 0) ?? 0
  let below = 0
  return (
    <Panel title={t('loyalty.oddsTold')} unit={t('loyalty.oddsToldUnit')} means={t('loyalty.oddsToldMeans')}>
      <FigureTable
        caption={t('loyalty.oddsTold')}
        corner={t('loyalty.prize')}
        align="right"
        columns={(['tickets', 'odds'] as const).map((id) => ({ id, name: t(`loyalty.oddsColumn.${id}`) }))}
        lines={(odds ?? []).map(({ id, name, weight }) => {
          const first = below
          below += weight
          return {
            id,
            name: format.name(name),
            strong: own?.drawn === id || undefined,
            cells: {
              tickets: { text: `${format.count(first)} – ${format.count(below - 1)}` },
              odds: { text: format.share(weight, total) },
            },
          }
        })}
      />
    </Panel>
  )
}
