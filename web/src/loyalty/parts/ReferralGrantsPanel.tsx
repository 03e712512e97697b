import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { ReferralRefusalsView, ReferralRewardsView } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { GrantItem } from '../ReferralsPanel.tsx'
import { useGift } from './gains.ts'
import { referralGrantsQuery } from './queries.ts'
import styles from '../loyalty.module.css'

type ReferralGrantsProps = { referralId: string; decimals: number }

/** What invitations gave lately, and which codes gave nothing and why. */
export function ReferralGrantsPanel({ referralId, decimals }: ReferralGrantsProps) {
  const { t } = useTranslation()
  const { data } = useQuery(referralGrantsQuery(referralId))
  return (
    <Panel title={t('loyalty.grants')} unit={t('loyalty.grantsUnit')} means={t('loyalty.grantsMeans')}>
      {data === undefined ? (
        <Skeleton height={160} />
      ) : (
        <div className={styles.pair}>
          <Grants rewards={data.rewards} decimals={decimals} />
          <Refusals refusals={data.refusals} />
        </div>
      )}
    </Panel>
  )
}

function Grants({ rewards, decimals }: Pick<ReferralRewardsView, 'rewards'> & { decimals: number }) {
  const { t } = useTranslation()
  const gift = useGift(decimals)
  if (rewards.length === 0) return <p className="soft">{t('loyalty.noGrants')}</p>
  return (
    <ul className={styles.parts} aria-label={t('loyalty.referralRewards')}>
      {rewards.map((one) => (
        <GrantItem key={one.grantId} grant={one}>
          <Link to={paths.member} search={{ subscriber: one.beneficiaryId }}>
            {t('loyalty.referee', { id: one.beneficiaryId })}
          </Link>
          {' · '}
          {gift(one.what)}
        </GrantItem>
      ))}
    </ul>
  )
}

function Refusals({ refusals }: Pick<ReferralRefusalsView, 'refusals'>) {
  const { t } = useTranslation()
  const format = useFormat()
  if (refusals.length === 0) return <p className="soft">{t('loyalty.noRefusals')}</p>
  return (
    <ul className={styles.parts} aria-label={t('loyalty.refusals')}>
      {refusals.map(({ refusalId, refereeId, words, at }) => (
        <li key={refusalId}>
          <Link to={paths.member} search={{ subscriber: refereeId }}>
            {t('loyalty.referee', { id: refereeId })}
          </Link>
          <span>{words[format.language]}</span>
          <span className="soft">{format.moment(at)}</span>
        </li>
      ))}
    </ul>
  )
}
