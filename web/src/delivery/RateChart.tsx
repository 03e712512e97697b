import { useComputedColorScheme } from '@mantine/core'
import { useCallback, useMemo, type CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { Chart, pageStyle, type Drawing } from '../chart/Chart.tsx'
import { useFormat, type Format } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { channelName } from '../templates/channels.ts'
import { seriesColour } from '../theme.ts'
import { SHOWN_MS, type DeliveryFeed, type RateTick } from './figures.ts'
import styles from './delivery.module.css'

/** How fast messages are handed to each channel, as lines that move. */
export function RateChart({ feed }: { feed: DeliveryFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const { ticks, delivery } = feed
  const channels = useMemo(
    () => [...new Set(ticks.flatMap(({ perSecond }) => Object.keys(perSecond)))],
    [ticks],
  )
  const draw = useCallback(
    (drawing: Drawing) =>
      chartOf({
        ticks,
        channels,
        drawing,
        format,
        now: t('triggers.now'),
        nameOf: (id) => channelName(id, t),
      }),
    [ticks, channels, format, t],
  )
  return (
    <Panel title={t('delivery.rate')} unit={t('delivery.rateUnit')} means={t('delivery.rateMeans')}>
      <ul className={styles.legend}>
        {channels.map((channel, index) => (
          <li key={channel} style={{ '--arm': seriesColour(scheme, index) } as CSSProperties}>
            <span className={styles.stroke} />
            {channelName(channel, t)}
            <span className={styles.legendRate}>{format.perSecond(delivery.ratesPerS[channel] ?? 0)}</span>
          </li>
        ))}
        {channels.length === 0 && <li className="soft">{t('delivery.nothingSent')}</li>}
      </ul>
      <Chart label={t('delivery.ratePicture')} height={200} draw={draw} />
    </Panel>
  )
}

type ChartParts = {
  ticks: readonly RateTick[]
  channels: readonly string[]
  drawing: Drawing
  format: Format
  now: string
  nameOf(channel: string): string
}

function chartOf({ ticks, channels, drawing, format, now, nameOf }: ChartParts) {
  const axisLabel = { color: drawing.soft, fontSize: 12 }
  const end = ticks.at(-1)?.atMs ?? 0
  return {
    ...pageStyle(drawing),
    animation: false,
    tooltip: { ...(pageStyle(drawing)['tooltip'] as object), trigger: 'axis', order: 'valueDesc' },
    grid: { left: 52, right: 14, top: 10, bottom: 24 },
    xAxis: {
      type: 'value',
      min: -SHOWN_MS / 1_000,
      max: 0,
      interval: 60,
      axisLabel: {
        ...axisLabel,
        formatter: (seconds: number) => (seconds === 0 ? now : format.seconds(seconds)),
      },
      axisLine: { lineStyle: { color: drawing.soft } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisPointer: { label: { show: false } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 3,
      minInterval: 1,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisLabel, formatter: (rate: number) => format.short(rate) },
      splitLine: { lineStyle: { color: drawing.line } },
    },
    series: channels.map((channel, index) => ({
      type: 'line',
      id: channel,
      name: nameOf(channel),
      showSymbol: ticks.length === 1,
      symbolSize: 5,
      color: seriesColour(drawing.scheme, index),
      lineStyle: { width: 1.8 },
      emphasis: { disabled: true },
      tooltip: { valueFormatter: (rate: unknown) => format.perSecond(Number(rate)) },
      data: ticks.map(({ atMs, perSecond }) => [(atMs - end) / 1_000, perSecond[channel] ?? 0]),
    })),
  }
}
