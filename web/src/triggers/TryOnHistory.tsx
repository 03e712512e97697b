import { Collapse, Progress, Textarea, UnstyledButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Trigger, TryAnswer } from '../../../src/triggers/contract.ts'
import { NotYaml, parsedYaml, useYaml } from '../documents/yaml.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { SpanForm } from '../documents/SpanForm.tsx'
import { momentIn, wallTimeIn } from './buckets.ts'
import { CountedTable } from './Explain.tsx'
import { tryOnHistory, type Trial } from './queries.ts'
import styles from './trigger.module.css'

const WEEK_MS = 7 * 86_400_000

/** What the rule, or the rule with changes, would have done on what has happened. Nothing is saved. */
export function TryOnHistory({ trigger, asOf }: { trigger: Trigger; asOf: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { timeZone } = format
  const [from, setFrom] = useState(() =>
    wallTimeIn(timeZone, new Date(Date.parse(asOf) - WEEK_MS).toISOString()),
  )
  const [to, setTo] = useState(() => wallTimeIn(timeZone, asOf))
  const yaml = useYaml(trigger)
  const [changed, setChanged] = useState<string | null>(null)
  const running = useRef<AbortController>(null)
  const trial = useMutation({
    mutationFn: async () => {
      running.current = new AbortController()
      const asked: Trial = {
        trigger: changed === null ? trigger : await parsedYaml(changed),
        from: momentIn(timeZone, from),
        to: momentIn(timeZone, to),
      }
      return tryOnHistory(asked, running.current.signal)
    },
  })
  useEffect(() => () => running.current?.abort(), [])
  const stop = () => {
    running.current?.abort()
    trial.reset()
  }
  return (
    <Panel title={t('triggers.try')} unit={t('triggers.tryUnit')} means={t('triggers.tryMeans')}>
      <SpanForm
        from={from}
        to={to}
        setFrom={setFrom}
        setTo={setTo}
        act={t('triggers.tryNow')}
        isPending={trial.isPending}
        submit={trial.mutate}
      />
      <UnstyledButton
        className={styles.fold}
        aria-expanded={changed !== null}
        onClick={() => setChanged(changed === null ? (yaml ?? '') : null)}
      >
        {t(changed === null ? 'triggers.tryChanged' : 'triggers.tryUnchanged')}
      </UnstyledButton>
      <Collapse expanded={changed !== null}>
        <Textarea
          aria-label={t('triggers.text')}
          classNames={{ input: styles.yamlInput }}
          autosize
          minRows={8}
          maxRows={24}
          spellCheck={false}
          value={changed ?? ''}
          onChange={(event) => setChanged(event.currentTarget.value)}
        />
      </Collapse>
      <div aria-live="polite">
        {trial.isPending && <Reading stop={stop} />}
        {trial.error && !trial.isPending && <TrialError error={trial.error} />}
        {trial.data && !trial.isPending && <Answer answer={trial.data} />}
      </div>
    </Panel>
  )
}

function TrialError({ error }: { error: Error }) {
  const { t } = useTranslation()
  if (!(error instanceof NotYaml)) return <RefusalText error={error} />
  return (
    <p role="alert" className={styles.alert}>
      {t('triggers.notYaml', { detail: error.message })}
    </p>
  )
}

/** The server says nothing before it has read all; how long it has been reading is what can be said. */
function Reading({ stop }: { stop(): void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((now) => now + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div className={styles.reading}>
      <Progress value={100} animated aria-label={t('triggers.tryNow')} />
      <p>
        {t('triggers.reading', { time: format.seconds(seconds) })}
        <UnstyledButton className={styles.fold} onClick={stop}>
          {t('act.stop')}
        </UnstyledButton>
      </p>
    </div>
  )
}

function Answer({ answer }: { answer: TryAnswer }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { firings, subscribers, events, seen, sample } = answer
  return (
    <div className={styles.reasons} data-testid="trial">
      <p className={styles.verdict}>
        {t('triggers.tryFirings', { count: firings, formatted: format.count(firings) })}{' '}
        {t('triggers.trySubscribers', { count: subscribers, formatted: format.count(subscribers) })}
      </p>
      <p className="soft">
        {t('triggers.tryRead', { events: format.count(events), seen: format.count(seen) })}
      </p>
      {sample.length > 0 && <h3>{t('triggers.trySample')}</h3>}
      {sample.slice(0, 5).map((one, index) => (
        <details key={`${one.subscriberId} ${one.firedAt}`} open={index === 0} className={styles.sample}>
          <summary>
            {t('triggers.subscriber')} {one.subscriberId} · {format.dayTime(one.firedAt)}
          </summary>
          <p>{one.reason}</p>
          <CountedTable counted={one.counted.length > 0 ? one.counted : [one.cause]} />
        </details>
      ))}
    </div>
  )
}
