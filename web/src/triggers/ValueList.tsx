import styles from './trigger.module.css'

/** Any value of a rule or an event on a line. */
export const shownValue = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '—')

/** Named values, one behind the other. */
export function ValueList({ values }: { values: Readonly<Record<string, unknown>> }) {
  const entries = Object.entries(values)
  if (entries.length === 0) return <span className="soft">—</span>
  return (
    <ul className={styles.values}>
      {entries.map(([name, value]) => (
        <li key={name}>
          <span className="soft">{name}</span> {shownValue(value)}
        </li>
      ))}
    </ul>
  )
}
