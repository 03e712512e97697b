import { setImmediate } from 'node:timers/promises'
import { minorDigits } from '../../operator/index.ts'
import { type DocumentReader, DomainError } from '../../platform/index.ts'
import type { Subscriber } from '../../profiles/index.ts'
import type { Announcement, Effects, Judgement, TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { scan } from '../event-reader.ts'
import { LocalTimes } from '../local-time.ts'
import { type Member, newMember } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import type { PointCost } from '../liability/point-cost.ts'
import { impliedProgramme, type Programme } from '../programmes.ts'
import { EarnMemory } from './award.ts'
import { earningSession } from './consumer.ts'
import type { TryAnswer } from './contract.ts'
import { type EarnRule, earnRule } from './earn-rule.ts'
import { checkEarnRule } from './earn-rule-kind.ts'
import { millionths } from './points.ts'
import { arrange, type CompiledRule, compileRule } from './rule.ts'

export type Rehearsal = {
  tenantId: string
  /** An earn rule, saved or not. */
  rule: unknown
  /** Event time; absent: the whole log. */
  from?: Temporal.Instant | undefined
  to?: Temporal.Instant | undefined
  onProgress?: (read: number, total: number) => void
}

const PAGE_EVENTS = 5_000
const WINNERS = 10
const SAMPLE = 5

/**
 * Plays one rule over the log as if it had been there all the time and alone, and tells what it would have cost, who
 * would have won, and some examples with the values that decided. Nothing is stored. Members are those that there are
 * and those whom the programme would let in; balances and tiers are those of today.
 */
export async function rehearse(parts: LoyaltyParts, asked: Rehearsal): Promise<TryAnswer> {
  const { tenantId, from, to, onProgress } = asked
  const log = parts.logOf(tenantId)
  const trial = await prepare(parts, asked)
  const fromMs = from?.epochMilliseconds ?? -Infinity
  const toMs = to?.epochMilliseconds ?? Infinity
  const ends = await Promise.all(Array.from({ length: log.partitions }, (_, i) => log.endOffset(i)))
  const total = ends.reduce((sum, end) => sum + end, 0)
  let read = 0
  for (const [partition, end] of ends.entries()) {
    for (let at = 0; at < end;) {
      const { events, next } = await scan(log, partition, at, end, trial.rules.types, PAGE_EVENTS)
      read += next - at
      at = next
      await trial.take(events.filter(({ atMs }) => atMs >= fromMs && atMs < toMs))
      onProgress?.(read, total)
      await setImmediate()
    }
  }
  return trial.answer(read)
}

async function prepare(parts: LoyaltyParts, { tenantId, rule: given }: Rehearsal) {
  const book = await parts.books.of(tenantId)
  const document = checked(given, (rule) => checkEarnRule(rule, book.reader))
  const programme = book.programmes.get(document.programme) ?? impliedProgramme
  const local = new LocalTimes()
  const rule = compileRule(document, book.versionOf('EarnRule', document.id), programme, book)
  const rules = arrange([rule], local)
  const members = new Map<number, Member>()
  const memory = new EarnMemory()
  let subscribers = new Map<number, Subscriber>()
  const memberOf = (programmeId: string, id: number): Member | undefined => {
    const member = programmeId === programme.id ? members.get(id) : undefined
    return member?.mergedInto == null ? member : members.get(member.mergedInto)
  }
  const session = earningSession({
    batch: { book, memberOf, subscriberOf: (id) => subscribers.get(id) },
    rules,
    memory,
    local,
  })
  const tally = new Tally(rule, priceOf(programme, book.reader))
  return {
    rules,
    async take(events: TakenEvent[]): Promise<void> {
      if (events.length === 0) return
      const ids = [...new Set(events.map(({ subscriberId }) => subscriberId))]
      await parts.database.tx(tenantId, async (tx) => {
        subscribers = await parts.profiles.subscribersByIds(tx, ids)
        const found = (await selectMembers(tx, ids)).filter(({ programmeId }) => programmeId === programme.id)
        for (const consumer of parts.consumers) await consumer.describe?.(tx, found, book)
        for (const member of found)
          if (!members.has(member.subscriberId)) members.set(member.subscriberId, member)
      })
      for (const event of events) {
        if (programme.enrolment !== 'by_hand' && !members.has(event.subscriberId)) {
          members.set(event.subscriberId, newMember(programme.id, event.subscriberId, event.atMs))
        }
        session.take(event, tally.at(event))
      }
    },
    answer: (read: number) => tally.answer(read),
  }
}

function checked(given: unknown, check: (rule: EarnRule) => ReturnType<typeof checkEarnRule>): EarnRule {
  const parsed = earnRule.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new DomainError('earn_rule_invalid', issue!.message, { field: `rule.${issue!.path.join('.')}` })
  }
  const problems = check(parsed.data)
  const [first] = problems
  if (first)
    throw new DomainError('earn_rule_invalid', first.message, { field: `rule.${first.field}`, problems })
  return parsed.data
}

