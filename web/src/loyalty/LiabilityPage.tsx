import { SegmentedControl, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { MAIN_PROGRAMME, type LiabilityView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { State } from '../shell/State.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { CostPanel, FlowsPanel } from './FlowPanels.tsx'
import { OwedByAge, OwedByExpiry } from './OwedPanels.tsx'
import { CohortPanel, OtherSidePanel } from './OwedTables.tsx'
import { liabilityQuery, programmesQuery } from './queries.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

/** What is owed to members, how old it is, when it expires, and what the programme costs. */
export function LiabilityPage() {
  const { t } = useTranslation()
  useTitle(t('loyalty.liability'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('loyalty.loading')}>
      <Skeleton height={28} width={220} />
      {[64, 340, 340].map((height, index) => (
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Waiting>
  )
}

function Place() {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate({ from: paths.liability })
  const { programme } = useSearch({ from: paths.liability })
  const { data, error } = useQuery(programmesQuery)
  if (!data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  const asked = programme ?? MAIN_PROGRAMME
  const shown = data.find((one) => one.programme.id === asked) ?? data[0]
  return (
    <div className={page.page}>
      <div className={page.heading}>
        <div>
          <h1>{t('loyalty.liability')}</h1>
          <p className={page.unit}>{t('loyalty.liabilityUnit')}</p>
        </div>
        {data.length > 1 && shown && (
          <SegmentedControl
            className={styles.switch!}
            aria-label={t('loyalty.programme')}
            value={shown.programme.id}
            onChange={(value) =>
              void navigate({
                search: (now) => ({ ...now, programme: value }),
                replace: true,
                resetScroll: false,
              })
            }
            data={data.map((one) => ({ value: one.programme.id, label: format.name(one.programme.name) }))}
          />
        )}
      </div>
      {shown ? (
        <Report key={shown.programme.id} programmeId={shown.programme.id} />
      ) : (
        <section className={page.empty}>
          <h2>{t('loyalty.noProgramme')}</h2>
          <p className="soft">{t('loyalty.noProgrammeHelp')}</p>
        </section>
      )}
    </div>
  )
}

function Report({ programmeId }: { programmeId: string }) {
  const { data, error, dataUpdatedAt } = useQuery(liabilityQuery(programmeId))
  if (!data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  return (
    <>
      <Totals report={data} />
      <div className={styles.pair}>
        <OwedByAge report={data} />
        <OwedByExpiry report={data} />
      </div>
      <FlowsPanel report={data} />
      <div className={styles.pair}>
        <CostPanel report={data} />
        <OtherSidePanel report={data} />
      </div>
      <CohortPanel report={data} />
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </>
  )
}

const TOTALS = ['owed', 'cost', 'breakage', 'reserved', 'debt', 'accounts'] as const

function Totals({ report }: { report: LiabilityView }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { held, cost, expected, decimals, agrees } = report
  const points = (minor: string): string => format.points(minor, decimals)
  const figures = {
    owed: points(held.balanceMinor),
    cost:
      cost === null || held.costMinor === null
        ? t('loyalty.noCost')
        : format.moneyIn(held.costMinor, cost.currency),
    breakage: expected.basis === 'unknown' ? '—' : points(expected.breakageMinor),
    reserved: points(held.reservedMinor),
    debt: points(held.debtMinor),
    accounts: format.count(held.accounts),
  }
  return (
    <div>
      <dl className={`${page.totals} ${styles.totals}`} aria-label={t('loyalty.liability')}>
        {TOTALS.map((total) => (
          <div key={total} data-figure={total}>
            <dt>{t(`loyalty.liabilityOf.${total}`)}</dt>
            <dd>{figures[total]}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.basis}>
        <State tone={agrees ? 'good' : 'under-way'}>
          {t(agrees ? 'loyalty.agrees' : 'loyalty.addingUp')}
        </State>
        <span className="soft">{t(`loyalty.basis.${expected.basis}`)}</span>
      </p>
    </div>
  )
}
