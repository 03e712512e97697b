import type { TFunction } from 'i18next'
import { durationWords } from '../cascades/duration.ts'
import type { Format } from '../format/format.ts'
import type { Explanation } from './answers.ts'
import { reasonText } from './reasons.ts'

/** One thing that happened to a message: when, if that is known, and what. */
export type Happening = {
  at: string | null
  kind: 'queued' | 'postponed' | 'held' | 'sent' | 'settled' | 'unknown' | 'waiting'
  text: string
}

type Step = Explanation['steps'][number]

const SETTLED = ['delivered', 'seen', 'clicked', 'failed'] as const

/** What happened to one step's message, in the order of time, in words. */
export function storyOf(step: Step, t: TFunction, format: Format): Happening[] {
  const { state, reason, saw, queuedAt, notBefore, submittedAt, settledAt, postponedFor } = step
  const why = (code: string): string => reasonText(code, saw, t, format)
  const story: Happening[] = [{ at: queuedAt, kind: 'queued', text: t('story.queued') }]
  if (postponedFor !== null && (state === 'queued' || Date.parse(notBefore) > Date.parse(queuedAt)))
    story.push({
      at: null,
      kind: 'postponed',
      text: t('story.postponed', { reason: why(postponedFor), until: format.dayTime(notBefore) }),
    })
  if (state === 'held')
    story.push({ at: settledAt, kind: 'held', text: t('story.held', { reason: why(reason ?? 'unknown') }) })
  if (submittedAt !== null && state !== 'unknown')
    story.push({
      at: submittedAt,
      kind: 'sent',
      text: t('story.sent', { price: format.money(step.costMinor), parts: format.count(step.parts) }),
    })
  if (state === 'submitting') story.push({ at: null, kind: 'waiting', text: t('story.submitting') })
  if (state === 'unknown')
    story.push({
      at: submittedAt,
      kind: 'unknown',
      text: t('story.unknown', { reason: why(reason ?? 'unknown') }),
    })
  const settled = SETTLED.find((one) => one === state)
  if (settled !== undefined)
    story.push({
      at: settledAt,
      kind: 'settled',
      text:
        reason === null
          ? t(`story.settled.${settled}`)
          : t('story.withReason', { what: t(`story.settled.${settled}`), reason: why(reason) }),
    })
  if (state === 'submitted') story.push({ at: null, kind: 'waiting', text: t('story.noReceipt') })
  return story
}

/** What the step waits for, and for how long. */
export function aimOf({ until, waitS }: Step, t: TFunction, format: Format): string {
  const minutes = Math.round(waitS / 60)
  const wait = durationWords(`PT${minutes}M`, format.language)
  return t('story.aim', { until: t(`cascades.untilWord.${until as 'seen'}`), wait })
}

const OUTCOMES = [
  'submitted',
  'delivered',
  'seen',
  'clicked',
  'answered',
  'no_answer',
  'not_reached',
  'cancelled',
] as const

/** How the cascade ended; a reason of another kind is told as one. */
export function outcomeText(outcome: string, t: TFunction, format: Format): string {
  const known = OUTCOMES.find((one) => one === outcome)
  return known === undefined ? reasonText(outcome, null, t, format) : t(`story.outcome.${known}`)
}
