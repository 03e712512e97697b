import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import type { MemberLadder } from './membership.ts'
import { OverrideTier } from './OverrideTier.tsx'
import { memberTiersQuery, tierHistoryQuery } from './queries.ts'
import styles from './loyalty.module.css'
import member from './member.module.css'

type MemberTiersProps = { subscriberId: number; programme: string; isActive: boolean }

/** Where a member stands on each ladder, what is missing, and how they came there. */
export function MemberTiers({ subscriberId, programme, isActive }: MemberTiersProps) {
  const { t } = useTranslation()
  const { data } = useQuery(memberTiersQuery(subscriberId))
  const ladders = data?.filter((one) => one.programme === programme)
  return (
    <Panel title={t('loyalty.tier')} unit={t('loyalty.tierUnit')} means={t('loyalty.tierMeans')}>
      {ladders === undefined && <Skeleton height={180} />}
      {ladders?.length === 0 && <p className="soft">{t('loyalty.noLadders')}</p>}
      {ladders?.map((ladder) => (
        <section key={ladder.ladder} className={member.memberLadder} aria-label={ladder.ladder}>
          <Standing ladder={ladder} />
          {isActive && <OverrideTier subscriberId={subscriberId} ladder={ladder} />}
          <Moves subscriberId={subscriberId} ladder={ladder} />
        </section>
      ))}
    </Panel>
  )
}

function Standing({ ladder }: { ladder: MemberLadder }) {
  const { t } = useTranslation()
  const format = useFormat()
  const present = ladder.tiers.find(({ id }) => id === ladder.tier)
  return (
    <>
      <p className={member.tierNow}>
        <strong>{present ? format.name(present.name) : t('loyalty.noTier')}</strong>
        <span className="soft">
          {format.name(ladder.name)}
          {ladder.since !== null && ` · ${t('loyalty.tierSince', { moment: format.moment(ladder.since) })}`}
        </span>
      </p>
      <ol className={member.progress} aria-label={t('loyalty.tiers')}>
        {ladder.tiers.map((tier) => (
          <li key={tier.id} data-state={tier.state} aria-current={tier.state === 'present' || undefined}>
            <span>{format.name(tier.name)}</span>
            {tier.on !== undefined && <span className="soft">{format.date(tier.on.slice(0, 10))}</span>}
          </li>
        ))}
      </ol>
      {ladder.override !== null && (
        <p className={styles.note}>
          {ladder.override.until === null
            ? t('loyalty.overriddenForGood', { reason: ladder.override.reason })
            : t('loyalty.overridden', {
                reason: ladder.override.reason,
                until: format.moment(ladder.override.until),
              })}
        </p>
      )}
      {ladder.next !== null && <p>{ladder.next.text[format.language]}</p>}
      {ladder.keep !== null && <p>{ladder.keep.text[format.language]}</p>}
    </>
  )
}

function Moves({ subscriberId, ladder }: { subscriberId: number; ladder: MemberLadder }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(tierHistoryQuery(subscriberId, ladder.ladder))
  if (!data || data.length === 0) return null
  const nameOf = (id: string | null): string =>
    format.name(ladder.tiers.find((tier) => tier.id === id)?.name ?? { en: '—', ru: '—', uk: '—' })
  return (
    <details>
      <summary>{t('loyalty.moves')}</summary>
      <ul className={member.moves}>
        {data.map(({ at, former, tier, text }) => (
          <li key={`${at} ${tier}`}>
            <time dateTime={at}>{format.moment(at)}</time>
            <span>
              {nameOf(former)} › <strong>{nameOf(tier)}</strong>
            </span>
            <span className="soft">{text[format.language]}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
