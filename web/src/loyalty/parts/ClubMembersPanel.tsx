import { SegmentedControl, Skeleton } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClubMembersView } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { MoreButton } from '../MoreButton.tsx'
import { clubMembersQuery, clubsQuery, type ClubState } from './queries.ts'
import styles from '../loyalty.module.css'

const STATES: readonly ClubState[] = ['active', 'left', 'lapsed']

/** Who is in a club, until when they have paid, and who was and why no more. */
export function ClubMembersPanel({ clubId }: { clubId: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [state, setState] = useState<ClubState>('active')
  const { data: clubs } = useQuery(clubsQuery)
  const pages = useInfiniteQuery(clubMembersQuery(clubId, state))
  const counts = clubs?.find(({ club }) => club === clubId)?.members
  const members = pages.data?.pages.flatMap((page) => page.members)
  return (
    <Panel
      title={t('loyalty.clubMembers')}
      unit={t('loyalty.clubMembersUnit')}
      means={t('loyalty.clubMembersMeans')}
    >
      <SegmentedControl
        className={styles.switch!}
        aria-label={t('loyalty.clubMembers')}
        size="sm"
        value={state}
        onChange={(value) => setState(STATES.find((one) => one === value) ?? 'active')}
        data={STATES.map((one) => ({
          value: one,
          label: `${t(`loyalty.clubState.${one}`)} ${format.count(counts?.[one] ?? 0)}`,
        }))}
      />
      {members === undefined && <Skeleton height={120} />}
      {members?.length === 0 && <p className="soft">{t('loyalty.noClubMembers')}</p>}
      <ul className={styles.parts} data-testid="club-members">
        {members?.map((one) => (
          <ClubMember key={one.subscriberId} one={one} />
        ))}
      </ul>
      {pages.hasNextPage && <MoreButton act={t('loyalty.more')} pages={pages} />}
    </Panel>
  )
}

function ClubMember({ one }: { one: ClubMembersView['members'][number] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { subscriberId, state, text } = one
  return (
    <li>
      <Link to={paths.member} search={{ subscriber: subscriberId }}>
        {t('loyalty.referee', { id: subscriberId })}
      </Link>
      <span className="soft">
        <ClubTimes {...one} />
        {state !== 'active' && ` · ${text[format.language]}`}
      </span>
    </li>
  )
}

type ClubTimesProps = Pick<ClubMembersView['members'][number], 'joinedAt' | 'paidUntil' | 'endedAt'>

/** Since when somebody is in a club, until when they have paid, and when it ended. */
export function ClubTimes({ joinedAt, paidUntil, endedAt }: ClubTimesProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      {t('loyalty.memberSince', { moment: format.moment(joinedAt) })}
      {paidUntil !== null && ` · ${t('loyalty.paidUntil', { moment: format.moment(paidUntil) })}`}
      {endedAt !== null && ` · ${t('loyalty.memberEnded', { moment: format.moment(endedAt) })}`}
    </>
  )
}
