import { useComputedColorScheme } from '@mantine/core'
import { useCallback, type CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiabilityView } from '../../../src/loyalty/contract.ts'
import { barsPicture } from '../chart/bars.ts'
import { Chart, type Drawing } from '../chart/Chart.tsx'
import { useFormat } from '../format/format.ts'
import { drawnAmount } from '../report/figures.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel, useAsTable } from '../report/Panel.tsx'
import { seriesColour } from '../theme.ts'
import { PICTURE_HEIGHT } from './OwedPanels.tsx'
import reports from '../report/page.module.css'

type ReportProps = { report: LiabilityView }

/** Those that are drawn; the table has them all. */
const DRAWN = ['issued', 'redeemed', 'expired', 'returned'] as const
const FLOWS = [
  'issued',
  'received',
  'refunded',
  'restored',
  'redeemed',
  'returned',
  'expired',
  'forfeited',
  'sent',
  'balance',
] as const

/** What was given and what became of it, month by month. */
export function FlowsPanel({ report }: ReportProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const asTable = useAsTable('flows')
  const scheme = useComputedColorScheme('light')
  const { months, decimals } = report
  const draw = useCallback(
    (drawing: Drawing) =>
      barsPicture({
        drawing,
        format,
        names: months.map(({ month }) => format.month(month)),
        series: DRAWN.map((flow, index) => ({
          id: flow,
          name: t(`loyalty.flow.${flow}`),
          colour: seriesColour(drawing.scheme, index),
          values: months.map((one) => drawnAmount(one[flow], decimals)),
        })),
      }),
    [decimals, format, months, t],
  )
  return (
    <Panel
      panel="flows"
      title={t('loyalty.flows')}
      unit={t('loyalty.flowsUnit', { currency: report.currency })}
      means={t('loyalty.flowsMeans')}
    >
      {months.length === 0 && <p className="soft">{t('loyalty.nothingYet')}</p>}
      {months.length > 0 && !asTable && (
        <>
          <ul className={reports.legend}>
            {DRAWN.map((flow, index) => (
              <li key={flow}>
                <span
                  className={reports.swatch}
                  style={{ background: seriesColour(scheme, index) } as CSSProperties}
                />
                {t(`loyalty.flow.${flow}`)}
              </li>
            ))}
          </ul>
          <Chart label={t('loyalty.flows')} height={PICTURE_HEIGHT} draw={draw} />
        </>
      )}
      {months.length > 0 && asTable && (
        <FigureTable
          caption={t('loyalty.flows')}
          corner={t('loyalty.month')}
          align="right"
          dense
          columns={FLOWS.map((flow) => ({ id: flow, name: t(`loyalty.flow.${flow}`) }))}
          lines={months.map((one) => ({
            id: one.month,
            name: format.month(one.month),
            cells: Object.fromEntries(
              FLOWS.map((flow) => [flow, { text: format.points(one[flow], decimals) }]),
            ),
          }))}
        />
      )}
    </Panel>
  )
}

/** What redeemed points cost, month by month. */
export function CostPanel({ report }: ReportProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const asTable = useAsTable('cost')
  const { months, cost } = report
  const draw = useCallback(
    (drawing: Drawing) =>
      barsPicture({
        drawing,
        format,
        names: months.map(({ month }) => format.month(month)),
        series: [
          {
            id: 'cost',
            name: t('loyalty.cost'),
            colour: seriesColour(drawing.scheme, 2),
            values: months.map(({ costMinor }) =>
              drawnAmount(costMinor ?? '0', format.minorDigits(cost?.currency ?? 'XXX')),
            ),
          },
        ],
      }),
    [cost, format, months, t],
  )
  if (cost === null)
    return (
      <Panel title={t('loyalty.cost')} unit={t('loyalty.noCost')} means={t('loyalty.costMeans')}>
        <p className="soft">{t('loyalty.noCostHelp', { programme: report.programme })}</p>
      </Panel>
    )
  return (
    <Panel
      panel="cost"
      title={t('loyalty.cost')}
      unit={t('loyalty.costUnit', { currency: cost.currency, perPoint: format.decimal(cost.perPoint) })}
      means={t('loyalty.costMeans')}
    >
      {asTable ? (
        <FigureTable
          caption={t('loyalty.cost')}
          corner={t('loyalty.month')}
          align="right"
          few
          columns={[{ id: 'cost', name: t('loyalty.cost') }]}
          lines={months.map(({ month, costMinor }) => ({
            id: month,
            name: format.month(month),
            cells: { cost: { text: costMinor === null ? '—' : format.moneyIn(costMinor, cost.currency) } },
          }))}
        />
      ) : (
        <Chart label={t('loyalty.cost')} height={PICTURE_HEIGHT} draw={draw} />
      )}
    </Panel>
  )
}
