import assert from 'node:assert/strict'
import { derivedId, unitHash } from '../platform/index.ts'
import type { Arm, Step } from './contract.ts'

/** What a subscriber can be sold: an item of the offer, as stored with the journey. */
export type OfferedItem = {
  productId: string
  volumeMb: number
  priceMinor: string
  creditMinor: string
  currency: string
}

export type OfferSummary = {
  items: number
  largestMb: number
  largestOnCredit: boolean
  balanceMinor: number
  approvedCreditMinor: number
}

/** `entry` waits outside the first step; the others wait inside the step that they name. */
export type WaitingFor = 'entry' | 'time' | 'affordability' | 'answer' | 'activation'

/** One subscriber on one journey. */
export type Instance = {
  instanceId: string
  campaignId: string
  version: number
  arm: string
  subscriberId: number
  cause: string
  /** What the entry's trigger emitted of the event that began it; dates are epoch milliseconds. */
  event: Record<string, unknown>
  stepId: string
  waitingFor: WaitingFor | null
  dueAtMs: number | null
  offerId: string | null
  offer: OfferSummary | null
  chosen: (OfferedItem & { channel: string }) | null
  activationId: string | null
  enteredAtMs: number
  exitedAtMs: number | null
  exitReason: string | null
}

/** What moving an instance asks others to do, in the same transaction. */
export type Effects = {
  cascades: { instance: Instance; runId: string; cascadeId: string }[]
  awards: { instance: Instance; key: string }[]
  exits: { instance: Instance; reason: string }[]
}

/** Answers a branch's condition for an instance. */
export type Conditions = (source: string, instance: Instance) => boolean

/** Nothing asked for yet; `advance` adds to it. */
export function noEffects(): Effects {
  return { cascades: [], awards: [], exits: [] }
}

/** What an instance was waiting for has happened: it leaves its step by the given way. */
export type Arrival = 'begin' | 'next' | 'else' | 'empty'

/**
 * Moves an instance from its step as far as it goes without waiting, adds what that asks for to `effects`, and
 * returns its new state. Pure but for `effects`: time and conditions are passed in.
 */
export function advance(
  arm: Arm,
  instance: Instance,
  arrival: Arrival,
  nowMs: number,
  conditions: Conditions,
  effects: Effects,
): Instance {
  const steps = new Map(arm.journey.steps.map((step) => [step.id, step]))
  let moving: Instance = { ...instance, waitingFor: null, dueAtMs: null }
  let stepId = arrival === 'begin' ? arm.journey.start : leave(steps.get(instance.stepId)!, arrival)
  for (let moves = 0; ; moves++) {
    assert(moves < 1_000, `journey of arm ${arm.id} runs in a circle without waiting`)
    const step = steps.get(stepId)
    assert(step, `journey of arm ${arm.id} has no step ${stepId}`)
    const entered = enter(step, { ...moving, stepId }, nowMs, conditions, effects)
    if (entered.stay) return entered.instance
    moving = entered.instance
    stepId = entered.next
  }
}

function leave(step: Step, way: 'next' | 'else' | 'empty'): string {
  const to = (step as Record<string, unknown>)[way]
  assert(typeof to === 'string', `step ${step.id} has no way "${way}"`)
  return to
}

type Entered = { stay: true; instance: Instance } | { stay: false; instance: Instance; next: string }

function enter(
  step: Step,
  instance: Instance,
  nowMs: number,
  conditions: Conditions,
  effects: Effects,
): Entered {
  const go = (next: string): Entered => ({ stay: false, instance, next })
  const stay = (
    waitingFor: WaitingFor,
    dueAtMs: number | null,
    changes: Partial<Instance> = {},
  ): Entered => ({
    stay: true,
    instance: { ...instance, waitingFor, dueAtMs, ...changes },
  })
  switch (step.type) {
    case 'offer':
      return stay('affordability', nowMs)
    case 'activate':
      return stay('affordability', nowMs, {
        activationId: derivedId('activation', instance.instanceId, step.id),
      })
    case 'send': {
      // The id is derived, so that the same step taken again after a crash starts the same cascade.
      const runId = derivedId('run', instance.instanceId, step.id)
      effects.cascades.push({ instance, runId, cascadeId: step.cascade })
      return go(step.next)
    }
    case 'wait':
      return stay('answer', nowMs + lengthMs(step.timeout))
    case 'delay':
      return stay('time', nowMs + lengthMs(step.time))
    case 'award':
      effects.awards.push({
        instance,
        key: instance.activationId ?? derivedId('award', instance.instanceId, step.id),
      })
      return go(step.next)
    case 'branch':
      return go(step.cases.find((item) => conditions(item.when, instance))?.next ?? step.else)
    case 'split':
      return go(partOf(step.parts, unitHash('split', instance.instanceId, step.id)))
    case 'exit':
      effects.exits.push({ instance, reason: step.reason })
      return { stay: true, instance: { ...instance, exitedAtMs: nowMs, exitReason: step.reason } }
  }
}

function partOf(parts: { share: number; next: string }[], unit: number): string {
  let upTo = 0
  for (const part of parts) {
    upTo += part.share
    if (unit * 100 < upTo) return part.next
  }
  return parts.at(-1)!.next
}

/** Days of a journey are 24 hours: a wait is a length of time, not a date. */
export function lengthMs(duration: string): number {
  return Temporal.Duration.from(duration).total('milliseconds')
}
