import { Skeleton, UnstyledButton } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { MessageLine } from '../delivery/answers.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { RefusalText } from '../shell/Failures.tsx'
import { State, type Tone } from '../shell/State.tsx'
import { ChannelMark } from '../templates/ChannelMark.tsx'
import { explanationQuery, type Explanation } from './answers.ts'
import { reasonText } from './reasons.ts'
import { aimOf, outcomeText, storyOf } from './story.ts'
import styles from './subscriber.module.css'

const STATES = [
  'queued',
  'held',
  'submitting',
  'submitted',
  'delivered',
  'seen',
  'clicked',
  'failed',
  'unknown',
] as const

const TONES: Partial<Record<(typeof STATES)[number], Tone>> = {
  submitted: 'under-way',
  delivered: 'good',
  seen: 'good',
  clicked: 'good',
  failed: 'alarm',
  unknown: 'alarm',
}

/** A message's state as a mark and a word. */
function MessageState({ state }: { state: string }) {
  const { t } = useTranslation()
  const known = STATES.find((one) => one === state)
  return (
    <State tone={known && TONES[known]}>{known === undefined ? state : t(`messageState.${known}`)}</State>
  )
}

type MessageItemProps = { message: MessageLine; isOpen: boolean; toggle(): void }

/** One message of the timeline; opened, it tells its cascade step by step. */
export function MessageItem({ message, isOpen, toggle }: MessageItemProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { messageId, channel, state, text, queuedAt, submittedAt, templateId, reason, postponedFor } = message
  const at = submittedAt ?? queuedAt
  const why = state === 'queued' ? postponedFor : reason
  const isPaid = submittedAt !== null && state !== 'unknown'
  return (
    <li className={styles.message} data-message={messageId}>
      <UnstyledButton className={styles.line} aria-expanded={isOpen} onClick={toggle}>
        <time dateTime={at}>{format.time(at)}</time>
        <span className={styles.lineHead}>
          <ChannelMark channel={channel} />
          <MessageState state={state} />
          {why !== null && <span className="soft">{reasonText(why, null, t, format)}</span>}
        </span>
        <span className={styles.price}>{isPaid ? format.money(message.costMinor) : '—'}</span>
        <span className={styles.text}>{text}</span>
        <span className={styles.template}>{templateId}</span>
        <IconChevronDown className={styles.chevron} size={17} stroke={1.7} aria-hidden />
      </UnstyledButton>
      {isOpen && <Explained messageId={messageId} />}
    </li>
  )
}

function Explained({ messageId }: { messageId: string }) {
  const { t } = useTranslation()
  const { data, error } = useQuery(explanationQuery(messageId))
  return (
    <div className={styles.explained} role="region" aria-label={t('story.title')} data-testid="explanation">
      {error && !data && <RefusalText error={error} />}
      {!data && !error && <Skeleton height={120} />}
      {data && <Steps explanation={data} />}
    </div>
  )
}

function Steps({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { run, steps, messageId } = explanation
  return (
    <>
      <p>
        {t('story.began', { moment: format.dayTime(run.startedAt), campaign: run.campaignId, arm: run.arm })}{' '}
        <Link to={paths.cascade} params={{ cascadeId: run.cascadeId }}>
          {t('story.cascade', { id: run.cascadeId, version: run.cascadeVersion })}
        </Link>
      </p>
      <ol className={styles.steps}>
        {steps.map((step) => (
          <li key={step.step} data-this={step.messageId === messageId || undefined}>
            <div className={styles.stepHead}>
              <strong>{t('story.step', { number: format.count(step.step + 1) })}</strong>
              <ChannelMark channel={step.channel} />
              <span className="soft">{aimOf(step, t, format)}</span>
            </div>
            <ul className={styles.story}>
              {storyOf(step, t, format).map(({ at, kind, text }) => (
                <li key={kind} data-kind={kind}>
                  {at === null ? <span /> : <time dateTime={at}>{format.time(at)}</time>}
                  <span>{text}</span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      <p className={styles.end}>
        {run.outcome === null
          ? run.dueAt === null
            ? t('story.goesOn')
            : t('story.goesOnAt', { moment: format.dayTime(run.dueAt) })
          : t('story.ended', { outcome: outcomeText(run.outcome, t, format) })}
      </p>
    </>
  )
}
