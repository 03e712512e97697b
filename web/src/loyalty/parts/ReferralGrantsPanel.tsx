import { Skeleton } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { FailureNotice } from '../../shell/Failures.tsx'
import { OlderButton } from '../MoreButton.tsx'
import { GrantItem } from '../ReferralsPanel.tsx'
import { useGift } from './gains.ts'
import { referralGrantsQuery, referralRefusalsQuery } from './queries.ts'
import styles from '../loyalty.module.css'

type ReferralGrantsProps = { referralId: string; decimals: number }

/** What invitations gave lately, and which codes gave nothing and why. */
export function ReferralGrantsPanel(props: ReferralGrantsProps) {
  const { t } = useTranslation()
  return (
    <Panel title={t('loyalty.grants')} unit={t('loyalty.grantsUnit')} means={t('loyalty.grantsMeans')}>
      <div className={styles.pair}>
        <div>
          <h3>{t('loyalty.referralRewards')}</h3>
          <Grants {...props} />
        </div>
        <div>
          <h3>{t('loyalty.refusals')}</h3>
          <Refusals {...props} />
        </div>
      </div>
    </Panel>
  )
}

function Grants({ referralId, decimals }: ReferralGrantsProps) {
  const { t } = useTranslation()
  const gift = useGift(decimals)
  const pages = useInfiniteQuery(referralGrantsQuery(referralId))
  const rewards = pages.data?.pages.flatMap((page) => page.rewards)
  if (!rewards) return pages.error ? <FailureNotice error={pages.error} /> : <Skeleton height={160} />
  if (rewards.length === 0) return <p className="soft">{t('loyalty.noGrants')}</p>
  return (
    <>
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
      <OlderButton pages={pages} shown={rewards.length} />
    </>
  )
}

function Refusals({ referralId }: ReferralGrantsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const pages = useInfiniteQuery(referralRefusalsQuery(referralId))
  const refusals = pages.data?.pages.flatMap((page) => page.refusals)
  if (!refusals) return pages.error ? <FailureNotice error={pages.error} /> : <Skeleton height={160} />
  if (refusals.length === 0) return <p className="soft">{t('loyalty.noRefusals')}</p>
  return (
    <>
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
      <OlderButton pages={pages} shown={refusals.length} />
    </>
  )
}
