import { eventKey, type LoggedEvent } from '../src/events/index.ts'
import { derivedId } from '../src/platform/index.ts'
import type { Aggregate, Trigger } from '../src/triggers/contract.ts'

/*
 * What rules mean, written a second time: slow and plain, from each subscriber's whole history, with nothing of the
 * engine in it. The engine must agree with it.
 */

export type Data = Record<string, unknown>

/** An expression in JavaScript. It throws where the expression is an error, and an error is not true. */
export type Meaning = (event: Data, first: Data, previous: Data) => boolean

/** A rule with the meaning of its expressions; an expression that the document does not have has no meaning. */
export type OracleRule = {
  trigger: Trigger
  where?: Meaning | undefined
  thenWhere?: Meaning | undefined
  /** For each step behind the first of a sequence. */
  steps?: (Meaning | undefined)[] | undefined
  subscriber?: ((subscriberId: number) => boolean) | undefined
  /** Stretches [from, to) in which it stood still, epoch ms. */
  pauses?: { fromMs: number; toMs: number }[]
  /** It sees arrivals from this place on; from the first where it reads what was there before it. */
  start?: number
  /** It was changed then: it sees no arrival from this place on, and no later clock. */
  end?: { place: number; nowMs: number }
}

export type OracleFiring = { ruleId: string; subscriberId: number; key: string; cause: string; atMs: number }

/** What stands around: the clock, and where each subscriber lives (IANA time zone). */
export type Surroundings = { nowMs: number; zoneOf: (subscriberId: number) => string }

type Subject = LoggedEvent & { subscriberId: number }
type Candidate = { event: Subject; atMs: number }

/**
 * Judges events in the order in which they stand in the log: which of them count and which come too late. The place
 * of each in `arrivals` goes along, because a rule sees events only from its start on.
 */
export function acceptedOf(
  arrivals: LoggedEvent[],
  latenessMs: number,
): { accepted: { event: LoggedEvent; place: number }[]; tooLate: LoggedEvent[] } {
  const accepted: { event: LoggedEvent; place: number }[] = []
  const tooLate: LoggedEvent[] = []
  const known = new Set<string>()
  arrivals.forEach((event, place) => {
    const name = JSON.stringify([event.source, event.id, event.isReplayed])
    if (known.has(name)) return
    known.add(name)
    const earlier = accepted.filter((other) => other.event.subscriberId === event.subscriberId)
    const newestMs = Math.max(...earlier.map((other) => other.event.atMs))
    const isLate = event.subscriberId !== null && event.atMs < newestMs - latenessMs
    if (isLate && !event.isReplayed) tooLate.push(event)
    else accepted.push({ event, place })
  })
  return { accepted, tooLate }
}

/** The standing firings of rules after these arrivals, in the order of the log. */
export function firingsOf(
  rules: OracleRule[],
  arrivals: LoggedEvent[],
  latenessMs: number,
  surroundings: Surroundings,
): OracleFiring[] {
  const { accepted } = acceptedOf(arrivals, latenessMs)
  return rules.flatMap((rule) => {
    const { start = 0, end = { place: Infinity, nowMs: surroundings.nowMs } } = rule
    const seen = accepted.filter(({ place }) => place >= start && place < end.place)
    const then = { ...surroundings, nowMs: end.nowMs }
    return standingFirings(
      rule,
      seen.map(({ event }) => event),
      then,
    )
  })
}

/** The standing firings of a rule over accepted events, in no particular order of arrival. */
export function standingFirings(
  rule: OracleRule,
  events: LoggedEvent[],
  surroundings: Surroundings,
): OracleFiring[] {
  const subjects = events.filter((event): event is Subject => event.subscriberId !== null)
  return [...new Set(subjects.map((event) => event.subscriberId))].flatMap((subscriberId) => {
    const own = subjects.filter((event) => event.subscriberId === subscriberId).sort(inOrder)
    const keys = new Set(own.map((event) => keyOf(rule.trigger, event)))
    return [...keys].flatMap((key) => {
      if (key === undefined) return []
      const history = own.filter((event) => keyOf(rule.trigger, event) === key)
      const zone = surroundings.zoneOf(subscriberId)
      const candidates = candidatesOf(rule, history, zone, surroundings.nowMs)
      return gated(rule, candidates, zone, subscriberId).map(({ event, atMs }) => ({
        ruleId: rule.trigger.id,
        subscriberId,
        key: rule.trigger.key === undefined ? '' : String(key),
        cause: derivedId(event.source, event.id),
        atMs,
      }))
    })
  })
}

/** By time, and at equal times by the event's own key: the same whatever the order of arrival. */
function inOrder(a: Subject, b: Subject): number {
  return a.atMs - b.atMs || tieOf(a) - tieOf(b)
}

