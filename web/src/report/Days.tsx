import { useCallback, useMemo, type CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignReport } from '../../../src/insights/contract.ts'
import { Chart, pageStyle, type Drawing } from '../chart/Chart.tsx'
import { useFormat, type Format } from '../format/format.ts'
import { armCells, armColumns, type ArmsProps } from './columns.ts'
import { dayLines, drawnAmount } from './figures.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel, useAsTable } from './Panel.tsx'
import styles from './page.module.css'

type Lines = ReturnType<typeof dayLines>
type Day = CampaignReport['days'][number]
type DaysProps = ArmsProps & { days: CampaignReport['days'] }

/** Activations and revenue along the campaign, a line an arm. */
export function Days({ arms, colours, days }: DaysProps) {
  const { t } = useTranslation()
  const asTable = useAsTable('days')
  const lines = useMemo(() => dayLines(days), [days])
  return (
    <Panel
      panel="days"
      title={t('days.title')}
      unit={t(asTable ? 'days.unitAsTable' : 'days.unit')}
      means={t('days.means')}
    >
      {lines.length === 0 && <p className={styles.none}>{t('days.none')}</p>}
      {lines.length > 0 && asTable && <AsTable arms={arms} colours={colours} lines={lines} />}
      {lines.length > 0 && !asTable && <AsLines arms={arms} colours={colours} lines={lines} />}
    </Panel>
  )
}

function AsTable({ arms, colours, lines }: ArmsProps & { lines: Lines }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <FigureTable
      caption={t('days.title')}
      corner={t('days.day')}
      align="right"
      columns={armColumns({ arms, colours }, format)}
      lines={lines.map(({ day, byArm }) => ({
        id: day,
        name: format.day(day),
        cells: armCells(arms, ({ armId }) => {
          const figures = byArm.get(armId)
          return (
            figures && {
              text: format.count(figures.activated),
              note: format.money(figures.packageRevenueMinor),
            }
          )
        }),
      }))}
    />
  )
}

function AsLines({ arms, colours, lines }: ArmsProps & { lines: Lines }) {
  const { t } = useTranslation()
  const format = useFormat()
  const activated = useCallback(
    (drawing: Drawing) =>
      chartOf({ arms: arms.filter((arm) => !arm.isControl), colours, lines }, drawing, format, {
        value: (day) => day.activated,
        show: (value) => format.count(value),
      }),
    [arms, colours, lines, format],
  )
  const revenue = useCallback(
    (drawing: Drawing) =>
      chartOf({ arms, colours, lines }, drawing, format, {
        value: (day) => drawnAmount(day.packageRevenueMinor, format.decimals),
        show: (value) => format.count(value),
      }),
    [arms, colours, lines, format],
  )
  return (
    <>
      <ul className={styles.legend}>
        {arms.map(({ armId, name }) => (
          <li key={armId} style={{ '--arm': colours.get(armId) } as CSSProperties}>
            <span className={styles.stroke} />
            {format.name(name)}
          </li>
        ))}
      </ul>
      <div className={styles.pair}>
        <figure>
          <figcaption>{t('days.activated')}</figcaption>
          <Chart label={t('days.activatedPicture')} height={220} draw={activated} />
        </figure>
        <figure>
          <figcaption>{t('days.revenue', { currency: format.currency })}</figcaption>
          <Chart label={t('days.revenuePicture')} height={220} draw={revenue} />
        </figure>
      </div>
    </>
  )
}

type Measure = { value(day: Day): number; show(value: number): string }

function chartOf(
  { arms, colours, lines }: ArmsProps & { lines: Lines },
  drawing: Drawing,
  format: Format,
  { value, show }: Measure,
) {
  const axisLabel = { color: drawing.soft, fontSize: 12 }
  return {
    ...pageStyle(drawing),
    tooltip: { ...(pageStyle(drawing)['tooltip'] as object), trigger: 'axis', order: 'valueDesc' },
    grid: { left: 56, right: 16, top: 10, bottom: 26 },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: lines.map(({ day }) => format.day(day)),
      axisLabel: { ...axisLabel, hideOverlap: true },
      axisLine: { lineStyle: { color: drawing.soft } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 4,
      axisLabel: { ...axisLabel, formatter: show },
      splitLine: { lineStyle: { color: drawing.line } },
    },
    series: arms.map(({ armId, name, isControl }) => ({
      type: 'line',
      id: armId,
      name: format.name(name),
      symbol: 'circle',
      symbolSize: 5,
      showSymbol: lines.length === 1,
      color: colours.get(armId),
      lineStyle: { width: isControl ? 1.5 : 2, type: isControl ? [5, 4] : 'solid' },
      emphasis: { disabled: true },
      tooltip: { valueFormatter: (shown: unknown) => (shown === null ? '—' : show(Number(shown))) },
      data: lines.map(({ byArm }) => {
        const figures = byArm.get(armId)
        return figures ? value(figures) : null
      }),
    })),
  }
}
