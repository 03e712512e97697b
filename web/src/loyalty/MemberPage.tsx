import { SegmentedControl, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { State } from '../shell/State.tsx'
import { TenantPage } from '../shell/TenantPage.tsx'
import { SubscriberSearch } from '../subscriber-messages/SubscriberSearch.tsx'
import { BalancePanel } from './BalancePanel.tsx'
import { CorrectPoints } from './CorrectPoints.tsx'
import { HistoryPanel } from './HistoryPanel.tsx'
import { LotsPanel } from './LotsPanel.tsx'
import { shownOf, type Membership } from './membership.ts'
import { MemberTiers } from './MemberTiers.tsx'
import { MemberCases } from './MemberCases.tsx'
import { MemberClubs } from './MemberClubs.tsx'
import { MemberRounds } from './MemberRounds.tsx'
import { PlayPanel } from './PlayPanel.tsx'
import { membershipsQuery } from './queries.ts'
import { RedemptionsPanel } from './RedemptionsPanel.tsx'
import { ReferralsPanel } from './ReferralsPanel.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

/** One member: what they have, what comes and what goes, and why. */
export function MemberPage() {
  const { t } = useTranslation()
  return (
    <TenantPage title={t('loyalty.member')} loading={t('loyalty.loading')}>
      <Place />
    </TenantPage>
  )
}

function Place() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.member })
  const { subscriber } = useSearch({ from: paths.member })
  return (
    <div className={page.page}>
      <div>
        <h1>{t('loyalty.member')}</h1>
        <p className={page.unit}>{t('loyalty.memberUnit')}</p>
      </div>
      <div className={styles.search}>
        <SubscriberSearch
          shown={subscriber}
          act={t('loyalty.show')}
          found={({ subscriberId }) =>
            void navigate({ search: (now) => ({ ...now, subscriber: subscriberId, event: undefined }) })
          }
        />
      </div>
      {subscriber === undefined ? (
        <section className={page.empty}>
          <h2>{t('loyalty.whose')}</h2>
          <p className="soft">{t('loyalty.whoseHelp')}</p>
        </section>
      ) : (
        <Memberships key={subscriber} subscriberId={subscriber} />
      )}
    </div>
  )
}

function Memberships({ subscriberId }: { subscriberId: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate({ from: paths.member })
  const { programme } = useSearch({ from: paths.member })
  const { data, error, dataUpdatedAt } = useQuery(membershipsQuery(subscriberId))
  if (!data) return error ? <FailureNotice error={error} /> : <Skeleton height={480} radius="md" />
  const shown = shownOf(data, programme)
  if (!shown)
    return (
      <section className={page.empty}>
        <h2>{t('loyalty.noMember', { id: subscriberId })}</h2>
        <p className="soft">{t('loyalty.noMemberHelp')}</p>
      </section>
    )
  return (
    <>
      {data.length > 1 && (
        <SegmentedControl
          className={styles.switch!}
          aria-label={t('loyalty.programme')}
          value={shown.programme}
          onChange={(value) =>
            void navigate({
              search: (now) => ({ ...now, programme: value }),
              replace: true,
              resetScroll: false,
            })
          }
          data={data.map((one) => ({ value: one.programme, label: format.name(one.name) }))}
        />
      )}
      <Membership key={shown.programme} subscriberId={subscriberId} membership={shown} />
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </>
  )
}

function Membership({ subscriberId, membership }: { subscriberId: number; membership: Membership }) {
  const isActive = membership.state === 'active'
  return (
    <>
      <Head subscriberId={subscriberId} membership={membership} />
      <div className={styles.pair}>
        <BalancePanel subscriberId={subscriberId} membership={membership} />
        <MemberTiers subscriberId={subscriberId} programme={membership.programme} isActive={isActive} />
      </div>
      <HistoryPanel subscriberId={subscriberId} programme={membership.programme} />
      <div className={styles.pair}>
        <div className={styles.stack}>
          {isActive && <PlayPanel subscriberId={subscriberId} programme={membership.programme} />}
          <RedemptionsPanel
            programmes={[{ id: membership.programme, decimals: membership.decimals }]}
            subscriberId={subscriberId}
          />
          <MemberCases subscriberId={subscriberId} membership={membership} />
        </div>
        <div className={styles.stack}>
          {isActive && <ReferralsPanel subscriberId={subscriberId} programme={membership.programme} />}
          <MemberClubs subscriberId={subscriberId} membership={membership} />
          <MemberRounds subscriberId={subscriberId} />
        </div>
      </div>
      <LotsPanel membership={membership} />
    </>
  )
}

function Head({ subscriberId, membership }: { subscriberId: number; membership: Membership }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { state, enrolledAt, endedAt, household, sharesBalance, name } = membership
  return (
    <div className={page.heading}>
      <div>
        <h2>{t('loyalty.memberIn', { id: subscriberId, programme: format.name(name) })}</h2>
        <p className={page.names}>
          <State tone={state === 'active' ? 'good' : 'quiet'}>{t(`loyalty.memberState.${state}`)}</State>
          <span>{t('loyalty.memberSince', { moment: format.moment(enrolledAt) })}</span>
          {endedAt !== null && <span>{t('loyalty.memberEnded', { moment: format.moment(endedAt) })}</span>}
          {household !== null && (
            <span>
              {t(sharesBalance ? 'loyalty.householdShares' : 'loyalty.household', { id: household })}
            </span>
          )}
        </p>
      </div>
      {state === 'active' && (
        <div className={page.acts}>
          <CorrectPoints subscriberId={subscriberId} membership={membership} />
        </div>
      )}
    </div>
  )
}
