import { Code, Skeleton, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignReport } from '../../../src/insights/contract.ts'
import { FormatContext, makeFormat, useFormat } from '../format/format.ts'
import { reportQuery, type LiveReport } from '../server.ts'
import { calls, type Language } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { armColours } from '../theme.ts'
import { Cascade } from './Cascade.tsx'
import { Days } from './Days.tsx'
import { Funnel } from './Funnel.tsx'
import { Headline } from './Headline.tsx'
import { MoneyTable } from './Money.tsx'
import { Packages } from './Packages.tsx'
import { Refusals } from './Refusals.tsx'
import { Totals } from './Totals.tsx'
import page from '../shell/page.module.css'
import styles from './page.module.css'

/** A campaign's live report: did it pay, and then why. */
export function ReportPage({ campaignId }: { campaignId: string }) {
  const { data, error, dataUpdatedAt } = useQuery(reportQuery(campaignId))
  if (!data) return error ? <FailureNotice error={error} /> : <PageWaiting />
  return (
    <>
      <Report live={data} connected={!error} />
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </>
  )
}

function Report({ live, connected }: { live: LiveReport; connected: boolean }) {
  const { i18n } = useTranslation()
  const { report, moving } = live
  const { currency, currencyDecimals, timeZone, arms } = report
  const language = i18n.language as Language
  const format = useMemo(
    () => makeFormat(language, { currency, currencyDecimals, timeZone }),
    [language, currency, currencyDecimals, timeZone],
  )
  const scheme = useComputedColorScheme('light')
  const colours = useMemo(() => armColours(arms, scheme), [arms, scheme])
  const title = format.name(report.name)
  useTitle(title)
  const enrolled = arms.some((arm) => arm.enrolled > 0)
  return (
    <FormatContext value={format}>
      <div className={page.page}>
        <Heading report={report} moving={moving && connected} />
        <Totals totals={report.totals} />
        {enrolled ? (
          <>
            <Headline arms={arms} colours={colours} />
            <Funnel arms={arms} colours={colours} />
            <Cascade arms={arms} colours={colours} />
            <MoneyTable arms={arms} colours={colours} />
            <Packages arms={arms} colours={colours} />
            <Days arms={arms} colours={colours} days={report.days} />
            <Refusals arms={arms} colours={colours} refusals={report.refusals} />
          </>
        ) : (
          <NoOneEnrolled />
        )}
      </div>
    </FormatContext>
  )
}

function Heading({ report, moving }: { report: CampaignReport; moving: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className={page.headingWithFacts}>
      <h1>{format.name(report.name)}</h1>
      <p className={page.facts}>
        <span className={`${page.pulse} ${styles.pulse}`} data-moving={moving || undefined}>
          {t(moving ? 'report.live' : 'report.standing')}
        </span>
        <span>{t('report.version', { version: format.count(report.version) })}</span>
        <time dateTime={report.asOf}>
          {t('report.asOf', { moment: format.moment(report.asOf), zone: report.timeZone })}
        </time>
      </p>
    </div>
  )
}

function NoOneEnrolled() {
  const { t } = useTranslation()
  return (
    <section className={`${page.empty} ${styles.empty}`}>
      <h2>{t('empty.title')}</h2>
      <p className="soft">{t('empty.help')}</p>
      <dl>
        <dt>{t('empty.sendEvents')}</dt>
        <dd>
          <Code>POST {calls.events}</Code>
        </dd>
        <dt>{t('empty.playMonth')}</dt>
        <dd>
          <Code>npm run demo</Code>
        </dd>
      </dl>
    </section>
  )
}

/** Stands where the report will stand, with the heights that it will have. */
function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('report.loading')}>
      <Skeleton height={28} width="min(420px, 100%)" />
      {[styles.waitingTotals, styles.waitingHeadline, styles.waitingPanel].map((place) => (
        <div key={place} className={place}>
          <Skeleton height="100%" radius="md" />
        </div>
      ))}
    </Waiting>
  )
}
