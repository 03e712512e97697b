import { Skeleton, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { CascadeConversion } from '../../../src/insights/contract.ts'
import type { CascadeReport } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { FigureTable, type Cell } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import { SavedTrack } from '../report/SavedTrack.tsx'
import { FailureNotice } from '../shell/Failures.tsx'
import { channelName } from '../templates/channels.ts'
import { seriesColour } from '../theme.ts'
import { cascadeConversionQuery, cascadeReportQuery } from './queries.ts'
import tracks from '../report/cascade.module.css'
import styles from './cascades.module.css'

/** What the cascade did in the last 30 days, and what it cost against SMS alone. */
export function ReportPanel({ cascadeId }: { cascadeId: string }) {
  const { t } = useTranslation()
  const { data, error } = useQuery(cascadeReportQuery(cascadeId))
  // It comes from elsewhere and may be late or away; the report does not wait for it.
  const { data: conversion } = useQuery(cascadeConversionQuery(cascadeId))
  return (
    <Panel title={t('cascades.report')} unit={t('cascades.reportUnit')} means={t('cascades.reportMeans')}>
      {!data && (error ? <FailureNotice error={error} /> : <Skeleton height={160} />)}
      {data && data.runs === 0 && <p className="soft">{t('cascades.reportNone')}</p>}
      {data && data.runs > 0 && <Figures report={data} conversion={conversion} />}
    </Panel>
  )
}

const COUNTS = ['entered', 'sent', 'delivered', 'seen', 'clicked', 'answered'] as const
const RATES = ['ctr', 'answerRate', 'conversionRate'] as const

type FiguresProps = { report: CascadeReport; conversion: CascadeConversion | undefined }

function Figures({ report, conversion }: FiguresProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const rates = new Map(report.channels.map((channel) => [channel.channel, channel]))
  const bought = new Map(conversion?.channels.map((channel) => [channel.channel, channel]))
  const rate = (share: number | null | undefined): string =>
    share === null || share === undefined ? '—' : format.share(share, 1)
  const boughtCell = (channel: CascadeConversion['channels'][number] | undefined): Cell => ({
    text: rate(channel?.conversionRate),
    note: channel && channel.purchases > 0 ? format.money(channel.revenueMinor) : undefined,
  })
  return (
    <>
      <ul className={`${tracks['arms']} ${styles.summary}`}>
        <SavedTrack
          name={t('cascades.contacted', {
            contacted: format.count(report.contacted),
            runs: format.count(report.runs),
          })}
          colour={seriesColour(scheme, 1)}
          costMinor={report.costMinor}
          allSmsMinor={report.allSmsMinor}
          savedMinor={report.savedMinor}
        />
      </ul>
      <FigureTable
        caption={t('cascades.report')}
        corner={t('cascades.step')}
        align="right"
        dense
        columns={[...COUNTS, ...RATES, 'cost' as const].map((id) => ({
          id,
          name: t(`cascades.figure.${id}`),
        }))}
        lines={report.steps.map((step) => {
          const channel = rates.get(step.channel)
          return {
            id: `${step.step} ${step.channel} ${step.template}`,
            name: `${format.count(step.step + 1)}. ${channelName(step.channel, t)}`,
            cells: {
              ...Object.fromEntries(COUNTS.map((count) => [count, { text: format.count(step[count]) }])),
              ctr: { text: rate(channel?.ctr) },
              answerRate: { text: rate(channel?.answerRate) },
              conversionRate: boughtCell(bought.get(step.channel)),
              cost: { text: format.money(step.costMinor) },
            },
          }
        })}
      />
    </>
  )
}
