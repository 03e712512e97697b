/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds data and is never called */
import { encodeRecord, type LoggedEvent, partitionOf } from '../src/events/index.ts'
import { derivedId, type EventLog, RecordBatch } from '../src/platform/index.ts'
import { type Trigger, triggerSchema } from '../src/triggers/index.ts'

/** Subscribers with a past: their events happened hours ago and arrive in disorder now. */
export const PAST_SUBSCRIBERS = 60
/** Subscribers whose events happen now, so that waits run out while the workers come and go. */
const LIVE_SUBSCRIBERS = 18
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** The engine's bound; what is late stays below it, and what is too late is far beyond it. */
export const LATENESS_MS = HOUR_MS
/** From the first event's time on, this much later with each event; it never comes near to the present. */
const FIRST_AGO_MS = 6 * HOUR_MS
const STEP_MS = 250
const NEWEST_AGO_MS = 30 * MINUTE_MS
/** All other waits of the rules have run out long ago, or do so long after the test. */
export const LONGEST_SHORT_WAIT_MS = 3_000
export const MOST_EVENTS = (FIRST_AGO_MS - NEWEST_AGO_MS) / STEP_MS

const bodies: Record<string, Partial<Trigger>> = {
  match: { on: 'a', where: 'event.amount > 9.0 && event.flag', match: {} },
  probed: { on: 'b', where: "event.kind == 'probe'", match: {} },
  audience: { on: 'c', match: {}, subscriber: "subscriber.plan == 'pro'" },
  change: { on: 'a', change: { field: 'event.kind', from: 'x', to: ['y', 'z'] } },
  'change-of-order': {
    on: 'a',
    key: 'event.order',
    change: { field: 'event.flag', to: false },
    cooldown: 'PT10M',
  },
  often: { on: 'b', threshold: { aggregate: 'count', window: 'PT5M', reaches: 8 } },
  spent: {
    on: 'a',
    threshold: { aggregate: 'sum', of: 'event.amount', window: 'hour', reaches: 300, rearm: 250 },
  },
  poor: {
    on: 'c',
    threshold: { aggregate: 'average', of: 'event.amount', window: 'PT3M', fallsTo: 3, rearm: 4 },
  },
  varied: {
    on: 'a',
    threshold: { aggregate: 'distinct', of: 'event.order', window: 'PT2M', reaches: 4 },
    limit: { times: 20, per: 'hour' },
  },
  low: { on: 'b', threshold: { aggregate: 'last', of: 'event.amount', window: 'PT1H', fallsTo: 0.5 } },
  pair: {
    on: 'a',
    where: 'event.amount > 5.0',
    sequence: { then: [{ on: 'b', where: 'event.order == first.order' }], within: 'PT2M' },
  },
  three: {
    on: 'a',
    key: 'event.order',
    sequence: { then: [{ on: 'b' }, { on: 'c', where: 'event.amount > previous.amount' }], within: 'PT10M' },
    cooldown: 'PT5M',
  },
  'silent-seconds': { on: 'c', absence: { within: 'PT2S' } },
  'silent-seconds-of-order': { on: 'b', key: 'event.order', absence: { then: 'a', within: 'PT3S' } },
  'silent-minutes': { on: 'a', where: 'event.flag', absence: { then: 'b', within: 'PT5M' } },
  'silent-days': { on: 'b', absence: { then: 'c', within: 'P2D' } },
}

/** A rule that many firings do not stop. */
export function ruleOf(id: string, body: Partial<Trigger>): Trigger {
  return triggerSchema.parse({ kind: 'Trigger', id, ceilingPerHour: 10_000_000, ...body })
}

/** Rules of every kind that reads events. */
export const rules: Trigger[] = Object.entries(bodies).map(([id, body]) => ruleOf(id, body))

