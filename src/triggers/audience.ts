import { type CelType, compileExpression, type Fields, type Predicate } from '../expressions/index.ts'
import { type Database, DomainError, type Tx } from '../platform/index.ts'
import {
  selectSnapshot,
  selectSubscriberChanges,
  selectSubscriberPage,
  type SubscriberColumns,
} from '../profiles/index.ts'
import type { ZoneOf } from './calendar.ts'
import { nameOf } from './compile.ts'
import { calendarPeriods, type Trigger } from './contract.ts'

const PAGE_ROWS = 20_000
/** Conditions that no rule has any more are kept up to this many. */
const UNASKED = 50

type Parts = {
  database: Database
  tenantId: string
  /** The tenant's. */
  timeZone: string
  refreshEveryMs?: number
}

/** One condition over `subscriber`, and who satisfies it; rules with the same condition share it. */
type Condition = {
  source: string
  /** Attributes that it reads. */
  attributes: string[]
  /** Null when it does not fit the declared attributes any more; `error` says why. */
  predicate: Predicate | null
  error: DomainError | null
  /** A bit for each subscriber, by number. */
  bits: Uint8Array
  /** False until everybody has been looked at. */
  isComplete: boolean
}

/**
 * What rules ask about the subscribers of one tenant, in memory: their time zones and who satisfies which condition.
 * It is read once in whole and then kept up with what others write, so that a rule asks it without waiting.
 */
export class Audience {
  /** The zone of a subscriber; the tenant's for one who is unknown or has none of his own. */
  readonly zoneOf: ZoneOf
  readonly #database: Database
  readonly #tenantId: string
  readonly #refreshEveryMs: number
  /** Zones by their number; 0 is the tenant's. */
  readonly #zones: string[]
  readonly #numbers = new Map<string, number>()
  /** The number of each subscriber's zone. It grows only for those who have one of their own. */
  #zoneAt = new Uint16Array(0)
  #conditions = new Map<string, Condition>()
  #declared = ''
  /** What everything up to now has been read of; undefined before the first reading. */
  #snapshot: string | undefined
  #refreshedAtMs = 0
  #running: Promise<void> = Promise.resolve()

  constructor({ database, tenantId, timeZone, refreshEveryMs = 1_000 }: Parts) {
    this.#database = database
    this.#tenantId = tenantId
    this.#refreshEveryMs = refreshEveryMs
    this.#zones = [timeZone]
    this.zoneOf = (subscriberId) => this.#zones[this.#zoneAt[subscriberId] ?? 0]!
  }

  /** Every zone that a subscriber has or had, as it is stored, the tenant's first. */
  get zones(): readonly string[] {
    return this.#zones
  }

  /**
   * Who satisfies a rule's condition on the subscriber, as of the last refresh; undefined when it has none. One who is
   * unknown does not. Throws `expression_invalid` when the declared attributes have changed so that it no longer fits
   * them. The rule must have been in the last refresh.
   */
  admitsOf(trigger: Trigger): ((subscriberId: number) => boolean) | undefined {
    if (trigger.subscriber === undefined) return undefined
    const source = trigger.subscriber
    const known = this.#conditions.get(source)
    if (known === undefined) throw new Error(`the audience of rule "${trigger.id}" has not been read`)
    if (known.error) throw known.error
    return (subscriberId) => {
      const { bits } = this.#conditions.get(source) ?? known
      return (bits[subscriberId >>> 3]! & (1 << (subscriberId & 7))) !== 0
    }
  }

  /**
   * Reads what these rules need: everybody at first and for a new condition, then only what has changed, at most once
   * a second. `declarations` are the types of the attributes.
   */
  refresh(triggers: Trigger[], declarations: Record<string, CelType>): Promise<void> {
    const refreshed = this.#running.then(() => this.#refresh(triggers, declarations))
    this.#running = refreshed.catch(() => undefined)
    return refreshed
  }

