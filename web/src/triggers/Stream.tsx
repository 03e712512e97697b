import { useComputedColorScheme } from '@mantine/core'
import { useCallback, useMemo, type CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { PassingEvent } from '../../../src/api/contract.ts'
import { Chart, type Drawing } from '../chart/Chart.tsx'
import { ratesPicture } from '../chart/rates.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { seriesColour } from '../theme.ts'
import { SHOWN_MS, typeLines, type LiveFeed } from './rates.ts'
import page from '../shell/page.module.css'
import styles from './stream.module.css'

/** Types with a line of their own. */
const MOST_TYPES = 5
const SHOWN_EVENTS = 9

/** How fast events come, by type, as a line that moves. */
export function Stream({ feed }: { feed: LiveFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const scheme = useComputedColorScheme('light')
  const lines = useMemo(() => typeLines(feed, MOST_TYPES), [feed])
  const colours = useMemo(
    () => lines.map(({ type }) => seriesColour(scheme, type === null ? null : feed.types.indexOf(type))),
    [lines, scheme, feed.types],
  )
  const nameOf = useCallback((type: string | null) => type ?? t('triggers.otherTypes'), [t])
  const draw = useCallback(
    (drawing: Drawing) =>
      ratesPicture({
        lines: lines.map(({ type, points }, index) => ({
          id: type ?? '',
          name: nameOf(type),
          colour: colours[index],
          points,
        })),
        shownMs: SHOWN_MS,
        everyS: 30,
        now: t('triggers.now'),
        drawing,
        format,
      }),
    [lines, colours, nameOf, t, format],
  )
  return (
    <Panel title={t('triggers.stream')} unit={t('triggers.streamUnit')} means={t('triggers.streamMeans')}>
      <ul className={styles.legend}>
        {lines.map(({ type, now }, index) => (
          <li key={type ?? ''} style={{ '--arm': colours[index] } as CSSProperties}>
            <span className={page.stroke} />
            <span className={styles.type}>{nameOf(type)}</span>
            <span className={styles.rate}>{now === null ? '—' : format.perSecond(now)}</span>
          </li>
        ))}
        {lines.length === 0 && <li className="soft">{t('triggers.noEvents')}</li>}
      </ul>
      <Chart label={t('triggers.streamPicture')} height={200} draw={draw} />
    </Panel>
  )
}

/** What came last. The place of each line is fixed, so that nothing moves but the words. */
export function Newest({ events }: { events: readonly PassingEvent[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Panel title={t('triggers.newest')} unit={t('triggers.newestUnit')} means={t('triggers.newestMeans')}>
      <table className={styles.newest} aria-label={t('triggers.newest')}>
        <thead>
          <tr>
            <th scope="col">{t('triggers.when')}</th>
            <th scope="col">{t('triggers.eventType')}</th>
            <th scope="col">{t('triggers.subscriber')}</th>
          </tr>
        </thead>
        <tbody>
          {events.slice(0, SHOWN_EVENTS).map(({ at, type, subscriberId }, index) => (
            <tr key={index}>
              <td>
                <time dateTime={at}>{format.time(at)}</time>
              </td>
              <td>{type}</td>
              <td>{subscriberId ?? '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {events.length === 0 && <p className="soft">{t('triggers.noEvents')}</p>}
    </Panel>
  )
}
