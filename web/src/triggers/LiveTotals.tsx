import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import type { LiveFeed } from './rates.ts'
import page from '../shell/page.module.css'
import styles from './stream.module.css'

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

/** The stream in figures, since the server started but for those that are of this moment. */
export function LiveTotals({ feed }: { feed: LiveFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { events, rules, retracted, tooLate, behind, stateBytes, deadLetters } = feed.snapshot
  const rate = feed.ticks.at(-1)?.total ?? null
  const open = sum(deadLetters.map((one) => one.open))
  const figures = {
    rate: rate === null ? '—' : format.perSecond(rate),
    events: format.count(sum(Object.values(events.byType))),
    firings: format.count(sum(rules.map((rule) => rule.firings))),
    retracted: format.count(retracted),
    duplicates: format.count(events.duplicates),
    late: format.count(tooLate),
    behind: behind === null ? '—' : format.count(behind),
    state: format.bytes(stateBytes),
  }
  return (
    <dl className={`${page.totals} ${styles.totals}`} aria-label={t('triggers.totals')}>
      {(Object.keys(figures) as (keyof typeof figures)[]).map((figure) => (
        <div key={figure} data-figure={figure}>
          <dt>{t(`triggers.total.${figure}`)}</dt>
          <dd>{figures[figure]}</dd>
        </div>
      ))}
      <div data-figure="deadLetters">
        <dt>{t('triggers.total.deadLetters')}</dt>
        <dd data-alarm={open > 0 || undefined}>
          <Link to={paths.deadLetters}>{format.count(open)}</Link>
        </dd>
      </div>
    </dl>
  )
}