/** Numbers of [0, 1) that follow from a seed (a linear congruential generator modulo 2^32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Events of all subscribers as they arrive: late within the bound, too late, and some of them again. */
export class Traffic {
  readonly #random: () => number
  readonly #startMs: number
  /** Events of the past that have been made. */
  made = 0
  #live = 0
  #repeatable: LoggedEvent[] = []
  tooLate = 0
  repeated = 0

  constructor(seed: number, startMs: number) {
    this.#random = randomOf(seed)
    this.#startMs = startMs
  }

  /** The next events: `past` of those who have a past, a few live ones, and repetitions of earlier ones. */
  next(past: number, nowMs: number): { fresh: LoggedEvent[]; repeats: LoggedEvent[] } {
    const fresh = Array.from({ length: past }, () => this.#past(nowMs))
    for (let i = 0; i < past / 40; i++) fresh.push(this.#liveEvent(nowMs))
    const repeats = Array.from({ length: this.#repeatable.length > 0 ? past / 20 : 0 }, () => this.#repeat())
    this.repeated += repeats.length
    this.#repeatable = [...this.#repeatable.slice(-4_000), ...fresh]
    return { fresh, repeats }
  }

  #past(nowMs: number): LoggedEvent {
    const serial = this.made++
    const subscriberId = 1 + this.#below(PAST_SUBSCRIBERS)
    const baseMs = this.#startMs - FIRST_AGO_MS + serial * STEP_MS
    // By then everybody has been seen: who was not has nothing to be behind of.
    const isTooLate = serial > 2_000 && this.#random() < 0.001
    if (isTooLate) this.tooLate++
    const lagMs = isTooLate ? 2.5 * HOUR_MS : this.#random() < 0.2 ? this.#below(40 * MINUTE_MS) : 0
    return this.#event(`past-${serial}`, subscriberId, baseMs - lagMs, nowMs)
  }

  #liveEvent(nowMs: number): LoggedEvent {
    const subscriberId = PAST_SUBSCRIBERS + 1 + this.#below(LIVE_SUBSCRIBERS)
    return this.#event(`live-${this.#live++}`, subscriberId, nowMs - this.#below(1_500), nowMs)
  }

  #event(id: string, subscriberId: number, atMs: number, nowMs: number): LoggedEvent {
    const data = {
      amount: this.#below(1_000) / 100,
      kind: 'xyz'[this.#below(3)]!,
      order: 1 + this.#below(4),
      flag: this.#random() < 0.3,
    }
    return eventOf(id, 'aabc'[this.#below(4)]!, subscriberId, { atMs, receivedMs: nowMs, data })
  }

  #repeat(): LoggedEvent {
    return this.#repeatable[this.#below(this.#repeatable.length)]!
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end)
  }
}

/** An event of the one source of these tests. */
export function eventOf(
  id: string,
  type: string,
  subscriberId: number,
  rest: Pick<LoggedEvent, 'atMs' | 'receivedMs' | 'data'>,
): LoggedEvent {
  return { id, source: 'network', type, subscriberId, isReplayed: false, ...rest }
}

/** Appends events in their order; how many were new to the log. */
export async function append(log: EventLog, events: LoggedEvent[]): Promise<number> {
  const batches = Array.from({ length: log.partitions }, () => new RecordBatch(1024))
  for (const event of events)
    batches[partitionOf(event.subscriberId, log.partitions)]!.add(encodeRecord(event))
  const answers = await log.append(batches)
  return answers.reduce((sum, bytes) => sum + bytes.reduce((all, byte) => all + byte, 0), 0)
}

export type FiringRow = { ruleId: string; subscriberId: number; key: string; cause: string; atMs: number }

/** Firings as lines that name their causes, sorted. */
export function linesOf(firings: FiringRow[], events: LoggedEvent[]): string[] {
  const ids = new Map(events.map(({ source, id }) => [derivedId(source, id), id]))
  return firings
    .map(({ ruleId, subscriberId, key, cause, atMs }) =>
      [ruleId, subscriberId, JSON.stringify(key), ids.get(cause), new Date(atMs).toISOString()].join(' '),
    )
    .sort()
}
