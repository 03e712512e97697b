import { useComputedColorScheme } from '@mantine/core'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { Chart, pageStyle, type Drawing } from '../chart/Chart.tsx'
import { useFormat, type Format } from '../format/format.ts'
import { sizeShade } from '../theme.ts'
import { armCells, armColumns, type ArmsProps } from './columns.ts'
import { perThousand, productLines, type ProductLine } from './figures.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel, useAsTable } from './Panel.tsx'
import styles from './page.module.css'

/** The package by its size where sizes tell packages apart, else by its name. */
const packageName = (line: ProductLine, lines: readonly ProductLine[], format: Format): string =>
  line.volumeMb > 0 && lines.filter(({ volumeMb }) => volumeMb === line.volumeMb).length === 1
    ? format.megabytes(line.volumeMb)
    : format.name(line.name)

type SoldProps = ArmsProps & { lines: readonly ProductLine[] }

/** What was sold, arm by arm; control has nothing of the campaign's and is left out. */
export function Packages({ arms, colours }: ArmsProps) {
  const { t } = useTranslation()
  const asTable = useAsTable('packages')
  const sold: SoldProps = { arms: arms.filter((arm) => !arm.isControl), colours, lines: productLines(arms) }
  return (
    <Panel
      panel="packages"
      title={t('packages.title')}
      unit={t(asTable ? 'packages.unitAsTable' : 'packages.unit')}
      means={t('packages.means')}
    >
      {sold.lines.length === 0 && <p className={styles.none}>{t('packages.none')}</p>}
      {sold.lines.length > 0 && (asTable ? <AsTable {...sold} /> : <AsBars {...sold} />)}
    </Panel>
  )
}

function AsTable({ arms, colours, lines }: SoldProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <FigureTable
      caption={t('packages.title')}
      corner={t('packages.package')}
      align="right"
      columns={armColumns({ arms, colours }, format)}
      lines={[
        ...lines.map((line) => ({
          id: line.productId,
          name: packageName(line, lines, format),
          cells: armCells(arms, (arm) => {
            const figures = arm.products.find(({ productId }) => productId === line.productId)
            return (
              figures && {
                text: format.count(figures.activated),
                note: format.count(figures.onCredit),
              }
            )
          }),
        })),
        {
          id: 'total',
          name: t('packages.total'),
          strong: true,
          cells: armCells(arms, ({ products }) => ({
            text: format.count(products.reduce((sum, { activated }) => sum + activated, 0)),
            note: format.count(products.reduce((sum, { onCredit }) => sum + onCredit, 0)),
          })),
        },
      ]}
    />
  )
}

function AsBars({ arms, lines }: SoldProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const draw = useCallback(
    (drawing: Drawing) => ({ ...pageStyle(drawing), ...bars({ arms, lines }, format, drawing) }),
    [arms, lines, format],
  )
  return (
    <>
      <ul className={styles.legend}>
        {lines.map((line, index) => (
          <li key={line.productId}>
            <span
              className={styles.swatch}
              style={{ background: sizeShade(index, lines.length, scheme).fill }}
            />
            {packageName(line, lines, format)}
          </li>
        ))}
      </ul>
      <Chart label={t('packages.picture')} height={arms.length * 52 + 28} draw={draw} />
    </>
  )
}

/** One stacked bar an arm, smallest package first, each figure written in its part where it fits. */
function bars({ arms, lines }: Omit<SoldProps, 'colours'>, format: Format, drawing: Drawing) {
  const narrow = drawing.width < 560
  const rate = (armIndex: number, productId: string): number => {
    const arm = arms[armIndex]
    const sold = arm?.products.find((product) => product.productId === productId)?.activated ?? 0
    return arm ? (perThousand(sold, arm.enrolled) ?? 0) : 0
  }
  const totals = arms.map((_, armIndex) =>
    lines.reduce((sum, line) => sum + rate(armIndex, line.productId), 0),
  )
  const longest = Math.max(1, ...totals)
  const names = { color: drawing.ink, fontSize: 13, overflow: 'truncate', lineHeight: 16 } as const
  return {
    grid: { left: narrow ? 116 : 190, right: 52, top: 0, bottom: 28 },
    xAxis: {
      type: 'value',
      axisLabel: { color: drawing.soft, formatter: (value: number) => format.count(value) },
      splitLine: { lineStyle: { color: drawing.line } },
      splitNumber: narrow ? 3 : 6,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: arms.map(({ name }) => inLines(format.name(name), narrow ? 14 : 27)),
      axisLine: { lineStyle: { color: drawing.soft } },
      axisTick: { show: false },
      axisLabel: { ...names, align: 'left', margin: narrow ? 116 : 190, width: narrow ? 110 : 184 },
    },
    series: lines
      .map((line, index) => {
        const { fill, ink } = sizeShade(index, lines.length, drawing.scheme)
        return {
          type: 'bar',
          stack: 'sold',
          name: packageName(line, lines, format),
          barWidth: 26,
          itemStyle: { color: fill },
          emphasis: { disabled: true },
          data: arms.map((_, armIndex) => rate(armIndex, line.productId)),
          tooltip: { valueFormatter: (value: unknown) => format.rate(Number(value)) },
          label: {
            show: true,
            color: ink,
            fontSize: 12,
            formatter: ({ value }: { value: number }) =>
              (value / longest) * (drawing.width - 240) > 34 ? format.rate(value) : '',
          },
        }
      })
      .concat(totalLabels(totals, format, drawing) as never),
  }
}

/** The words in lines of at most so many letters, where a word allows it. */
function inLines(text: string, letters: number): string {
  return text.split(' ').reduce((lines, word) => {
    const last = lines.slice(lines.lastIndexOf('\n') + 1)
    return lines + (last.length + word.length < letters ? ' ' : '\n') + word
  })
}

/** An empty bar on top of the stack that carries the stack's sum as its label. */
const totalLabels = (totals: readonly number[], format: Format, drawing: Drawing) => ({
  type: 'bar',
  stack: 'sold',
  silent: true,
  data: totals.map(() => 0),
  tooltip: { show: false },
  label: {
    show: true,
    position: 'right',
    color: drawing.ink,
    fontSize: 13,
    fontWeight: 600,
    formatter: ({ dataIndex }: { dataIndex: number }) => format.rate(totals[dataIndex]),
  },
})
