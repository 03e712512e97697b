import { type Database, derivedId, DomainError, instantOf, type Tx } from '../platform/index.ts'
import { selectByDate } from '../profiles/index.ts'
import {
  dateOf,
  FIRST_MS,
  LAST_MS,
  type Moment,
  momentsBetween,
  nextMomentMs,
  occursOn,
  patternOf,
} from './anniversary.ts'
import type { Audience } from './audience.ts'
import { Calendar } from './calendar.ts'
import { defaultCeilingPerHour, nameOf } from './compile.ts'
import type { Trigger } from './contract.ts'
import {
  advanceDateRuns,
  countFiringsBetween,
  type DateFiring,
  insertDateFirings,
  lockDateRun,
  noteDateRules,
  selectEarlierFirings,
} from './date-store.ts'
import { Gate, type GateRule } from './gate.ts'
import { insertPause } from './store.ts'

const PAGE_ROWS = 20_000
const HOUR_MS = 3_600_000
/** A rule without anything to do notes where it is as often as this, for zones and changes that come later. */
const QUIET_MS = 60_000

export type DatesParts = {
  database: Database
  tenantId: string
  /** Refreshed with these rules. */
  audience: Audience
  triggers: Trigger[]
  pausesOf: (ruleId: string) => GateRule['pauses']
  nowMs: number
}

export type DatesResult = {
  fired: number
  /** Days that were too long ago to be made up for, by rule. */
  skipped: { ruleId: string; days: number }[]
  /** Rules that fired beyond their ceiling and were stopped. */
  stopped: string[]
  /** Rules that cannot run now; they are made up for when they can. */
  problems: { ruleId: string; problem: string }[]
  /** When to look again: the next moment at which a rule's time of day comes in any zone. */
  nextDueMs: number | null
}

type DateRule = Trigger & { date: NonNullable<Trigger['date']> }
type ZoneMoments = Map<string, Moment[]>

/**
 * Fires date rules whose time of day has come in a time zone since they looked last. What a rule fires and how far it
 * has looked are stored together, so that a crash in the middle leaves nothing and repeats nothing. A rule begins at
 * the moment at which it is first seen. Look again at `nextDueMs`, or before when rules change or subscribers come.
 */
export async function runDates(parts: DatesParts): Promise<DatesResult> {
  const { database, tenantId, audience, triggers, nowMs } = parts
  const rules = triggers.filter((trigger): trigger is DateRule => trigger.date !== undefined)
  const result: DatesResult = { fired: 0, skipped: [], stopped: [], problems: [], nextDueMs: null }
  const now = instantOf(nowMs)
  const due: DateRule[] = []
  await database.tx(tenantId, async (tx) => {
    const ranTo = await noteDateRules(
      tx,
      rules.map(({ id }) => id),
      now,
    )
    const quiet: string[] = []
    for (const rule of rules) {
      const fromMs = ranTo.get(rule.id)!.epochMilliseconds
      const isDue = audience.zones.some((zone) => nextMomentMs(rule.date.at, zone, fromMs) <= nowMs)
      if (isDue) due.push(rule)
      else if (nowMs - fromMs >= QUIET_MS) quiet.push(rule.id)
    }
    if (quiet.length > 0) advanceDateRuns(tx, quiet, now)
  })
  for (const rule of due) {
    try {
      await database.tx(tenantId, (tx) => runRule(tx, rule, parts, result))
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      result.problems.push({ ruleId: rule.id, problem: error.message })
    }
  }
  result.nextDueMs = nextDueMs(rules, audience.zones, nowMs)
  return result
}

async function runRule(tx: Tx, rule: DateRule, parts: DatesParts, result: DatesResult): Promise<void> {
  const { audience, nowMs } = parts
  const ranTo = await lockDateRun(tx, rule.id)
  if (ranTo === undefined) return
  const zones: ZoneMoments = new Map()
  let skippedDays = 0
  for (const zone of audience.zones) {
    const { moments, skipped } = momentsBetween(rule.date.at, zone, ranTo.epochMilliseconds, nowMs)
    if (moments.length > 0) zones.set(zone, moments)
    skippedDays = Math.max(skippedDays, skipped)
  }
  const run = new RuleRun(tx, rule, parts)
  const fired = await run.fire(zones)
  advanceDateRuns(tx, [rule.id], instantOf(nowMs))
  if (run.isStopped) result.stopped.push(rule.id)
  if (skippedDays > 0) result.skipped.push({ ruleId: rule.id, days: skippedDays })
  result.fired += fired
}

function nextDueMs(rules: DateRule[], zones: readonly string[], nowMs: number): number | null {
  let nextMs = Number.POSITIVE_INFINITY
  for (const at of new Set(rules.map(({ date }) => date.at))) {
    for (const zone of zones) nextMs = Math.min(nextMs, nextMomentMs(at, zone, nowMs))
  }
  return Number.isFinite(nextMs) ? nextMs : null
}

/** One rule at the moments that have come. */
class RuleRun {
  readonly #tx: Tx
  readonly #rule: DateRule
  readonly #calendar: Calendar
  readonly #tenantZone: string
  readonly #gate: Gate
  /** How often the rule has fired, by hour. */
  readonly #counts = new Map<number, number>()
  #stoppedFromMs = Number.POSITIVE_INFINITY