function tieOf(event: Subject): number {
  const { lo, hi } = eventKey(event.source, event.id, event.isReplayed)
  return (lo >>> 21) * 2 ** 20 + (hi >>> 12)
}

type Scalar = string | number | boolean
const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value)

/** The field that a path such as `event.amount` names. */
function read(event: Subject, path: string): unknown {
  return event.data[path.slice('event.'.length)]
}

/** The history to which an event belongs; undefined when the rule cannot see it. A rule without key has one, ''. */
function keyOf(trigger: Trigger, event: Subject): Scalar | undefined {
  if (trigger.key === undefined) return ''
  const value = read(event, trigger.key)
  return isScalar(value) ? value : undefined
}

function holds(meaning: Meaning | undefined, event: Subject, first = event, previous = event): boolean {
  try {
    return meaning === undefined || meaning(event.data, first.data, previous.data)
  } catch {
    return false
  }
}

const msOf = (duration: string): number => Temporal.Duration.from(duration).total('milliseconds')

/** All that a rule says about one history, before cool-down and the other gates. */
function candidatesOf(rule: OracleRule, history: Subject[], zone: string, nowMs: number): Candidate[] {
  const { trigger } = rule
  const isSeen = (event: Subject): boolean => event.type === trigger.on && holds(rule.where, event)
  const seen = history.filter(isSeen)
  if (trigger.match) return seen.map((event) => ({ event, atMs: event.atMs }))
  if (trigger.change) return changes(trigger.change, seen)
  if (trigger.threshold) return crossings(trigger.threshold, seen, zone)
  if (trigger.sequence) return sequences(rule, trigger.sequence, history, isSeen)
  if (trigger.absence) return absences(rule, trigger.absence, history, isSeen, nowMs)
  throw new Error('not a rule over events')
}

function changes(change: NonNullable<Trigger['change']>, events: Subject[]): Candidate[] {
  const seen = events.filter((event) => isScalar(read(event, change.field)))
  const allows = (list: Scalar | Scalar[] | undefined, value: Scalar): boolean =>
    list === undefined || [list].flat().includes(value)
  return seen.slice(1).flatMap((event, i) => {
    const [old, value] = [read(seen[i]!, change.field) as Scalar, read(event, change.field) as Scalar]
    const moved = old !== value && allows(change.from, old) && allows(change.to, value)
    return moved ? [{ event, atMs: event.atMs }] : []
  })
}

type Threshold = NonNullable<Trigger['threshold']>

function crossings(threshold: Threshold, events: Subject[], zone: string): Candidate[] {
  const { aggregate, of, window } = threshold
  const counts = (event: Subject): boolean => {
    if (of === undefined) return true
    const value = read(event, of)
    // What is only told apart may be a long number too, such as a device's; what is calculated with may not.
    if (aggregate === 'distinct') return isScalar(value)
    return typeof value === 'number' && Math.abs(value) <= 1e12
  }
  const seen = events.filter(counts)
  const isCalendar = !window.startsWith('P')
  const inWindow = (event: Subject, other: Subject): boolean =>
    isCalendar
      ? periodOf(other.atMs, window, zone) === periodOf(event.atMs, window, zone)
      : other.atMs > event.atMs - msOf(window)
  const looked = (window: Subject[]): number | bigint | undefined => aggregated(aggregate, of, window)

  const candidates: Candidate[] = []
  let isArmed = true
  seen.forEach((event, i) => {
    const earlier = seen.slice(0, i).filter((other) => inWindow(event, other))
    if (isCalendar && earlier.length === 0) isArmed = true
    const [before, at] = [looked(earlier), looked([...earlier, event])]
    if (isBack(threshold, before)) isArmed = true
    if (isReached(threshold, at)) {
      if (isArmed) candidates.push({ event, atMs: event.atMs })
      isArmed = false
    } else if (isBack(threshold, at)) isArmed = true
  })
  return candidates
}

/** Sums are exact, in millionths; `undefined` stands for no value. */
function aggregated(
  aggregate: Aggregate,
  of: string | undefined,
  window: Subject[],
): number | bigint | undefined {
  if (aggregate === 'count') return window.length
  const values = window.map((event) => read(event, of!))
  if (aggregate === 'distinct') return new Set(values).size
  const numbers = values as number[]
  const micros = numbers.reduce((sum, value) => sum + microsOf(value), 0n)
  if (aggregate === 'sum') return micros
  if (numbers.length === 0) return undefined
  if (aggregate === 'min') return Math.min(...numbers)
  if (aggregate === 'max') return Math.max(...numbers)
  if (aggregate === 'last') return numbers.at(-1)
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  return (Number((micros - rest) / 1_000_000n) + Number(rest) / 1e6) / numbers.length
}

