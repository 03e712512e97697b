import type { Fact } from '../platform/index.ts'
import { type Admitted, addressFor, admit, pass } from './admission.ts'
import type { StoredAnswer } from './answer-store.ts'
import { type Card, consentFor } from './cards.ts'
import { compose, nextMove, priceOf } from './cascades.ts'
import type { Plan } from './catalogue.ts'
import type { SubmitOutcome } from './channel.ts'
import type { Desk } from './desk.ts'
import type { SendingState } from './inbox.ts'
import type { OptWord } from './opt-out.ts'
import { type Message, PAUSED, reaches, type Run } from './message.ts'
import { chooseOrder, stepAt } from './step-order.ts'
import { answered, applyOutcome, finish, hold } from './progress.ts'

/** How many timers one tick serves, at most. */
const TICK_TIMERS = 10_000

/** A channel has said what became of a submission. */
export function takeOutcome(desk: Desk, message: Message, outcome: SubmitOutcome, nowMs: number): void {
  desk.countInFlight(message, -1)
  applyOutcome(desk.set, message, outcome, nowMs)
  const { run } = message
  if (run.isActive && desk.stopped.get(run.campaignId) === 'cancelled') desk.set.setDue(run, nowMs)
  // It counts as a contact only if it may have reached out.
  if (message.submittedMs === null) desk.cards.removeContact(run.subscriberId, message.messageId)
}

/** A subscriber has answered; `run` is the cascade that was answered, where there is one. */
export function takeAnswer(desk: Desk, answer: StoredAnswer, run: Run | undefined, nowMs: number): void {
  const { word } = answer
  if (run && ends(run, word)) {
    dropQueued(desk, run)
    answered(desk.set, run, word === undefined ? 'answered' : 'opted_out', nowMs)
  }
  const fact = answerFact(answer)
  desk.set.fact(word === undefined ? fact : { ...fact, kind: word === 'optIn' ? 'opted_in' : 'opted_out' })
}

/** Any answer ends its cascade; a word that only changes consent ends what it speaks of, and "START" nothing. */
function ends(run: Run, word: OptWord | undefined): boolean {
  if (word === undefined) return true
  return word !== 'optIn' && run.messages[run.step]?.purpose === 'marketing'
}

/** Somebody has paused, resumed or cancelled a campaign's sending: what that asks for in memory. */
export function takeControl(desk: Desk, campaignId: string, state: SendingState, nowMs: number): void {
  if (state === 'running') desk.stopped.delete(campaignId)
  else desk.stopped.set(campaignId, state)
  if (state === 'paused') return
  for (const run of desk.set.runs.values()) {
    if (run.campaignId !== campaignId || !run.isActive) continue
    const message = run.messages[run.step]
    const isPaused = message?.state === 'queued' && message.postponedFor === PAUSED
    if (state === 'cancelled' ? message?.state !== 'submitting' : isPaused) desk.set.setDue(run, nowMs)
  }
}

/** Takes new runs in; who was here before changes nothing. */
export function takeStarts(desk: Desk, runs: Run[]): void {
  for (const run of runs) {
    if (desk.set.hasSeen(run.runId)) continue
    desk.set.add(run)
    desk.set.changed(run)
  }
}

/** Moves every run that is due and lets messages out, until nothing moves or the tick is full. */
export function move(desk: Desk, nowMs: number, admitted: Admitted[]): void {
  const later: Run[] = []
  let left = TICK_TIMERS
  do {
    for (let run = desk.set.timers.takeDue(nowMs); run !== undefined; run = desk.set.timers.takeDue(nowMs)) {
      if (!advance(desk, run, nowMs, admitted)) later.push(run)
      if (--left <= 0) break
    }
  } while (admit(desk, nowMs, admitted) && left > 0)
  for (const run of later) desk.set.timers.set(run)
}

