import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { reasonText } from '../subscriber-messages/reasons.ts'
import styles from './delivery.module.css'

type ReasonBarsProps = { reasons: readonly { reason: string; count: number; note?: string }[] }

/** Reasons with how often each was met, the longest bar for the first. */
export function ReasonBars({ reasons }: ReasonBarsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const most = reasons[0]?.count ?? 1
  return (
    <ul className={styles.bars}>
      {reasons.map(({ reason, count, note }) => (
        <li key={reason} data-reason={reason}>
          <span>
            {reasonText(reason, null, t, format)}
            {note !== undefined && <span className={styles.barNote}>{note}</span>}
          </span>
          <span className={styles.barCount}>{format.count(count)}</span>
          <span className={styles.track} aria-hidden>
            <span style={{ width: `${(count / most) * 100}%` }} />
          </span>
        </li>
      ))}
    </ul>
  )
}
