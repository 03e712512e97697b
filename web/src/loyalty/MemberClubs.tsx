import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { MemberClubsView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { State, type Tone } from '../shell/State.tsx'
import type { Membership } from './membership.ts'
import { ClubTimes } from './parts/ClubMembersPanel.tsx'
import type { ClubState } from './parts/queries.ts'
import { memberClubsQuery } from './queries.ts'
import styles from './loyalty.module.css'

type MemberClubsProps = { subscriberId: number; membership: Membership }

/** The clubs of the programme: where the member is in, and what keeps them out of the others. */
export function MemberClubs({ subscriberId, membership }: MemberClubsProps) {
  const { t } = useTranslation()
  const { data } = useQuery(memberClubsQuery(subscriberId, membership.programme))
  return (
    <Panel title={t('loyalty.ownClubs')} unit={t('loyalty.ownClubsUnit')} means={t('loyalty.ownClubsMeans')}>
      {data === undefined && <Skeleton height={80} />}
      {(data === null || data?.length === 0) && <p className="soft">{t('loyalty.noOwnClubs')}</p>}
      <ul className={styles.parts}>
        {data?.map((one) => (
          <OneClub key={one.club} one={one} />
        ))}
      </ul>
    </Panel>
  )
}

const TONES: Record<ClubState, Tone> = { active: 'good', left: 'quiet', lapsed: 'quiet' }

function OneClub({ one: { club, name, membership, text } }: { one: MemberClubsView['clubs'][number] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const state = membership?.state
  return (
    <li data-club={club}>
      <span className={styles.questHead}>
        <Link to={paths.part} params={{ kind: 'Club', partId: club }}>
          {format.name(name)}
        </Link>
        <State tone={state && TONES[state]}>
          {state === undefined ? t('loyalty.notInClub') : t(`loyalty.inClub.${state}`)}
        </State>
      </span>
      {membership && (
        <span className="soft">
          <ClubTimes {...membership} />
        </span>
      )}
      {text !== null && <span className="soft">{text[format.language]}</span>}
    </li>
  )
}
