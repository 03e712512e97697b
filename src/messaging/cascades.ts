import { DomainError } from '../platform/index.ts'
import type { Card } from './cards.ts'
import type { Plan, Step } from './catalogue.ts'
import type { Content } from './channel.ts'
import type { Cascade } from './contract.ts'
import { messageIdOf } from './message-id.ts'
import { isLost, type Message, type MessageState, reaches, type Run } from './message.ts'
import { stepAt } from './step-order.ts'
import { renderTemplate, type RenderOptions } from './template.ts'
import type { Wording } from './wording.ts'

/** What a run does next: its first or next message, or its end. */
export type CascadeMove = { move: 'send'; step: number } | { move: 'finish'; outcome: string }

/**
 * The next move of a run whose timer has come. `state` is that of the message of its present step, or undefined
 * before the first one. The timer is also set by receipts, so "reached" and "lost" arrive here too.
 */
export function nextMove(
  { steps }: { steps: Pick<Cascade['steps'][number], 'until'>[] },
  step: number,
  state: MessageState | undefined,
): CascadeMove {
  if (state === undefined) return { move: 'send', step }
  if (reaches(state, steps[step]!.until)) return { move: 'finish', outcome: state }
  if (step + 1 < steps.length) return { move: 'send', step: step + 1 }
  return { move: 'finish', outcome: isLost(state) ? 'not_reached' : 'no_answer' }
}

/**
 * The message of a step, rendered and priced; undefined where its text cannot be made or the tenant has no such
 * channel. With the first one the run learns what the contact would have cost as SMS.
 */
export function compose(
  plan: Plan,
  run: Run,
  step: number,
  card: Pick<Card, 'language' | 'timeZone'>,
  nowMs: number,
  wording: Wording,
): Message | undefined {
  const planned = stepAt(plan, run, step)
  const { channel, template, priceMinor, unitsOf, until, waitMs, validForMs } = planned
  const messageId = messageIdOf(run.runId, step)
  const purpose = run.purpose ?? plan.cascade.purpose ?? 'marketing'
  const content = contentOf(planned, run, card, wording.optionsFor(planned, run, messageId, purpose, card))
  if (step === 0 && run.messages.length === 0)
    run.allSmsMinor = allSmsCost(plan, planned, run, content, card, wording)
  if (!content || !template || priceMinor === undefined) return undefined
  const parts = unitsOf?.(content) ?? 1
  return {
    run,
    messageId,
    step,
    channel,
    templateId: template.id,
    reference: referenceOf(messageId),
    until,
    waitMs,
    purpose,
    priority: plan.cascade.priority ?? 50,
    content,
    parts,
    costMinor: priceMinor * BigInt(parts),
    state: 'queued',
    reason: null,
    postponedFor: null,
    saw: null,
    providerIds: null,
    queuedMs: nowMs,
    notBeforeMs: nowMs,
    expiresMs: nowMs + validForMs,
    submittedMs: null,
    settledMs: null,
    markedMs: nowMs,
    isPaced: false,
    isWaiting: false,
    isInFlight: false,
    isChanged: true,
    isKnown: false,
    alike: undefined,
  }
}

function allSmsCost(
  plan: Plan,
  taken: Step,
  run: Run,
  first: Content | undefined,
  card: Pick<Card, 'language' | 'timeZone'>,
  wording: Wording,
): bigint {
  const { asSms, smsCostOf } = plan
  if (smsCostOf === undefined) return 0n
  const content = asSms === taken ? first : contentOf(asSms, run, card, wording.optionsForPrice(asSms, card))
  return content ? smsCostOf(content) : 0n
}

/** One run's bad variables end that run and not the batch it came in. */
function contentOf(
  { template }: Step,
  run: Run,
  { language }: Pick<Card, 'language'>,
  options: RenderOptions,
): Content | undefined {
  if (!template) return undefined
  try {
    return renderTemplate(template, language, run.variables, options)
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}

/** What one message of a step would cost; where units are paid for by length, of its text for this subscriber. */
export function priceOf(
  planned: Step,
  run: Run,
  card: Pick<Card, 'language' | 'timeZone'>,
  wording: Wording,
): bigint {
  const { priceMinor = 0n, unitsOf } = planned
  if (!unitsOf) return priceMinor
  const content = contentOf(planned, run, card, wording.optionsForPrice(planned, card))
  return content ? priceMinor * BigInt(unitsOf(content)) : priceMinor
}

/** A number that receipts bring back where the protocol has room for one (SMPP: 16 bits). */
function referenceOf(messageId: string): number {
  // The digits in front are the time in ids of version 7.
  return Number.parseInt(messageId.slice(-4), 16)
}
