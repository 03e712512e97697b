import { Code, Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { paths, type Language } from '../paths.ts'
import { campaignsQuery, type CampaignLine } from '../server.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { useTitle } from '../shell/title.ts'
import styles from './campaigns.module.css'

const KNOWN_STATES = ['draft', 'running', 'paused', 'finished'] as const

/** The way to the reports: straight on when there is one campaign, a list when there are several. */
export function CampaignsPage() {
  const { t, i18n } = useTranslation()
  const { data, error, dataUpdatedAt } = useQuery(campaignsQuery)
  useTitle(t('campaigns.title'))
  if (!data) return error ? <FailureNotice error={error} /> : <Waiting />
  const [first, second] = data
  if (first && !second)
    return <Navigate to={paths.report} params={{ campaignId: first.campaignId }} replace />
  return (
    <div className={styles.page}>
      <h1>{t('campaigns.title')}</h1>
      {first ? <Lines lines={data} language={i18n.language as Language} /> : <NoCampaigns />}
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

function Waiting() {
  return (
    <Stack className={styles.page} gap="xs" aria-busy>
      <Skeleton height={28} width={180} />
      <Skeleton height={56} />
      <Skeleton height={56} />
    </Stack>
  )
}

function Lines({ lines, language }: { lines: CampaignLine[]; language: Language }) {
  const { t } = useTranslation()
  return (
    <ul className={styles.lines}>
      {lines.map(({ campaignId, name, state }) => {
        const known = KNOWN_STATES.find((one) => one === state)
        return (
          <li key={campaignId}>
            <Link to={paths.report} params={{ campaignId }} className={styles.line}>
              <span>{name[language]}</span>
              <span className="soft">{known ? t(`campaigns.state.${known}`) : state}</span>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

function NoCampaigns() {
  const { t } = useTranslation()
  return (
    <div className={styles.none}>
      <h2>{t('campaigns.none')}</h2>
      <p className="soft">{t('campaigns.noneHelp')}</p>
      <Code block>npx tenure apply -f campaign.yaml</Code>
    </div>
  )
}
