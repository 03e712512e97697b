import { useTranslation } from 'react-i18next'
import type { LiabilityView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'

/** What the programme's own accounts are for. */
type Purpose = 'liability' | 'breakage' | 'expense' | 'clearing' | 'partner' | 'revenue'

type ReportProps = { report: LiabilityView }

/** The programme's own accounts: together with what members hold they are nothing. */
export function OtherSidePanel({ report }: ReportProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { otherSide, held, decimals, currency } = report
  const points = (minor: string): string => format.points(minor, decimals)
  return (
    <Panel
      title={t('loyalty.otherSide')}
      unit={t('loyalty.otherSideUnit', { currency })}
      means={t('loyalty.otherSideMeans')}
    >
      <FigureTable
        caption={t('loyalty.otherSide')}
        corner={t('loyalty.account')}
        align="right"
        few
        columns={[{ id: 'balance', name: t('loyalty.points') }]}
        lines={[
          ...otherSide.map(({ purpose, balanceMinor }) => ({
            id: purpose,
            name: t(`loyalty.purpose.${purpose as Purpose}`),
            cells: { balance: { text: points(balanceMinor) } },
          })),
          {
            id: 'member',
            name: t('loyalty.purpose.member'),
            cells: { balance: { text: points(held.balanceMinor) } },
          },
          {
            id: 'sum',
            name: t('loyalty.sum'),
            strong: true,
            cells: { balance: { text: points(sumOf(report).toString()) } },
          },
        ]}
      />
    </Panel>
  )
}

const sumOf = ({ otherSide, held }: LiabilityView): bigint =>
  otherSide.reduce((sum, { balanceMinor }) => sum + BigInt(balanceMinor), BigInt(held.balanceMinor))

const COLUMNS = ['issued', 'spent', 'returned', 'expired', 'share', 'left', 'chance'] as const

/** What became of the points of each month, and how likely the rest is to expire. */
export function CohortPanel({ report }: ReportProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { cohorts, expected, decimals } = report
  const points = (minor: string): string => format.points(minor, decimals)
  return (
    <Panel
      title={t('loyalty.cohorts')}
      unit={t(`loyalty.basis.${expected.basis}`)}
      means={t('loyalty.cohortsMeans')}
    >
      {cohorts.length === 0 && <p className="soft">{t('loyalty.nothingYet')}</p>}
      {cohorts.length > 0 && (
        <FigureTable
          caption={t('loyalty.cohorts')}
          corner={t('loyalty.earnedIn')}
          align="right"
          dense
          columns={COLUMNS.map((id) => ({ id, name: t(`loyalty.cohort.${id}`) }))}
          lines={cohorts.map(({ earnedMonth, issued, spent, returned, expired, expiredShare }) => {
            const left = expected.byAge.find((one) => one.earnedMonth === earnedMonth)
            return {
              id: earnedMonth,
              name: format.month(earnedMonth),
              cells: {
                issued: { text: points(issued) },
                spent: { text: points(spent) },
                returned: { text: points(returned) },
                expired: { text: points(expired) },
                share: { text: expiredShare === null ? '—' : format.share(expiredShare, 1) },
                left: { text: left ? points(left.outstandingMinor) : '0' },
                chance: { text: left && expected.basis !== 'unknown' ? format.share(left.chance, 1) : '—' },
              },
            }
          })}
        />
      )}
    </Panel>
  )
}