/** Moves one run whose timer has come; false when it lacks something that was asked for and must come again. */
function advance(desk: Desk, run: Run, nowMs: number, admitted: Admitted[]): boolean {
  const { set, catalogue, cards } = desk
  if (!run.isActive) return true
  const present = run.messages[run.step]
  if (present?.state === 'submitting') return true
  if (desk.stopped.get(run.campaignId) === 'cancelled') {
    cancel(desk, run, present, nowMs)
    return true
  }
  const plan = catalogue.plan(run)
  if (plan === undefined) {
    desk.wantedPlans.set(`${run.cascadeId}@${run.cascadeVersion}`, run)
    return false
  }
  if (present?.state === 'queued') return wakeQueued(desk, present, nowMs, admitted)
  if (plan === null) {
    finish(set, run, 'cascade_missing', nowMs)
    return true
  }
  const taken = run.chosen ? { steps: run.chosen.order.map((place) => plan.steps[place]!) } : plan
  const next = nextMove(taken, run.step, present?.state)
  if (next.move === 'finish') {
    finish(set, run, next.outcome, nowMs)
    return true
  }
  const card = cards.get(run.subscriberId)
  if (!card) {
    desk.wantedCards.add(run.subscriberId)
    return false
  }
  if (!isPrepared(desk, plan, run, card)) return false
  if (!desk.wording.isReadyFor(stepAt(plan, run, next.step))) return false
  const message = compose(plan, run, next.step, card, nowMs, desk.wording)
  run.step = next.step
  if (message) {
    set.addMessage(message)
    enqueue(desk, message)
  } else finish(set, run, 'template_failed', nowMs)
  return true
}

/** Chooses the order of steps where the cascade leaves it open; false when the subscriber's habits must be read first. */
function isPrepared(desk: Desk, plan: Plan, run: Run, card: Card): boolean {
  if (!plan.needsHabits || run.messages.length > 0) return true
  const { habits } = desk.cards
  const { subscriberId } = run
  if (!habits.has(subscriberId)) {
    habits.want(subscriberId)
    return false
  }
  if (plan.cascade.order !== 'expected_cost' || run.chosen) return true
  run.chosen = chooseOrder(
    plan,
    ({ channel, until, priceMinor }) => {
      const isSendable =
        priceMinor !== undefined &&
        addressFor(desk, card, { channel, run }) !== undefined &&
        consentFor(card, channel, run.purpose ?? plan.cascade.purpose) !== false
      return isSendable ? habits.reachOf(subscriberId, channel, until) : undefined
    },
    (step) => priceOf(step, run, card, desk.wording),
  )
  return true
}

/** A message that waited for its moment, or waits for its channel and is stale by now. */
function wakeQueued(desk: Desk, message: Message, nowMs: number, admitted: Admitted[]): boolean {
  if (nowMs < message.expiresMs) {
    if (message.postponedFor === PAUSED) message.postponedFor = null
    enqueue(desk, message)
    return true
  }
  desk.queueOf(message.channel).drop(message)
  return pass(desk, message, nowMs, admitted)
}

/** While it waits for its channel the run's timer stands at the moment at which nobody wants it any more. */
function enqueue(desk: Desk, message: Message): void {
  desk.queueOf(message.channel).add(message)
  desk.set.changedMessage(message)
  desk.set.setDue(message.run, message.expiresMs)
}

function cancel(desk: Desk, run: Run, present: Message | undefined, nowMs: number): void {
  dropQueued(desk, run)
  const isReached = present !== undefined && reaches(present.state, present.until)
  finish(desk.set, run, isReached ? present.state : 'cancelled', nowMs)
  if (present?.state === 'queued') hold(desk.set, present, 'cancelled', null, nowMs)
}

function dropQueued(desk: Desk, run: Run): void {
  const message = run.messages[run.step]
  if (message?.isWaiting) desk.queueOf(message.channel).drop(message)
}

function answerFact(answer: StoredAnswer): Fact {
  const { subscriberId, channel, at, campaignId, arm } = answer
  const origin = campaignId === null ? {} : { campaignId, arm: arm! }
  return { kind: 'answered', at, subscriberId, channel, ref: answer.answerId, ...origin }
}