function microsOf(value: number): bigint {
  const whole = Math.floor(value)
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((value - whole) * 1e6))
}

function isReached({ aggregate, reaches, fallsTo }: Threshold, value: number | bigint | undefined): boolean {
  if (value === undefined) return false
  const limit = (number: number): number | bigint => (aggregate === 'sum' ? microsOf(number) : number)
  return reaches !== undefined ? value >= limit(reaches) : value <= limit(fallsTo!)
}

/** Whether the aggregate has come back far enough for the rule to fire again. */
function isBack(threshold: Threshold, value: number | bigint | undefined): boolean {
  const { aggregate, reaches, rearm } = threshold
  if (rearm === undefined) return !isReached(threshold, value)
  if (value === undefined) return true
  const limit = aggregate === 'sum' ? microsOf(rearm) : rearm
  return reaches !== undefined ? value < limit : value > limit
}

/** A name for the local calendar period in which a moment lies; the two hours of a clock put back are two. */
function periodOf(atMs: number, period: string, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone)
  if (period === 'hour') return `${local.toPlainDate()} ${local.hour} ${local.offset}`
  if (period === 'day') return `${local.toPlainDate()}`
  if (period === 'week') return `${local.yearOfWeek} ${local.weekOfYear}`
  return `${local.toPlainDate().toPlainYearMonth()}`
}

function sequences(
  rule: OracleRule,
  sequence: NonNullable<Trigger['sequence']>,
  history: Subject[],
  isFirst: (event: Subject) => boolean,
): Candidate[] {
  const withinMs = msOf(sequence.within)
  const steps = sequence.then
  /** Whether the steps from `step` on can be taken behind the chain, the last of them by `last`. */
  const canEnd = (chain: Subject[], step: number, free: Subject[], last: Subject): boolean => {
    const [first, previous] = [chain[0]!, chain.at(-1)!]
    return free.some((event, i) => {
      if (event.type !== steps[step]!.on || !holds(rule.steps?.[step], event, first, previous)) return false
      if (step === steps.length - 1) return event === last && last.atMs - first.atMs <= withinMs
      return canEnd([...chain, event], step + 1, free.slice(i + 1), last)
    })
  }
  const candidates: Candidate[] = []
  let since = 0
  history.forEach((last, i) => {
    const free = history.slice(since, i + 1)
    if (!free.some((event, j) => isFirst(event) && canEnd([event], 0, free.slice(j + 1), last))) return
    candidates.push({ event: last, atMs: last.atMs })
    since = i + 1
  })
  return candidates
}

function absences(
  rule: OracleRule,
  absence: NonNullable<Trigger['absence']>,
  history: Subject[],
  isStart: (event: Subject) => boolean,
  nowMs: number,
): Candidate[] {
  const hasOwnEnd = absence.then !== undefined || absence.thenWhere !== undefined
  const isEnd = (event: Subject): boolean =>
    event.type === (absence.then ?? rule.trigger.on) && holds(hasOwnEnd ? rule.thenWhere : rule.where, event)
  const relevant = history.filter((event) => isStart(event) || isEnd(event))
  return relevant.flatMap((event, i) => {
    if (!isStart(event)) return []
    const atMs = event.atMs + msOf(absence.within)
    const next = relevant[i + 1]
    const isOver = next === undefined ? nowMs >= atMs : next.atMs >= atMs
    return isOver ? [{ event, atMs }] : []
  })
}

/** Those candidates that pass validity, pauses, the subscriber's condition, cool-down and limit. */
function gated(rule: OracleRule, candidates: Candidate[], zone: string, subscriberId: number): Candidate[] {
  const { validFrom, validTo, cooldown, limit } = rule.trigger
  const kept: Candidate[] = []
  for (const candidate of candidates) {
    const { atMs } = candidate
    if (validFrom !== undefined && atMs < Date.parse(validFrom)) continue
    if (validTo !== undefined && atMs >= Date.parse(validTo)) continue
    if (rule.pauses?.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)) continue
    if (rule.subscriber && !rule.subscriber(subscriberId)) continue
    const last = kept.at(-1)
    if (cooldown !== undefined && last !== undefined && atMs - last.atMs < msOf(cooldown)) continue
    if (limit) {
      const { per, times } = limit
      const isSame = (other: Candidate): boolean =>
        per === 'ever' || periodOf(other.atMs, per, zone) === periodOf(atMs, per, zone)
      if (kept.filter(isSame).length >= times) continue
    }
    kept.push(candidate)
  }
  return kept
}