  constructor(tx: Tx, rule: DateRule, { audience, pausesOf }: DatesParts) {
    this.#tx = tx
    this.#rule = rule
    this.#calendar = new Calendar(audience.zoneOf)
    this.#tenantZone = audience.zones[0]!
    const { validFrom, validTo, limit } = rule
    this.#gate = new Gate({
      cooldownMs: 0,
      limit,
      validFromMs: validFrom === undefined ? Number.NEGATIVE_INFINITY : msOf(validFrom),
      validToMs: validTo === undefined ? Number.POSITIVE_INFINITY : msOf(validTo),
      pauses: pausesOf(rule.id),
      admits: audience.admitsOf(rule),
    })
  }

  get isStopped(): boolean {
    return Number.isFinite(this.#stoppedFromMs)
  }

  /** Goes through everybody whose date may fall on one of the days; the count of firings that are new. */
  async fire(zones: ZoneMoments): Promise<number> {
    const { id, date } = this.#rule
    const days = [...zones.values()].flat().map(({ day }) => day.subtract({ days: date.days }).toString())
    const query = {
      attribute: nameOf(date.field),
      zones: [...zones.keys()],
      tenantZone: this.#tenantZone,
      ...patternOf(
        date.every,
        [...new Set(days)].map((day) => Temporal.PlainDate.from(day)),
      ),
      firstMs: FIRST_MS,
      lastMs: LAST_MS,
    }
    let fired = 0
    for (let after = 0, isMore = zones.size > 0; isMore;) {
      const page = await selectByDate(this.#tx, query, after, PAGE_ROWS)
      const candidates = page.flatMap(({ subscriberId, timeZone, value }) => {
        const found = dateOf(value, timeZone)
        return found === undefined ? [] : this.#candidates(subscriberId, found, zones.get(timeZone)!)
      })
      fired += await insertDateFirings(this.#tx, id, await this.#passing(candidates))
      isMore = page.length === PAGE_ROWS
      after = page.at(-1)?.subscriberId ?? after
    }
    return fired
  }

  #candidates(subscriberId: number, date: Temporal.PlainDate, moments: Moment[]): DateFiring[] {
    const { id, date: rule } = this.#rule
    return moments.flatMap(({ day, atMs }) => {
      const occurrence = day.subtract({ days: rule.days })
      if (!occursOn(date, rule.every, occurrence)) return []
      const cause = derivedId('date', id, day.toString())
      return [{ subscriberId, cause, firedAtMs: atMs, values: { date: occurrence.toString() } }]
    })
  }

  /** The candidates, in order of subscriber and time, that pass the gates and the ceiling. */
  async #passing(candidates: DateFiring[]): Promise<DateFiring[]> {
    const { id, limit } = this.#rule
    const earlier = new Map<number, { cause: string; firedAtMs: number }[]>()
    if (limit && candidates.length > 0) {
      const subscriberIds = [...new Set(candidates.map(({ subscriberId }) => subscriberId))]
      for (const { subscriberId, ...firing } of await selectEarlierFirings(this.#tx, id, subscriberIds)) {
        earlier.set(subscriberId, [...(earlier.get(subscriberId) ?? []), firing])
      }
    }
    const passing: DateFiring[] = []
    for (const candidate of candidates) {
      const { subscriberId, cause, firedAtMs } = candidate
      const before = earlier.get(subscriberId) ?? []
      if (before.some((firing) => firing.cause === cause)) continue
      // The gate's memory of one subscriber, made anew from what is stored.
      const startMs = limit ? startOf(limit.per, this.#calendar, subscriberId, firedAtMs) : 0
      const words = Float64Array.of(startMs, before.filter((firing) => firing.firedAtMs >= startMs).length)
      if (!this.#gate.pass(words, 0, firedAtMs, subscriberId, this.#calendar)) continue
      if (!(await this.#isBelowCeiling(firedAtMs))) continue
      passing.push(candidate)
      if (limit) earlier.set(subscriberId, [...before, candidate])
    }
    return passing
  }

  /** Counts a firing; the first one too many stops the rule from its moment on. */
  async #isBelowCeiling(firedAtMs: number): Promise<boolean> {
    const { id, ceilingPerHour = defaultCeilingPerHour } = this.#rule
    if (firedAtMs >= this.#stoppedFromMs) return false
    const hour = Math.floor(firedAtMs / HOUR_MS)
    let count = this.#counts.get(hour)
    if (count === undefined) {
      const [from, to] = [instantOf(hour * HOUR_MS), instantOf((hour + 1) * HOUR_MS)]
      count = await countFiringsBetween(this.#tx, id, from, to)
    }
    this.#counts.set(hour, count + 1)
    if (count < ceilingPerHour) return true
    this.#stoppedFromMs = firedAtMs
    await insertPause(this.#tx, id, instantOf(firedAtMs), 'ceiling')
    return false
  }
}

const startOf = (
  per: NonNullable<Trigger['limit']>['per'],
  calendar: Calendar,
  subscriberId: number,
  atMs: number,
): number => (per === 'ever' ? 0 : calendar.startMs(subscriberId, per, atMs))

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
