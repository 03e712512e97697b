import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { referralWords, type ReferralReason } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { State, type Tone } from '../shell/State.tsx'
import type { ReferralsAnswer } from './answers.ts'
import { memberReferralsQuery } from './queries.ts'
import styles from './loyalty.module.css'

/** Whom a member brought, and what came of it. */
export function ReferralsPanel({ subscriberId, programme }: { subscriberId: number; programme: string }) {
  const { t } = useTranslation()
  const { data } = useQuery(memberReferralsQuery(subscriberId, programme))
  return (
    <Panel
      title={t('loyalty.referrals')}
      unit={data ? t('loyalty.referralCode', { code: data.code }) : t('loyalty.referralsUnit')}
      means={t('loyalty.referralsMeans')}
    >
      {data === undefined && <Skeleton height={120} />}
      {data?.brought.length === 0 && data.rewards.length === 0 && (
        <p className="soft">{t('loyalty.noReferrals')}</p>
      )}
      {data && <Brought brought={data.brought} />}
      {data && <Rewards rewards={data.rewards} />}
    </Panel>
  )
}

function Brought({ brought }: Pick<ReferralsAnswer, 'brought'>) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ul className={styles.parts}>
      {brought.map(({ refereeId, referralId, linkedAt }) => (
        <li key={`${referralId} ${refereeId}`}>
          <Link to={paths.member} search={{ subscriber: refereeId }}>
            {t('loyalty.referee', { id: refereeId })}
          </Link>
          <span className="soft">{t('loyalty.linked', { moment: format.moment(linkedAt) })}</span>
        </li>
      ))}
    </ul>
  )
}

const TONES: Record<ReferralsAnswer['rewards'][number]['state'], Tone> = {
  paying: 'under-way',
  granted: 'good',
  refused: 'alarm',
}

function Rewards({ rewards }: Pick<ReferralsAnswer, 'rewards'>) {
  const { t } = useTranslation()
  const format = useFormat()
  if (rewards.length === 0) return null
  return (
    <>
      <h3 className={styles.part}>{t('loyalty.referralRewards')}</h3>
      <ul className={styles.parts}>
        {rewards.map(({ grantId, rewardId, refereeId, side, state, reason, atMs }) => (
          <li key={grantId}>
            <span className={styles.questHead}>
              <strong>{rewardId}</strong>
              <State tone={TONES[state]}>{t(`loyalty.referralState.${state}`)}</State>
            </span>
            <span className="soft">
              {t(`loyalty.referralSide.${side}`)} · {t('loyalty.referee', { id: refereeId })} ·{' '}
              {format.moment(new Date(atMs).toISOString())}
            </span>
            {reason !== null && (
              <span>{referralWords[reason as ReferralReason]?.[format.language] ?? reason}</span>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
