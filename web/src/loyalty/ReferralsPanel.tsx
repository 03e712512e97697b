import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type MemberReferralsView, referralWords } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { State, type Tone } from '../shell/State.tsx'
import { useCalled } from './called.ts'
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

function Brought({ brought }: Pick<MemberReferralsView, 'brought'>) {
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

type Grant = MemberReferralsView['rewards'][number]

const TONES: Record<Grant['state'], Tone> = {
  paying: 'under-way',
  granted: 'good',
  refused: 'alarm',
}

function Rewards({ rewards }: Pick<MemberReferralsView, 'rewards'>) {
  const { t } = useTranslation()
  if (rewards.length === 0) return null
  return (
    <>
      <h3 className={styles.part}>{t('loyalty.referralRewards')}</h3>
      <ul className={styles.parts}>
        {rewards.map((one) => (
          <GrantItem key={one.grantId} grant={one}>
            {t('loyalty.referee', { id: one.refereeId })}
          </GrantItem>
        ))}
      </ul>
    </>
  )
}

/** A reward of an invitation: for which side, how it stands, and why it was refused. */
export function GrantItem({ grant, children }: { grant: Grant; children: ReactNode }) {
  const { t } = useTranslation()
  const format = useFormat()
  const called = useCalled()
  const { referralId, rewardId, side, state, reason, at } = grant
  return (
    <li>
      <span className={styles.questHead}>
        <strong>{called('Referral', referralId, rewardId)}</strong>
        <State tone={TONES[state]}>{t(`loyalty.referralState.${state}`)}</State>
      </span>
      <span className="soft">
        {t(`loyalty.referralSide.${side}`)} · {children} · {format.moment(at)}
      </span>
      {reason !== null && <span>{referralWords[reason][format.language]}</span>}
    </li>
  )
}
