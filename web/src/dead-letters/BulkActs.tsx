import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { RefusalText } from '../shell/Failures.tsx'
import type { Done } from '../shell/Snack.tsx'
import { settleAll } from './queries.ts'
import { reasonOf } from './reason.ts'
import styles from './letters.module.css'

type BulkProps = {
  /** Undefined: whatever the reason. */
  code: string | undefined
  /** How many there are, as far as is known. */
  open: number
  settled(done: Done): void
}

/** What can be done with all letters of a reason at once. It says with how many, and asks. */
export function BulkActs({ code, open, settled }: BulkProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const [asking, setAsking] = useState<'replay' | 'discard' | null>(null)
  if (open === 0) return null
  const formatted = format.count(open)
  return (
    <div className={styles.bulk}>
      <Button size="sm" variant="default" onClick={() => setAsking('replay')}>
        {t('deadLetters.replayAll', { formatted })}
      </Button>
      <Button
        size="sm"
        variant="subtle"
        color="gray"
        className={styles.discard}
        onClick={() => setAsking('discard')}
      >
        {t('deadLetters.discardAll', { formatted })}
      </Button>
      <Modal
        opened={asking !== null}
        onClose={() => setAsking(null)}
        title={
          asking === 'discard'
            ? t('deadLetters.discardTitle', { count: open, formatted })
            : t('deadLetters.replayTitle', { count: open, formatted })
        }
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {asking !== null && (
          <Question act={asking} code={code} open={open} close={() => setAsking(null)} settled={settled} />
        )}
      </Modal>
    </div>
  )
}

type QuestionProps = BulkProps & { act: 'replay' | 'discard'; close(): void }

function Question({ act, code, open, close, settled }: QuestionProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const queryClient = useQueryClient()
  const [found, setFound] = useState(0)
  const discarding = act === 'discard'
  const run = useMutation({
    mutationFn: () => settleAll(act, code, setFound),
    onSuccess: ({ accepted, duplicates, refused, discarded }) => {
      close()
      settled({
        text: discarding
          ? t('deadLetters.discarded', { formatted: format.count(discarded) })
          : t('deadLetters.replayed', {
              accepted: format.count(accepted),
              duplicates: format.count(duplicates),
              refused: format.count(refused),
            }),
      })
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['dead-letters'] }),
  })
  return (
    <div className={styles.ask}>
      {code !== undefined && <p className={styles.askReason}>{reasonOf(code, t)}</p>}
      <p>{t(discarding ? 'deadLetters.discardMeans' : 'deadLetters.replayMeans')}</p>
      {run.isPending && (
        <p className="soft" aria-live="polite">
          {t('deadLetters.working', { found: format.count(found), open: format.count(open) })}
        </p>
      )}
      {run.error && <RefusalText error={run.error} />}
      <div className={styles.acts}>
        <Button
          {...(discarding ? { color: 'red.9' } : {})}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          {t(discarding ? 'deadLetters.discardNow' : 'deadLetters.replayNow')}
        </Button>
        <Button variant="default" onClick={close}>
          {t('act.cancel')}
        </Button>
      </div>
    </div>
  )
}
