import { nextHourMs } from './best-hour.ts'
import { addressOf, type Card, consentFor, stopAt } from './cards.ts'
import type { OutboundMessage } from './channel.ts'
import type { Desk } from './desk.ts'
import { type Message, PAUSED } from './message.ts'
import { gate, type GateDecision } from './policy.ts'
import { hold } from './progress.ts'

/** A message that may go, and what its channel is given. */
export type Admitted = { message: Message; outbound: OutboundMessage }

/** What one tick hands to all channels, at most: a tick must be short, because others wait for it. */
const TICK_MARKS = 4_000

/**
 * Lets messages out of their queues, each channel's as far as it has room: through the gate, and marked as being
 * submitted. They are handed over when the marks are durable (docs/adr/0006). Returns whether anything moved.
 */
export function admit(desk: Desk, nowMs: number, admitted: Admitted[]): boolean {
  let moved = false
  for (const [channel, queue] of desk.queues) {
    if (queue.size === 0) continue
    let room = Math.min(desk.roomOf(channel) - marked(admitted, channel), TICK_MARKS - admitted.length)
    while (room > 0) {
      const message = queue.take()
      if (message === undefined) break
      const before = admitted.length
      if (!pass(desk, message, nowMs, admitted)) {
        queue.add(message)
        break
      }
      moved = true
      room -= admitted.length - before
    }
  }
  return moved
}

/** What was marked in this tick counts against the room, because the channel has not seen it yet. */
function marked(admitted: Admitted[], channel: string): number {
  let count = 0
  for (const { message } of admitted) if (message.channel === channel) count++
  return count
}

/**
 * Takes one message through the gate, whatever the room. False when its subscriber's card is not there: it has been
 * asked for, and the message must come again.
 */
export function pass(desk: Desk, message: Message, nowMs: number, admitted: Admitted[]): boolean {
  const { set, cards } = desk
  const { run } = message
  if (desk.stopped.get(run.campaignId) === 'paused') {
    message.postponedFor = PAUSED
    set.changedMessage(message)
    set.setDue(run, null)
    return true
  }
  const card = cards.get(run.subscriberId)
  if (!card) {
    desk.wantedCards.add(run.subscriberId)
    return false
  }
  if (!desk.channels.has(message.channel)) {
    hold(set, message, 'channel_missing', { channel: message.channel }, nowMs)
    return true
  }
  const address = addressFor(desk, card, message)
  const decision = decide(desk, card, address, message, nowMs)
  if (decision.decision === 'hold') hold(set, message, decision.reason, decision.saw, nowMs)
  else if (decision.decision === 'postpone')
    postpone(desk, message, decision.reason, decision.untilMs, decision.saw)
  else if (isWithoutHabit(desk, message)) return false
  else if (isBeforeHour(desk, card, message, nowMs) || isBeforeTurn(desk, message, nowMs)) return true
  else {
    mark(desk, card, message, nowMs)
    admitted.push({ message, outbound: outboundOf(message, address!) })
  }
  return true
}

function decide(
  { catalogue }: Desk,
  card: Card,
  address: string | undefined,
  message: Message,
  nowMs: number,
): GateDecision {
  const { channel, run, purpose, priority, expiresMs } = message
  const stop = stopAt(card, nowMs)
  return gate(catalogue.policy, {
    nowMs,
    channel,
    runId: run.runId,
    purpose,
    priority,
    expiresAtMs: expiresMs,
    hasAddress: address !== undefined,
    consent: consentFor(card, channel, purpose),
    stop: stop?.scope,
    stopReason: stop?.reason,
    timeZone: card.timeZone,
    sendWindow: catalogue.plan(run)?.cascade.sendWindow,
    contacts: card.contacts(run.runId),
  })
}

/** Whether the message has an hour of its own, and nobody has looked yet which. */
function isWithoutHabit({ catalogue, cards }: Desk, { run, step }: Message): boolean {
  if (step > 0 || catalogue.plan(run)?.cascade.timing !== 'best_hour') return false
  if (cards.habits.has(run.subscriberId)) return false
  cards.habits.want(run.subscriberId)
  return true
}

/**
 * A first contact waits for the hour at which its subscriber uses to react, once: the first such hour from when it was
 * made. If it would be stale by then, or other rules keep it beyond that hour, it goes as soon as it may.
 */
function isBeforeHour(desk: Desk, card: Card, message: Message, nowMs: number): boolean {
  const { run, step, queuedMs, expiresMs } = message
  if (step > 0 || desk.catalogue.plan(run)?.cascade.timing !== 'best_hour') return false
  const best = desk.cards.habits.hourOf(run.subscriberId)
  if (!best) return false
  const { timeZone } = card
  const untilMs = nextHourMs(best.hour, queuedMs, timeZone)
  if (untilMs <= nowMs || untilMs >= expiresMs) return false
  postpone(desk, message, 'best_hour', untilMs, { ...best, timeZone })
  return true
}

/** The address that the step's channel dials; undefined where there is none. */
export function addressFor(
  desk: Desk,
  card: Card,
  { channel, run }: Pick<Message, 'channel' | 'run'>,
): string | undefined {
  const kind = desk.catalogue.traits(channel)?.addressKind
  return kind && addressOf(card, kind, channel, run.subscriberId)
}

function postpone(desk: Desk, message: Message, reason: string, untilMs: number, saw: object): void {
  message.postponedFor = reason
  message.saw = saw
  message.notBeforeMs = untilMs
  desk.set.changedMessage(message)
  desk.set.setDue(message.run, untilMs)
}

/** How far a paced cascade may catch up what a busy moment made it miss, ms; what a pause made it miss is gone. */
const CATCH_UP_MS = 1_000

/**
 * First contacts of a paced cascade have their turns one after the other, so many a minute of domain time. Who comes too
 * late for its turn, because sending was paused or the channel away, and finds others before it, gets a new one.
 */
function isBeforeTurn(desk: Desk, message: Message, nowMs: number): boolean {
  const cascade = desk.catalogue.plan(message.run)?.cascade
  if (cascade?.perMinute === undefined || message.step > 0) return false
  const everyMs = 60_000 / cascade.perMinute
  const { nextMs, freeMs } = desk.turns.get(cascade.id) ?? { nextMs: nowMs, freeMs: nowMs }
  if (nextMs <= nowMs && (message.isPaced || freeMs <= nowMs)) {
    const afterMs = Math.max(nextMs, nowMs - CATCH_UP_MS) + everyMs
    desk.turns.set(cascade.id, { nextMs: afterMs, freeMs: Math.max(freeMs, afterMs) })
    return false
  }
  const turnMs = Math.max(nowMs, nextMs, freeMs)
  desk.turns.set(cascade.id, { nextMs, freeMs: turnMs + everyMs })
  message.isPaced = true
  postpone(desk, message, 'pacing', Math.ceil(turnMs), { perMinute: cascade.perMinute })
  return true
}

function mark(desk: Desk, card: Card, message: Message, nowMs: number): void {
  message.state = 'submitting'
  message.markedMs = nowMs
  message.isInFlight = true
  desk.cards.addContact(card, message, nowMs)
  desk.countInFlight(message, 1)
  desk.set.changedMessage(message)
  desk.set.setDue(message.run, null)
}

/** What a channel is given of a message. */
export function outboundOf(message: Message, address: string): OutboundMessage {
  const { messageId, reference, expiresMs, content } = message
  return { ...content, messageId, address, reference, expiresAtMs: expiresMs }
}
