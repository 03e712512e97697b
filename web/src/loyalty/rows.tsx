import { ActionIcon, Button } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type RowProps = {
  /** What the button that removes it says. */
  removal: string
  /** Undefined where it must stay. */
  remove: (() => void) | undefined
  children: ReactNode
}

/** One of several things of the same form, which can be removed. */
export function Row({ removal, remove, children }: RowProps) {
  return (
    <div className={styles.line}>
      <div className={page.row}>{children}</div>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        disabled={remove === undefined}
        aria-label={removal}
        title={removal}
        onClick={remove}
      >
        <IconTrash size={16} stroke={1.6} aria-hidden />
      </ActionIcon>
    </div>
  )
}

/** Adds one more of them. */
export function AddRow({ act, add }: { act: string; add(): void }) {
  return (
    <Button
      variant="default"
      size="xs"
      className={styles.add!}
      leftSection={<IconPlus size={14} stroke={1.8} aria-hidden />}
      onClick={add}
    >
      {act}
    </Button>
  )
}
