import { type ContactPolicy, durationMs } from './contract.ts'

/** Why the gate did not let a message through now. A closed list: the agent and the marketer read the same words. */
export type StopReason =
  | 'no_consent'
  | 'no_address'
  | 'quiet_hours'
  | 'cap_reached'
  | 'minimum_gap'
  | 'stale'
  | 'channel_missing'

export type Contact = { channel: string; runId: string; atMs: number }

export type GateInput = {
  nowMs: number
  channel: string
  runId: string
  expiresAtMs: number
  hasAddress: boolean
  hasConsent: boolean
  timeZone: string
  /** The subscriber's contacts, as far back as the longest cap reaches. */
  contacts: Contact[]
}

export type GateDecision =
  | { decision: 'send' }
  /** Not now: try again at `untilMs`. */
  | { decision: 'postpone'; reason: StopReason; untilMs: number }
  /** Not at all: the cascade goes on without this message. */
  | { decision: 'hold'; reason: StopReason }

/**
 * The contact policy's one gate, right before sending. Stops that time will lift (quiet hours, the minimum gap)
 * postpone while the message is fresh; the others hold it for good.
 */
export function gate(policy: ContactPolicy, input: GateInput): GateDecision {
  if (!input.hasAddress) return { decision: 'hold', reason: 'no_address' }
  if (policy.consentRequired && !input.hasConsent) return { decision: 'hold', reason: 'no_consent' }
  if (input.nowMs >= input.expiresAtMs) return { decision: 'hold', reason: 'stale' }
  if (policy.caps.some((cap) => isReached(cap, input))) return { decision: 'hold', reason: 'cap_reached' }
  const gapEndMs = endOfGap(policy, input)
  if (gapEndMs > input.nowMs) return postponeWhileFresh(input, 'minimum_gap', gapEndMs)
  const quietEndMs = policy.quietHours
    ? endOfQuiet(policy.quietHours, input.nowMs, input.timeZone)
    : undefined
  if (quietEndMs !== undefined) return postponeWhileFresh(input, 'quiet_hours', quietEndMs)
  return { decision: 'send' }
}

/** How far back contacts must be known for this policy, milliseconds. */
export function memoryMs(policy: ContactPolicy): number {
  const periods = policy.caps.map((cap) => durationMs(cap.period))
  return Math.max(0, ...periods, policy.minimumGap === undefined ? 0 : durationMs(policy.minimumGap))
}

function isReached(cap: ContactPolicy['caps'][number], input: GateInput): boolean {
  const sinceMs = input.nowMs - durationMs(cap.period)
  const counted = input.contacts.filter(
    (contact) => contact.atMs > sinceMs && (cap.channel === undefined || contact.channel === cap.channel),
  )
  return (cap.channel === undefined || cap.channel === input.channel) && counted.length >= cap.limit
}

function endOfGap(policy: ContactPolicy, input: GateInput): number {
  if (policy.minimumGap === undefined) return 0
  const others = input.contacts.filter((contact) => contact.runId !== input.runId)
  return (
    Math.max(0, ...others.map((contact) => contact.atMs)) +
    (others.length > 0 ? durationMs(policy.minimumGap) : 0)
  )
}

function postponeWhileFresh(input: GateInput, reason: StopReason, untilMs: number): GateDecision {
  return untilMs < input.expiresAtMs
    ? { decision: 'postpone', reason, untilMs }
    : { decision: 'hold', reason }
}

/**
 * When the quiet hours that hold now end, or undefined outside of them: the first moment at which the subscriber's
 * own clock shows a time outside. On a night with a clock change the local end may come twice, or the clock may jump
 * over it; then it is the first that still lies ahead, or the jump itself, or the end of the night after.
 */
export function endOfQuiet(
  quiet: { from: string; to: string },
  nowMs: number,
  timeZone: string,
): number | undefined {
  const local = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone)
  if (!isQuiet(quiet, local)) return undefined
  const to = Temporal.PlainTime.from(quiet.to)
  const candidates = [local.getTimeZoneTransition('next')]
  // Two days, because a clock that jumps over the whole loud time makes the quiet hours of two nights one.
  for (const days of [0, 1, 2]) {
    const end = local.toPlainDate().add({ days }).toPlainDateTime(to)
    for (const disambiguation of ['earlier', 'later'] as const)
      candidates.push(end.toZonedDateTime(timeZone, { disambiguation }))
  }
  const ends = candidates.filter(
    (moment) => moment !== null && moment.epochMilliseconds > nowMs && !isQuiet(quiet, moment),
  )
  return Math.min(...ends.map((moment) => moment!.epochMilliseconds))
}

function isQuiet(quiet: { from: string; to: string }, local: Temporal.ZonedDateTime): boolean {
  const time = local.toPlainTime()
  const isAfterFrom = Temporal.PlainTime.compare(time, quiet.from) >= 0
  const isBeforeTo = Temporal.PlainTime.compare(time, quiet.to) < 0
  return quiet.from > quiet.to ? isAfterFrom || isBeforeTo : isAfterFrom && isBeforeTo
}
