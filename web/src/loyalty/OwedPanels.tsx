import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiabilityView } from '../../../src/loyalty/contract.ts'
import { barsPicture } from '../chart/bars.ts'
import { Chart, type Drawing } from '../chart/Chart.tsx'
import { useFormat } from '../format/format.ts'
import type { Panel as PanelId } from '../paths.ts'
import { drawnAmount } from '../report/figures.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel, useAsTable } from '../report/Panel.tsx'
import { byAge, byExpiry, type MonthSum } from './liability.ts'

export const PICTURE_HEIGHT = 230

/** What is owed, by the month in which it was earned. */
export function OwedByAge({ report }: { report: LiabilityView }) {
  const { t } = useTranslation()
  const sums = useMemo(() => byAge(report.outstanding), [report.outstanding])
  const words = { title: t('loyalty.owedByAge'), means: t('loyalty.owedByAgeMeans') }
  return <MonthSums panel="owedByAge" report={report} sums={sums} {...words} />
}

/** What is owed, by the month in which it expires. */
export function OwedByExpiry({ report }: { report: LiabilityView }) {
  const { t } = useTranslation()
  const sums = useMemo(() => byExpiry(report.outstanding), [report.outstanding])
  const words = { title: t('loyalty.owedByExpiry'), means: t('loyalty.owedByExpiryMeans') }
  return <MonthSums panel="owedByExpiry" report={report} sums={sums} {...words} />
}

type MonthSumsProps = {
  panel: PanelId
  title: string
  means: string
  report: LiabilityView
  sums: readonly MonthSum[]
}

function MonthSums({ panel, title, means, report, sums }: MonthSumsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const asTable = useAsTable(panel)
  const { decimals, currency } = report
  const name = useCallback(
    (month: string | null): string => (month === null ? t('loyalty.never') : format.month(month)),
    [format, t],
  )
  const draw = useCallback(
    (drawing: Drawing) =>
      barsPicture({
        drawing,
        format,
        names: sums.map(({ month }) => name(month)),
        series: [
          {
            id: panel,
            name: t('loyalty.points'),
            colour: drawing.scheme === 'light' ? '#364eb5' : '#8999dd',
            values: sums.map(({ minor }) => drawnAmount(minor, decimals)),
          },
        ],
      }),
    [decimals, format, name, panel, sums, t],
  )
  const total = sums.reduce((sum, { minor }) => sum + BigInt(minor), 0n)
  return (
    <Panel
      panel={panel}
      title={title}
      unit={t('loyalty.owedUnit', { currency, total: format.points(total.toString(), decimals) })}
      means={means}
    >
      {sums.length === 0 && <p className="soft">{t('loyalty.nothingOwed')}</p>}
      {sums.length > 0 && !asTable && <Chart label={title} height={PICTURE_HEIGHT} draw={draw} />}
      {sums.length > 0 && asTable && (
        <FigureTable
          caption={title}
          corner={t('loyalty.month')}
          align="right"
          few
          columns={[
            { id: 'points', name: t('loyalty.points') },
            { id: 'lots', name: t('loyalty.lotCount') },
          ]}
          lines={sums.map(({ month, minor, lots }) => ({
            id: month ?? 'never',
            name: name(month),
            cells: { points: { text: format.points(minor, decimals) }, lots: { text: format.count(lots) } },
          }))}
        />
      )}
    </Panel>
  )
}
