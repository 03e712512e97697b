import type { CSSProperties, ReactNode } from 'react'
import styles from '../loyalty.module.css'

export type Rung = { id: string; name: string; asks: ReactNode; note?: ReactNode; brings: readonly string[] }

/** Steps of which each stands above the one before: what it asks for, and what it brings. */
export const Rungs = ({ rungs }: { rungs: readonly Rung[] }) => (
  <ol className={styles.ladder} style={{ '--rungs': rungs.length } as CSSProperties}>
    {rungs.map(({ id, name, asks, note, brings }, index) => (
      <li key={id} data-rung={id} style={{ '--rung': index } as CSSProperties}>
        <strong>{name}</strong>
        <span className={styles.asks}>{asks}</span>
        {note}
        <ul>
          {brings.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </li>
    ))}
  </ol>
)