/** Counts what a rule would have done; it is the effects of a session that stores nothing. */
class Tally implements Effects {
  readonly #rule: CompiledRule
  readonly #price: PointPrice | null
  #event: TakenEvent | undefined
  #seen = 0
  #awards = 0
  #points = 0n
  #returned = 0n
  readonly #reasons = new Map<string, number>()
  readonly #months = new Map<string, { points: bigint; awards: number }>()
  readonly #winners = new Map<number, { points: bigint; awards: number }>()
  readonly #sample: TryAnswer['sample'] = []
  readonly #perReason = new Map<string, number>()

  constructor(rule: CompiledRule, price: PointPrice | null) {
    this.#rule = rule
    this.#price = price
  }

  at(event: TakenEvent): this {
    this.#event = event
    this.#seen++
    return this
  }

  get event(): TakenEvent {
    return this.#event!
  }

  judge({ reason, points = 0n, saw }: Judgement): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    const { subscriberId, atMs, type, id } = this.event
    if (points > 0n && reason !== 'released') this.#win(points)
    if (points < 0n) this.#returned -= points
    const shown = this.#perReason.get(reason) ?? 0
    if (shown >= SAMPLE) return
    this.#perReason.set(reason, shown + 1)
    const at = Temporal.Instant.fromEpochMilliseconds(atMs).toString()
    this.#sample.push({
      subscriberId,
      at,
      type,
      event: id,
      reason,
      points: points.toString(),
      saw: { ...saw },
    })
  }

  #win(points: bigint): void {
    const { subscriberId, atMs } = this.event
    this.#awards++
    this.#points += points
    const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(this.#rule.timeZone)
    const month = zoned.toPlainDate().toString().slice(0, 7)
    add(this.#months, month, points)
    add(this.#winners, subscriberId, points)
  }

  answer(read: number): TryAnswer {
    const { programme } = this.#rule
    const winners = [...this.#winners].toSorted(([a, one], [b, other]) =>
      one.points === other.points ? a - b : one.points < other.points ? 1 : -1,
    )
    const net = this.#points - this.#returned
    return {
      events: read,
      seen: this.#seen,
      awards: this.#awards,
      points: this.#points.toString(),
      returned: this.#returned.toString(),
      decimals: programme.decimals,
      cost: this.#price && {
        amountMinor: costOf(net, this.#price, programme.decimals),
        currency: this.#price.currency,
      },
      subscribers: this.#winners.size,
      reasons: Object.fromEntries([...this.#reasons].toSorted()),
      months: [...this.#months].toSorted().map(([month, { points, awards }]) => {
        return { month, points: points.toString(), awards }
      }),
      winners: winners.slice(0, WINNERS).map(([subscriberId, { points, awards }]) => {
        return { subscriberId, points: points.toString(), awards }
      }),
      sample: this.#sample,
    }
  }

  openAccount(): void {}
  post(): void {}
  announce(_announcement: Announcement): void {}
  fact(): void {}
  mark(): void {}
}

function add<K>(sums: Map<K, { points: bigint; awards: number }>, key: K, points: bigint): void {
  const sum = sums.get(key) ?? { points: 0n, awards: 0 }
  sums.set(key, { points: sum.points + points, awards: sum.awards + 1 })
}

/** What a whole point costs: millionths of the currency's minor unit. */
type PointPrice = { millionths: bigint; currency: string }

/** The price in the programme, or that of its document `PointCost`; null where neither says one. */
function priceOf({ id, pointCost }: Programme, reader: DocumentReader): PointPrice | null {
  if (pointCost) return { millionths: millionths(pointCost.amountMinor), currency: pointCost.currency }
  const cost = reader.get('PointCost', id) as PointCost | undefined
  if (!cost) return null
  const { currency, perPoint } = cost
  return { millionths: millionths(perPoint) * 10n ** BigInt(minorDigits(currency)), currency }
}

/** Money for points in minor units; rounded up, for it is a cost. */
function costOf(points: bigint, price: PointPrice, decimals: number): string {
  const under = 1_000_000n * 10n ** BigInt(decimals)
  const over = points * price.millionths
  return (over <= 0n ? over / under : (over + under - 1n) / under).toString()
}
