import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import {
  earnWords,
  filled,
  playWords,
  type EarnReason,
  type PlayReason,
  type TryAnswer,
} from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { ValueList } from '../triggers/ValueList.tsx'
import { readableValues, withMoments } from './readable.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

/** Cost, winners, months, reasons and some events explained. */
export function TrialAnswer({ answer }: { answer: TryAnswer }) {
  const { t } = useTranslation()
  return (
    <div className={styles.trial} data-testid="trial">
      <Figures answer={answer} />
      <div className={styles.pair}>
        <Winners answer={answer} />
        <Months answer={answer} />
      </div>
      {answer.sample.length > 0 && <h3>{t('loyalty.trySample')}</h3>}
      <ul className={styles.parts}>
        {answer.sample.map((one) => (
          <SampleLine key={`${one.event} ${one.reason}`} one={one} decimals={answer.decimals} />
        ))}
      </ul>
    </div>
  )
}

const FIGURES = ['points', 'cost', 'awards', 'winners', 'seen'] as const

function Figures({ answer }: { answer: TryAnswer }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { points, cost, decimals, awards, subscribers, seen, events } = answer
  const figures = {
    points: format.points(points, decimals),
    cost: cost === null ? t('loyalty.noCost') : format.moneyIn(cost.amountMinor, cost.currency),
    awards: format.count(awards),
    winners: format.count(subscribers),
    seen: t('loyalty.seenOf', { seen: format.count(seen), events: format.count(events) }),
  }
  return (
    <dl className={`${page.totals} ${styles.figures}`}>
      {FIGURES.map((figure) => (
        <div key={figure} data-figure={figure}>
          <dt>{t(`loyalty.trial.${figure}`)}</dt>
          <dd>{figures[figure]}</dd>
        </div>
      ))}
    </dl>
  )
}

type PointsTableProps = {
  title: string
  corner: string
  decimals: number
  lines: readonly { id: string; name: ReactNode; points: string; awards: number }[]
}

function PointsTable({ title, corner, decimals, lines }: PointsTableProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <FigureTable
      caption={title}
      corner={corner}
      align="right"
      few
      columns={[
        { id: 'points', name: t('loyalty.points') },
        { id: 'awards', name: t('loyalty.trial.awards') },
      ]}
      lines={lines.map(({ id, name, points, awards }) => ({
        id,
        name,
        cells: {
          points: { text: format.points(points, decimals) },
          awards: { text: format.count(awards) },
        },
      }))}
    />
  )
}

type AnswerProps = { answer: TryAnswer }

function Winners({ answer: { winners, decimals } }: AnswerProps) {
  const { t } = useTranslation()
  return (
    <div>
      <h3>{t('loyalty.winners')}</h3>
      {winners.length === 0 ? (
        <p className="soft">{t('loyalty.noWinners')}</p>
      ) : (
        <PointsTable
          title={t('loyalty.winners')}
          corner={t('triggers.subscriber')}
          decimals={decimals}
          lines={winners.map((one) => ({
            ...one,
            id: String(one.subscriberId),
            name: (
              <Link to={paths.member} search={{ subscriber: one.subscriberId }}>
                {one.subscriberId}
              </Link>
            ),
          }))}
        />
      )}
    </div>
  )
}

const isPlayReason = (reason: string): reason is PlayReason => reason in playWords

/** A key that ends in `_zero` would be taken for a form of a plural. */
const reasonKey = (reason: EarnReason) => (reason === 'rounds_to_zero' ? 'below_a_point' : reason)

function Months({ answer: { months, reasons, decimals } }: AnswerProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div>
      <h3>{t('loyalty.byMonth')}</h3>
      <PointsTable
        title={t('loyalty.byMonth')}
        corner={t('loyalty.month')}
        decimals={decimals}
        lines={months.map((one) => ({ ...one, id: one.month, name: format.month(one.month) }))}
      />
      <h3 className={styles.part}>{t('loyalty.byReason')}</h3>
      <ul className={styles.reasons}>
        {Object.entries(reasons).map(([reason, count]) => (
          <li key={reason}>
            <span>
              {isPlayReason(reason)
                ? playWords[reason][format.language]
                : t(`loyalty.reason.${reasonKey(reason as EarnReason)}`)}
            </span>
            <span>{format.count(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function SampleLine({ one, decimals }: { one: TryAnswer['sample'][number]; decimals: number }) {
  const format = useFormat()
  const told = isPlayReason(one.reason) ? playWords[one.reason] : earnWords[one.reason as EarnReason]
  const words = told?.[format.language] ?? one.reason
  const write = (minor: bigint): string => format.points(minor.toString(), decimals)
  return (
    <li>
      <span className={styles.what}>
        <Link to={paths.member} search={{ subscriber: one.subscriberId }}>
          {one.subscriberId}
        </Link>{' '}
        · {format.moment(one.at)} · {format.points(one.points, decimals, true)}
      </span>
      <span>{withMoments(filled(words, BigInt(one.points), write, one.saw), format)}</span>
      <ValueList values={readableValues(one.saw, format)} />
    </li>
  )
}
