import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DeadLetterView } from '../../../src/events/contract.ts'
import { useFormat } from '../format/format.ts'
import { RefusalText } from '../shell/Failures.tsx'
import type { Done } from '../shell/Snack.tsx'
import { faultOf, JsonEditor } from './JsonEditor.tsx'
import { readable } from './json-place.ts'
import { discard, replay } from './queries.ts'
import { reasonOf } from './reason.ts'
import styles from './letters.module.css'

type LetterProps = {
  letter: DeadLetterView
  /** The letter is settled: what became of it. */
  settled(done: Done): void
}

/** One refused event: why, what it says, and the ways out. */
export function Letter({ letter, settled }: LetterProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const queryClient = useQueryClient()
  const { deadLetterId, receivedAt, state } = letter
  const original = readable(letter.event)
  const [text, setText] = useState(original)
  const [problem, setProblem] = useState(letter.problem)
  const [refused, setRefused] = useState(false)
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['dead-letters'] })
  const again = useMutation({
    mutationFn: () =>
      replay(
        text === original
          ? { ids: [deadLetterId] }
          : { events: [{ deadLetterId, event: JSON.parse(text) as unknown }] },
      ),
    onSuccess: ({ letters }) => {
      void refresh()
      const outcome = letters[0]?.outcome ?? 'not_open'
      if (outcome !== 'refused') return settled({ text: t(`deadLetters.outcome.${outcome}`) })
      setRefused(true)
      setProblem(letters[0]?.problem ?? problem)
    },
  })
  const changed = text !== original
  const waits = state === 'open' || state === 'held'
  return (
    <article className={styles.letter} aria-label={t('deadLetters.letter')}>
      <h2>{reasonOf(problem.code, t)}</h2>
      {refused && (
        <p role="alert" className={styles.again}>
          {t('deadLetters.refusedAgain')}
        </p>
      )}
      <dl className={styles.problem}>
        <Fact name={t('deadLetters.says')} value={problem.message} />
        {problem.field !== undefined && <Fact name={t('deadLetters.field')} value={problem.field} code />}
        {problem.found !== undefined && (
          <Fact name={t('deadLetters.found')} value={JSON.stringify(problem.found).slice(0, 400)} code />
        )}
        {problem.expected !== undefined && <Fact name={t('deadLetters.expected')} value={problem.expected} />}
        <Fact name={t('deadLetters.received')} value={format.moment(receivedAt)} />
      </dl>
      <JsonEditor text={text} change={setText} field={problem.field} readOnly={!waits} />
      {again.error && <RefusalText error={again.error} />}
      {waits && (
        <div className={styles.acts}>
          <Button
            loading={again.isPending}
            disabled={faultOf(text) !== null}
            onClick={() => {
              setRefused(false)
              again.mutate()
            }}
          >
            {t(changed ? 'deadLetters.fixAndReplay' : 'deadLetters.replayAsIs')}
          </Button>
          <Button variant="default" disabled={!changed} onClick={() => setText(original)}>
            {t('deadLetters.asItCame')}
          </Button>
          <Discard deadLetterId={deadLetterId} refresh={refresh} settled={settled} />
        </div>
      )}
    </article>
  )
}

function Fact({ name, value, code }: { name: string; value: string; code?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{code ? <code>{value}</code> : value}</dd>
    </div>
  )
}

type DiscardProps = { deadLetterId: string; refresh(): void; settled: LetterProps['settled'] }

function Discard({ deadLetterId, refresh, settled }: DiscardProps) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const give = useMutation({
    mutationFn: () => discard([deadLetterId]),
    onSuccess: () => {
      refresh()
      settled({ text: t('deadLetters.isDiscarded') })
    },
  })
  return (
    <>
      <Button variant="subtle" color="gray" className={styles.discard} onClick={() => setAsking(true)}>
        {t('deadLetters.discard')}
      </Button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('deadLetters.discardTitle', { count: 1, formatted: '1' })}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        <div className={styles.ask}>
          <p>{t('deadLetters.discardMeans')}</p>
          {give.error && <RefusalText error={give.error} />}
          <div className={styles.acts}>
            <Button color="red.9" loading={give.isPending} onClick={() => give.mutate()}>
              {t('deadLetters.discardNow')}
            </Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              {t('act.cancel')}
            </Button>
          </div>
        </div>
      </Modal>
    </>
  )
}