  async #refresh(triggers: Trigger[], declarations: Record<string, CelType>): Promise<void> {
    const declared = JSON.stringify(declarations)
    const chosen = this.#chosen(triggers, declarations, declared)
    const conditions = [...chosen.values()]
    const fresh = conditions.filter(({ isComplete }) => !isComplete)
    const isFirst = this.#snapshot === undefined
    if (fresh.length === 0) {
      // The machine's monotonic time: this spares a store and is no business of the simulated clock.
      const isEarly = performance.now() - this.#refreshedAtMs < this.#refreshEveryMs
      if (isFirst ? !triggers.some(needsZones) : isEarly) {
        this.#take(chosen, declared)
        return
      }
    }
    this.#refreshedAtMs = performance.now()
    await this.#database.tx(this.#tenantId, async (tx) => {
      const snapshot = await selectSnapshot(tx)
      if (isFirst || fresh.length > 0) await this.#readAll(tx, fresh)
      if (this.#snapshot !== undefined) await this.#readChanges(tx, this.#snapshot, conditions)
      this.#snapshot = snapshot
    })
    for (const condition of fresh) condition.isComplete = true
    this.#take(chosen, declared)
  }

  /** The conditions of these rules and those that are known anyway; new ones have not been read yet. */
  #chosen(
    triggers: Trigger[],
    declarations: Record<string, CelType>,
    declared: string,
  ): Map<string, Condition> {
    const known = declared === this.#declared ? this.#conditions : new Map<string, Condition>()
    const asked = new Set(triggers.flatMap(({ subscriber }) => subscriber ?? []))
    // A rule that is only tried comes and goes; what nobody asks for is kept up with until it becomes much.
    const unasked = [...known.keys()].filter((source) => !asked.has(source))
    const kept = unasked.length > UNASKED ? [] : unasked
    const conditions = new Map(kept.map((source) => [source, known.get(source)!]))
    for (const source of asked) {
      conditions.set(source, known.get(source) ?? conditionOf(source, declarations))
    }
    return conditions
  }

  /** From here on rules see these conditions: not before they are read in whole. */
  #take(conditions: Map<string, Condition>, declared: string): void {
    this.#conditions = conditions
    this.#declared = declared
  }

  async #readAll(tx: Tx, conditions: Condition[]): Promise<void> {
    const attributes = attributesOf(conditions)
    for (let after = 0, isMore = true; isMore;) {
      const page = await selectSubscriberPage(tx, attributes, after, PAGE_ROWS)
      this.#takePage(page, attributes, conditions)
      isMore = page.ids.length === PAGE_ROWS
      after = page.ids.at(-1) ?? after
    }
  }

  async #readChanges(tx: Tx, snapshot: string, conditions: Condition[]): Promise<void> {
    const attributes = attributesOf(conditions)
    for (let after = null, isMore = true; isMore;) {
      const page = await selectSubscriberChanges(tx, attributes, snapshot, after, PAGE_ROWS)
      this.#takePage(page, attributes, conditions)
      after = page.last
      isMore = after !== null
    }
  }

  #takePage(
    { ids, timeZones, attributes: columns }: SubscriberColumns,
    attributes: string[],
    conditions: Condition[],
  ): void {
    ids.forEach((subscriberId, row) => {
      this.#setZone(subscriberId, timeZones[row] ?? null)
      if (conditions.length === 0) return
      const subscriber: Fields = {}
      attributes.forEach((name, i) => {
        const value = columns[i]![row]
        if (value !== null) subscriber[name] = value
      })
      for (const condition of conditions) {
        if (condition.predicate === null) continue
        const place = subscriberId >>> 3
        const bit = 1 << (subscriberId & 7)
        if (condition.predicate(subscriber)) {
          if (place >= condition.bits.length) condition.bits = grown(condition.bits, place)
          condition.bits[place]! |= bit
        } else if (place < condition.bits.length) condition.bits[place]! &= ~bit
      }
    })
  }

  #setZone(subscriberId: number, timeZone: string | null): void {
    const number = timeZone === null ? 0 : this.#numberOf(timeZone)
    if (subscriberId >= this.#zoneAt.length) {
      if (number === 0) return
      this.#zoneAt = grown(this.#zoneAt, subscriberId)
    }
    this.#zoneAt[subscriberId] = number
  }

  #numberOf(timeZone: string): number {
    if (timeZone === this.#zones[0]) return 0
    let number = this.#numbers.get(timeZone)
    if (number === undefined) {
      number = this.#zones.push(timeZone) - 1
      if (number > 0xff_ff) throw new Error('more time zones than there can be')
      this.#numbers.set(timeZone, number)
    }
    return number
  }
}

/** True when a rule asks in which zone a subscriber lives. */
function needsZones({ threshold, limit, date }: Trigger): boolean {
  if (date) return true
  const periods: readonly string[] = calendarPeriods
  return periods.includes(threshold?.window ?? '') || periods.includes(limit?.per ?? '')
}

function conditionOf(source: string, declarations: Record<string, CelType>): Condition {
  const condition: Condition = {
    source,
    attributes: [],
    predicate: null,
    error: null,
    bits: new Uint8Array(0),
    isComplete: true,
  }
  try {
    const expression = compileExpression(source, { subscriber: declarations }, 'bool')
    const attributes = expression.fields.map(nameOf)
    return { ...condition, attributes, predicate: expression.toPredicate(), isComplete: false }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { ...condition, error }
  }
}

const attributesOf = (conditions: Condition[]): string[] => [
  ...new Set(conditions.flatMap(({ attributes }) => attributes)),
]

/** The same numbers in an array that has a place `index`, and room for as many again. */
function grown<A extends Uint8Array | Uint16Array>(array: A, index: number): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(1024, 2 * (index + 1)))
  larger.set(array)
  return larger
}
