import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import type { Membership } from './membership.ts'
import { memberExpiryQuery } from './queries.ts'
import member from './member.module.css'

const FIGURES = ['available', 'upcoming', 'pendingIn', 'reserved'] as const

/** What a member has, what comes, and what expires when. */
export function BalancePanel({ subscriberId, membership }: { subscriberId: number; membership: Membership }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { decimals, balance } = membership
  const { data } = useQuery(memberExpiryQuery(subscriberId))
  const expiry = data?.find((one) => one.programme === membership.programme)
  const points = (minor: string): string => format.points(minor, decimals)
  return (
    <Panel title={t('loyalty.balance')} unit={t('loyalty.balanceUnit')} means={t('loyalty.balanceMeans')}>
      <dl className={member.balance}>
        {FIGURES.map((figure) => (
          <div key={figure} data-figure={figure}>
            <dt>{t(`loyalty.balanceOf.${figure}`)}</dt>
            <dd>{points(membership[figure])}</dd>
          </div>
        ))}
        {balance.startsWith('-') && (
          <div data-figure="debt">
            <dt>{t('loyalty.balanceOf.debt')}</dt>
            <dd data-alarm>{points(balance.slice(1))}</dd>
          </div>
        )}
      </dl>
      {expiry && (
        <>
          <p className={member.policy}>{expiry.policy.text[format.language]}</p>
          {expiry.expires.length > 0 && (
            <FigureTable
              caption={t('loyalty.expires')}
              corner={t('loyalty.expiresOn')}
              align="right"
              few
              columns={[{ id: 'points', name: t('loyalty.points') }]}
              lines={[
                ...expiry.expires.map(({ on, amountMinor }) => ({
                  id: on,
                  name: <time dateTime={on}>{format.date(on)}</time>,
                  cells: { points: { text: points(amountMinor) } },
                })),
                ...(expiry.lastingMinor === '0'
                  ? []
                  : [
                      {
                        id: 'never',
                        name: t('loyalty.never'),
                        cells: { points: { text: points(expiry.lastingMinor) } },
                      },
                    ]),
              ]}
            />
          )}
        </>
      )}
    </Panel>
  )
}
