import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { ArmReport } from '../../../src/insights/contract.ts'
import { useFormat } from '../format/format.ts'
import { creditRate, firstArm, positionBetween, ratioToFirst, roundTicks, verdict } from './figures.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel, useAsTable } from './Panel.tsx'
import styles from './headline.module.css'

type HeadlineProps = { arms: ArmReport[]; colours: ReadonlyMap<string, string> }

/** The page's first answer: what each arm earned beside control, and how sure that is. */
export function Headline({ arms, colours }: HeadlineProps) {
  const { t } = useTranslation()
  const asTable = useAsTable('headline')
  return (
    <Panel panel="headline" title={t('headline.title')} unit={t('headline.unit')} means={t('headline.means')}>
      <VerdictLine arms={arms} />
      {asTable ? <AsTable arms={arms} colours={colours} /> : <Intervals arms={arms} colours={colours} />}
    </Panel>
  )
}

function VerdictLine({ arms }: { arms: ArmReport[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const found = verdict(arms)
  if (found.answer === 'unknown') return <p className={styles.verdict}>{t('headline.verdict.unknown')}</p>
  const style = found.answer === 'paid' ? {} : { signed: true }
  return (
    <p className={styles.verdict} data-testid="verdict">
      {t(`headline.verdict.${found.answer}`, {
        arm: format.name(found.arm.name),
        amount: format.average(found.estimate.perSubscriberMinor, style),
      })}
    </p>
  )
}

/** A row an arm: name, dot and whiskers on the axis that all rows share, and the figures themselves. */
function Intervals({ arms, colours }: HeadlineProps) {
  const { t } = useTranslation()
  const first = firstArm(arms)
  const values = arms.flatMap(({ margin }) => (margin ? [margin.lowMinor, margin.highMinor] : []))
  const ticks = roundTicks(values, 5)
  return (
    <table role="table" className={styles.table} aria-label={t('headline.title')}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader">{t('report.arm')}</th>
          <th role="columnheader" className={styles.plotHead}>
            {t('headline.interval')}
          </th>
          <th role="columnheader">{t('headline.difference')}</th>
          <th role="columnheader">{t('headline.credit')}</th>
          <th role="columnheader">{t('headline.ratio')}</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {arms.map((arm) => (
          <ArmRow key={arm.armId} arm={arm} first={first} ticks={ticks} colour={colours.get(arm.armId)} />
        ))}
      </tbody>
      <tfoot aria-hidden>
        <tr>
          <td />
          <td className={styles.plotCell}>
            <Axis ticks={ticks} />
          </td>
          <td colSpan={3} />
        </tr>
      </tfoot>
    </table>
  )
}

type ArmRowProps = {
  arm: ArmReport
  first: ArmReport | undefined
  ticks: number[]
  colour: string | undefined
}

function ArmRow({ arm, first, ticks, colour }: ArmRowProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <tr role="row" style={{ '--arm': colour } as CSSProperties} data-arm={arm.armId}>
      <th role="rowheader" scope="row">
        <span className={styles.name}>
          <span className="dot" aria-hidden />
          {format.name(arm.name)}
        </span>
        <span className={styles.under}>
          {t('report.subscribers', { count: arm.enrolled, formatted: format.count(arm.enrolled) })}
        </span>
      </th>
      <td role="cell" className={styles.plotCell} aria-hidden>
        <Whiskers arm={arm} ticks={ticks} />
      </td>
      <td role="cell" className={styles.difference}>
        <Difference arm={arm} />
      </td>
      <td role="cell" className={styles.credit}>
        <span className={styles.phoneName}>{t('headline.credit')}</span>
        <span>{format.rate(creditRate(arm))}</span>
      </td>
      <td role="cell" className={styles.ratio}>
        <span className={styles.phoneName}>{t('headline.ratio')}</span>
        <span>{format.ratio(ratioToFirst(arm, first))}</span>
      </td>
    </tr>
  )
}

function Difference({ arm }: { arm: ArmReport }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (!arm.margin) {
    return (
      <>
        <span className={styles.quiet}>{t(arm.isControl ? 'headline.baseline' : 'headline.tooEarly')}</span>
        <span className={styles.under}>
          {t('headline.mean', { amount: format.average(arm.marginPerSubscriberMinor) })}
        </span>
      </>
    )
  }
  const { perSubscriberMinor, lowMinor, highMinor } = arm.margin
  return (
    <>
      <strong>{format.average(perSubscriberMinor, { signed: true })}</strong>
      <span className={styles.under}>
        {t('headline.intervalBounds', { low: format.average(lowMinor), high: format.average(highMinor) })}
      </span>
    </>
  )
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`

function Whiskers({ arm, ticks }: { arm: ArmReport; ticks: number[] }) {
  const low = positionBetween(ticks, arm.margin?.lowMinor ?? 0)
  const high = positionBetween(ticks, arm.margin?.highMinor ?? 0)
  const dot = arm.margin?.perSubscriberMinor ?? (arm.isControl ? 0 : undefined)
  return (
    <div className={styles.plot}>
      {ticks.map((tick) => (
        <i
          key={tick}
          className={styles.line}
          data-zero={tick === 0 || undefined}
          style={{ left: percent(positionBetween(ticks, tick)) }}
        />
      ))}
      {arm.margin && (
        <i className={styles.whisker} style={{ left: percent(low), width: percent(high - low) }} />
      )}
      {dot !== undefined && (
        <i className={styles.point} style={{ left: percent(positionBetween(ticks, dot)) }} />
      )}
    </div>
  )
}

function Axis({ ticks }: { ticks: number[] }) {
  const format = useFormat()
  const whole = ticks.every((tick) => tick % 10 ** format.decimals === 0)
  return (
    <div className={styles.axis}>
      {ticks.map((tick) => (
        <span key={tick} style={{ left: percent(positionBetween(ticks, tick)) }}>
          {format.average(tick, { signed: true, ...(whole && { fractionDigits: 0 }) })}
        </span>
      ))}
    </div>
  )
}

function AsTable({ arms, colours }: HeadlineProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const first = firstArm(arms)
  const columns = [
    { id: 'difference', name: t('headline.difference') },
    { id: 'low', name: t('headline.interval') },
    { id: 'mean', name: t('money.lines.perSubscriber') },
    { id: 'credit', name: t('headline.credit') },
    { id: 'ratio', name: t('headline.ratio') },
  ]
  const lines = arms.map((arm) => ({
    id: arm.armId,
    name: format.name(arm.name),
    colour: colours.get(arm.armId),
    cells: {
      difference: arm.margin && { text: format.average(arm.margin.perSubscriberMinor, { signed: true }) },
      low: arm.margin && {
        text: t('headline.intervalBounds', {
          low: format.average(arm.margin.lowMinor),
          high: format.average(arm.margin.highMinor),
        }),
      },
      mean: { text: format.average(arm.marginPerSubscriberMinor) },
      credit: { text: format.rate(creditRate(arm)) },
      ratio: { text: format.ratio(ratioToFirst(arm, first)) },
    },
  }))
  return (
    <FigureTable
      caption={t('headline.title')}
      corner={t('report.arm')}
      columns={columns}
      lines={lines}
      align="right"
    />
  )
}
