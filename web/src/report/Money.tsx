import { useTranslation } from 'react-i18next'
import type { ArmReport } from '../../../src/insights/contract.ts'
import { useFormat, type Format } from '../format/format.ts'
import { negated } from '../format/money.ts'
import { armCells, armColumns, type ArmsProps } from './columns.ts'
import { FigureTable, type Cell } from './FigureTable.tsx'
import { Panel } from './Panel.tsx'

/** The lines of the sum in the order of the sum; what is taken off carries its minus. */
const LINES = [
  { id: 'packageRevenue', cell: (arm, format) => ({ text: format.money(arm.packageRevenueMinor) }) },
  { id: 'payAsYouGo', cell: (arm, format) => ({ text: format.money(arm.payAsYouGoRevenueMinor) }) },
  { id: 'fees', cell: (arm, format) => ({ text: format.money(arm.trustPaymentFeesMinor) }) },
  { id: 'overdue', cell: (arm, format) => ({ text: format.money(negated(arm.overduePrincipalMinor)) }) },
  { id: 'messageCost', cell: (arm, format) => ({ text: format.money(negated(arm.messageCostMinor)) }) },
  { id: 'margin', strong: true, cell: (arm, format) => ({ text: format.money(arm.marginMinor) }) },
  { id: 'perSubscriber', cell: (arm, format) => ({ text: format.average(arm.marginPerSubscriberMinor) }) },
  {
    id: 'revenueDifference',
    cell: ({ packageRevenue }, format) =>
      packageRevenue && { text: format.average(packageRevenue.perSubscriberMinor, { signed: true }) },
  },
  { id: 'points', cell: (arm, format) => ({ text: format.count(arm.pointsAwarded) }) },
] as const satisfies readonly {
  id: string
  strong?: boolean
  cell: (arm: ArmReport, format: Format) => Cell | undefined
}[]

/** The sum that makes the margin, arm beside arm. */
export function MoneyTable({ arms, colours }: ArmsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Panel title={t('money.title')} unit={t('money.unit')} means={t('money.means')}>
      <FigureTable
        caption={t('money.title')}
        corner={t('money.line')}
        align="right"
        columns={armColumns({ arms, colours }, format)}
        lines={LINES.map((line) => ({
          id: line.id,
          name: t(`money.lines.${line.id}`),
          strong: 'strong' in line || undefined,
          cells: armCells(arms, (arm) => line.cell(arm, format)),
        }))}
      />
    </Panel>
  )
}
