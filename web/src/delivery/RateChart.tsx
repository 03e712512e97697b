import { useComputedColorScheme } from '@mantine/core'
import { useCallback, useMemo, type CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { Chart, type Drawing } from '../chart/Chart.tsx'
import { ratesPicture } from '../chart/rates.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { channelName } from '../templates/channels.ts'
import { seriesColour } from '../theme.ts'
import { SHOWN_MS, type DeliveryFeed } from './figures.ts'
import page from '../shell/page.module.css'
import styles from './delivery.module.css'

/** How fast messages are handed to each channel, as lines that move. */
export function RateChart({ feed }: { feed: DeliveryFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const { ticks, delivery } = feed
  const endMs = ticks.at(-1)?.atMs ?? 0
  const channels = useMemo(
    () => [...new Set(ticks.flatMap(({ perSecond }) => Object.keys(perSecond)))],
    [ticks],
  )
  const draw = useCallback(
    (drawing: Drawing) =>
      ratesPicture({
        lines: channels.map((id, index) => ({
          id,
          name: channelName(id, t),
          colour: seriesColour(drawing.scheme, index),
          points: ticks.map(({ atMs, perSecond }) => [(atMs - endMs) / 1_000, perSecond[id] ?? 0]),
        })),
        shownMs: SHOWN_MS,
        everyS: 60,
        now: t('triggers.now'),
        drawing,
        format,
      }),
    [ticks, endMs, channels, format, t],
  )
  return (
    <Panel title={t('delivery.rate')} unit={t('delivery.rateUnit')} means={t('delivery.rateMeans')}>
      <ul className={styles.legend}>
        {channels.map((channel, index) => (
          <li key={channel} style={{ '--arm': seriesColour(scheme, index) } as CSSProperties}>
            <span className={page.stroke} />
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
