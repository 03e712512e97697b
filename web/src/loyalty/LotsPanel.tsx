import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import { accountOf, type Membership } from './membership.ts'
import { lotsQuery } from './queries.ts'

/** What the balance is made of: lots in the order in which they are spent. */
export function LotsPanel({ membership }: { membership: Membership }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(lotsQuery(accountOf(membership)))
  return (
    <Panel title={t('loyalty.lots')} unit={t('loyalty.lotsUnit')} means={t('loyalty.lotsMeans')}>
      {data === undefined && <Skeleton height={120} />}
      {data?.length === 0 && <p className="soft">{t('loyalty.noLots')}</p>}
      {data !== undefined && data.length > 0 && (
        <FigureTable
          caption={t('loyalty.lots')}
          corner={t('loyalty.lotColumn.earned')}
          align="right"
          columns={(['left', 'from', 'expires'] as const).map((id) => ({
            id,
            name: t(`loyalty.lotColumn.${id}`),
          }))}
          lines={data.map(({ lotId, remainingMinor, earnedAt, availableFrom, expiresAt }) => ({
            id: lotId,
            name: <time dateTime={earnedAt}>{format.moment(earnedAt)}</time>,
            cells: {
              left: { text: format.points(remainingMinor, membership.decimals) },
              from: { text: format.moment(availableFrom) },
              expires: { text: expiresAt === undefined ? t('loyalty.never') : format.moment(expiresAt) },
            },
          }))}
        />
      )}
    </Panel>
  )
}
