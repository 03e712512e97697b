import { UnstyledButton } from '@mantine/core'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './shell.module.css'

/** How long something can be undone. */
const SHOWN_MS = 12_000

export type Done = { text: string; undo?: () => void }

/** Over the page: what was just done, with the way back. It leaves by itself. */
export function Snack({ done, close }: { done: Done | null; close(): void }) {
  const { t } = useTranslation()
  useEffect(() => {
    if (!done) return undefined
    const timer = setTimeout(close, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [done, close])
  return (
    <div role="status" className={styles.lostPlace}>
      {done && (
        <p className={`${styles.lost} ${styles.snack}`}>
          {done.text}
          {done.undo && (
            <UnstyledButton
              onClick={() => {
                close()
                done.undo?.()
              }}
            >
              {t('act.undo')}
            </UnstyledButton>
          )}
        </p>
      )}
    </div>
  )
}
