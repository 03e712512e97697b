import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { shareOfAmount } from './figures.ts'
import styles from './cascade.module.css'

type SavedTrackProps = {
  name: string
  colour: string | undefined
  costMinor: string
  allSmsMinor: string
  savedMinor: string
}

/** The paid part of what SMS alone would have cost; the rest of the track is what was saved. An item of a list. */
export function SavedTrack({ name, colour, costMinor, allSmsMinor, savedMinor }: SavedTrackProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const paid = shareOfAmount(costMinor, allSmsMinor)
  const saved = shareOfAmount(savedMinor, allSmsMinor)
  return (
    <li style={{ '--arm': colour } as CSSProperties}>
      <span className={styles.name}>
        <span className="dot" aria-hidden />
        {name}
      </span>
      <span className={styles.cost}>{format.money(costMinor)}</span>
      <span className={styles.track} aria-hidden>
        <span style={{ width: `${Math.min(1, Math.max(0, paid)) * 100}%` }} />
      </span>
      <span className={styles.saved}>
        {BigInt(savedMinor) > 0n
          ? t('cascade.savedOfAllSms', {
              amount: format.money(savedMinor),
              allSms: format.money(allSmsMinor),
              share: format.share(saved, 1),
            })
          : BigInt(savedMinor) < 0n
            ? t('cascade.moreThanAllSms', {
                amount: format.money((-BigInt(savedMinor)).toString()),
                allSms: format.money(allSmsMinor),
              })
            : t('cascade.nothingSaved')}
      </span>
    </li>
  )
}
