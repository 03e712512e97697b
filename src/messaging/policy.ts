import { type ContactPolicy, durationMs, type Purpose } from './contract.ts'
import { type Closed, closedAt, type OpenHours, type SendWindow } from './hours.ts'

/** Why the gate did not let a message through now. A closed list: the agent and the marketer read the same words. */
export type StopReason =
  | 'no_address'
  | 'stopped'
  | 'opted_out'
  | 'no_consent'
  | 'stale'
  | 'cap_reached'
  | 'minimum_gap'
  | 'quiet_hours'
  | 'send_window'
  | 'channel_missing'

/** A message that reached out to the subscriber. */
export type Contact = { channel: string; runId: string; purpose: Purpose; atMs: number }

export type GateInput = {
  nowMs: number
  channel: string
  runId: string
  purpose: Purpose
  /** Of the campaign, 0 to 100: a cap may spare some of its room for the more important. */
  priority: number
  expiresAtMs: number
  hasAddress: boolean
  /** The subscriber's word on this channel and purpose; undefined where there is none. */
  consent: boolean | undefined
  /** Standing on the stop list: for everything, or for all but transactional messages. */
  stop: 'all' | 'marketing' | undefined
  /** Why it stands there. */
  stopReason?: string | undefined
  timeZone: string
  /** The cascade's own hours. */
  sendWindow?: SendWindow | undefined
  /** The subscriber's contacts, as far back as the longest cap reaches. */
  contacts: Contact[]
}

/** The values that a stop was decided by, for its explanation. */
export type Seen = Record<string, string | number>

export type GateDecision =
  | { decision: 'send' }
  /** Not now: try again at `untilMs`. */
  | { decision: 'postpone'; reason: StopReason; untilMs: number; saw: Seen }
  /** Not at all: the cascade goes on without this message. */
  | { decision: 'hold'; reason: StopReason; saw: Seen }

/**
 * The contact policy's one gate, right before sending. Stops that time will lift (hours, the minimum gap) postpone while
 * the message is fresh; the others hold it for good. A transactional message (a code, a receipt) answers something the
 * subscriber does at this moment: only a missing address, the stop list for everything and its own age stop it.
 */
export function gate(policy: ContactPolicy, input: GateInput): GateDecision {
  if (!input.hasAddress) return hold('no_address', { channel: input.channel })
  const isTransactional = input.purpose === 'transactional'
  if (input.stop === 'all' || (input.stop === 'marketing' && !isTransactional))
    return hold('stopped', {
      stop: input.stop,
      ...(input.stopReason === undefined ? {} : { reason: input.stopReason }),
    })
  if (input.nowMs >= input.expiresAtMs) return hold('stale', { expiresAtMs: input.expiresAtMs })
  if (isTransactional) return send
  if (input.consent === false) return hold('opted_out', { channel: input.channel, purpose: input.purpose })
  if (input.consent === undefined && input.purpose === 'marketing' && policy.consentRequired)
    return hold('no_consent', { channel: input.channel, purpose: input.purpose })
  return capReached(policy, input) ?? withinGap(policy, input) ?? outsideHours(policy, input) ?? send
}

/** How far back contacts must be known for this policy, milliseconds. */
export function memoryMs(policy: ContactPolicy): number {
  const periods = policy.caps.map((cap) => durationMs(cap.period))
  return Math.max(0, ...periods, policy.minimumGap === undefined ? 0 : durationMs(policy.minimumGap))
}

const send: GateDecision = { decision: 'send' }

const hold = (reason: StopReason, saw: Seen): GateDecision => ({ decision: 'hold', reason, saw })

/** Transactional messages are not counted: they are the subscriber's own doing. */
function capReached(policy: ContactPolicy, input: GateInput): GateDecision | undefined {
  for (const { channel, purpose, limit, period, below } of policy.caps) {
    if (channel !== undefined && channel !== input.channel) continue
    if (purpose !== undefined && purpose !== input.purpose) continue
    if (below !== undefined && input.priority >= below) continue
    const sinceMs = input.nowMs - durationMs(period)
    let counted = 0
    for (const contact of input.contacts) {
      const isCounted =
        contact.atMs > sinceMs &&
        contact.purpose !== 'transactional' &&
        (channel === undefined || contact.channel === channel) &&
        (purpose === undefined || contact.purpose === purpose)
      if (isCounted) counted++
    }
    if (counted >= limit)
      return hold('cap_reached', { counted, limit, period, of: channel ?? 'all channels' })
  }
  return undefined
}

function withinGap(policy: ContactPolicy, input: GateInput): GateDecision | undefined {
  if (policy.minimumGap === undefined) return undefined
  let lastMs = Number.NEGATIVE_INFINITY
  for (const { runId, purpose, atMs } of input.contacts) {
    if (runId !== input.runId && purpose !== 'transactional' && atMs > lastMs) lastMs = atMs
  }
  const untilMs = lastMs + durationMs(policy.minimumGap)
  if (untilMs <= input.nowMs) return undefined
  return postponeWhileFresh(input, 'minimum_gap', untilMs, {
    lastAtMs: lastMs,
    minimumGap: policy.minimumGap,
  })
}

/** One object for each policy and window, because what is known of hours hangs on it. */
const hoursOf = new WeakMap<ContactPolicy, Map<SendWindow | undefined, OpenHours>>()

function outsideHours(policy: ContactPolicy, input: GateInput): GateDecision | undefined {
  const { sendWindow: window, nowMs, timeZone } = input
  if (policy.quietHours === undefined && window === undefined) return undefined
  let byWindow = hoursOf.get(policy)
  if (!byWindow) hoursOf.set(policy, (byWindow = new Map()))
  let hours = byWindow.get(window)
  if (!hours) byWindow.set(window, (hours = { quiet: policy.quietHours, window }))
  const closed: Closed | undefined = closedAt(hours, nowMs, timeZone)
  return closed && postponeWhileFresh(input, closed.reason, closed.untilMs, { timeZone })
}

function postponeWhileFresh(input: GateInput, reason: StopReason, untilMs: number, saw: Seen): GateDecision {
  return untilMs >= input.nowMs && untilMs < input.expiresAtMs
    ? { decision: 'postpone', reason, untilMs, saw }
    : { decision: 'hold', reason, saw }
}
