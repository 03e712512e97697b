import { Progress, UnstyledButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TryAnswer } from '../../../src/loyalty/contract.ts'
import { SpanForm } from '../documents/SpanForm.tsx'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import type { Progress as Read } from '../server.ts'
import { RefusalText } from '../shell/Failures.tsx'
import { momentIn, wallTimeIn } from '../triggers/buckets.ts'
import type { Span } from './queries.ts'
import { TrialAnswer } from './TrialAnswer.tsx'
import styles from './loyalty.module.css'

const QUARTER_MS = 92 * 86_400_000

type TryPanelProps = {
  /** Plays what is written over a span of the log. */
  play(span: Span, signal: AbortSignal, onProgress: (read: Read) => void): Promise<TryAnswer>
}

/** What something as it is written would have given for what has happened. Nothing is saved. */
export function TryPanel({ play }: TryPanelProps) {
  const { t } = useTranslation()
  const { timeZone } = useFormat()
  const [from, setFrom] = useState(() =>
    wallTimeIn(timeZone, new Date(Date.now() - QUARTER_MS).toISOString()),
  )
  const [to, setTo] = useState(() => wallTimeIn(timeZone, new Date().toISOString()))
  const [read, setRead] = useState<Read | null>(null)
  const running = useRef<AbortController>(null)
  const trial = useMutation({
    mutationFn: () => {
      running.current = new AbortController()
      setRead(null)
      const span = { from: momentIn(timeZone, from), to: momentIn(timeZone, to) }
      return play(span, running.current.signal, setRead)
    },
  })
  useEffect(() => () => running.current?.abort(), [])
  const stop = () => {
    running.current?.abort()
    trial.reset()
  }
  return (
    <Panel title={t('loyalty.try')} unit={t('loyalty.tryUnit')} means={t('loyalty.tryMeans')}>
      <SpanForm
        from={from}
        to={to}
        setFrom={setFrom}
        setTo={setTo}
        act={t('loyalty.tryNow')}
        isPending={trial.isPending}
        submit={trial.mutate}
      />
      <div aria-live="polite">
        {trial.isPending && <Reading read={read} stop={stop} />}
        {trial.error && !trial.isPending && <RefusalText error={trial.error} />}
        {trial.data && !trial.isPending && <TrialAnswer answer={trial.data} />}
      </div>
    </Panel>
  )
}

function Reading({ read, stop }: { read: Read | null; stop(): void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const share = read === null || read.total === 0 ? 0 : read.read / read.total
  return (
    <div className={styles.reading}>
      <Progress value={share * 100} aria-label={t('loyalty.tryNow')} />
      <p>
        {read === null
          ? t('loyalty.tryBegins')
          : t('loyalty.tryRead', { read: format.count(read.read), total: format.count(read.total) })}
        <UnstyledButton className={styles.fold} onClick={stop}>
          {t('act.stop')}
        </UnstyledButton>
      </p>
    </div>
  )
}
