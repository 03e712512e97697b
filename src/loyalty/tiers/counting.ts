import type { Scope } from '../../expressions/index.ts'
import { dateOf, type Day, dayOfDate } from './days.ts'
import type { ReadyLadder } from './ladder.ts'
import { bucketDay, count, type Standing, takeBack, takeBackFrom } from './standing.ts'

/** What is left of a purchase among what counts for a ladder, so that its return is taken from its own day. */
export type Counted = {
  ladderId: string
  subscriberId: number
  reference: string
  day: Day
  amount: bigint
}

/** Stands for the day of returns, or parts of them, whose purchase has not come or is not known any more; their amount is below zero. */
const WAITING: Day = -1

/** By what counted purchases are found. */
export type CountedPlace = Pick<Counted, 'ladderId' | 'subscriberId' | 'reference'>

const placeOf = ({ ladderId, subscriberId, reference }: CountedPlace): string =>
  `${ladderId}\n${subscriberId}\n${reference}`

/** Purchases that events of a batch name: loaded before it, changed while it is taken, stored after it. */
export class CountedPurchases {
  readonly #rows = new Map<string, Counted[]>()
  readonly changed = new Set<Counted>()
  /** Members of whom nothing counts any more, by ladder. */
  readonly forgotten: { ladderId: string; subscriberId: number }[] = []

  load(rows: Counted[]): void {
    for (const row of rows) this.#of(row).push(row)
  }

  /** The purchases of a name, the earliest first. */
  of(place: CountedPlace): Counted[] {
    return this.#of(place).toSorted((a, b) => a.day - b.day)
  }

  add(counted: Counted): void {
    const rows = this.#of(counted)
    const row = rows.find(({ day }) => day === counted.day)
    if (row) row.amount += counted.amount
    else rows.push(counted)
    this.changed.add(row ?? counted)
  }

  /** Whoever has left begins again. */
  forget(ladderId: string, subscriberId: number): void {
    this.forgotten.push({ ladderId, subscriberId })
    for (const [place, rows] of this.#rows) {
      if (!place.startsWith(`${ladderId}\n${subscriberId}\n`)) continue
      for (const row of rows) this.changed.delete(row)
      this.#rows.delete(place)
    }
  }

  #of(place: CountedPlace): Counted[] {
    const key = placeOf(place)
    let rows = this.#rows.get(key)
    if (!rows) this.#rows.set(key, (rows = []))
    return rows
  }
}

/** A ladder on which purchases and returns are known by name. */
export const keepsPurchases = ({ document: { by } }: Pick<ReadyLadder, 'document'>): boolean =>
  by.measure === 'spend' && by.takesBack.some(({ reference }) => reference !== undefined)

/** The first day whose purchases may still matter: months differ in length, so a month more is kept than is needed. */
export function firstDayKept(
  { document: { period, grace } }: Pick<ReadyLadder, 'document'>,
  today: Day,
): Day {
  const months = (typeof period === 'object' ? period.rollingMonths : 12) + grace.months + 1
  return dayOfDate(dateOf(today).subtract({ months, days: grace.days }))
}

/** Lets an event count for a standing, or take back what had counted; returns how much that changed. */
export function countEvent(
  ladder: ReadyLadder,
  standing: Standing,
  purchases: CountedPurchases,
  event: { type: string; atMs: number },
  scope: Scope,
): bigint {
  let change = 0n
  for (const measure of ladder.measures) {
    if (measure.on !== event.type) continue
    const amount = measure.amountOf(scope)
    const reference = keepsPurchases(ladder) ? measure.referenceOf(scope) : undefined
    const { ladderId, subscriberId } = standing
    const place = reference === undefined ? undefined : { ladderId, subscriberId, reference }
    const day = ladder.days.dayOf(event.atMs)
    if (amount > 0n) {
      const kept = place ? bought(ladder, purchases, place, { day, amount }) : amount
      if (kept > 0n) count(ladder, standing, day, kept)
      change += kept
    } else if (amount < 0n) {
      const countedAt = measure.countedAtOf(scope)
      const from = countedAt === undefined ? undefined : ladder.days.dayOf(countedAt)
      change -= takenBack(ladder, standing, purchases, { amount: -amount, place, from })
    }
  }
  return change
}

/**
 * Keeps a purchase by its name; what of it was returned before it came does not count. What counts for ever has no day
 * to be taken back from, and its purchases need not be kept.
 */
function bought(
  ladder: ReadyLadder,
  purchases: CountedPurchases,
  place: CountedPlace,
  { day, amount }: { day: Day; amount: bigint },
): bigint {
  const waiting = purchases.of(place).find((row) => row.day === WAITING)
  const returned = waiting ? -waiting.amount : 0n
  const met = returned < amount ? returned : amount
  if (met > 0n) purchases.add({ ...place, day: WAITING, amount: met })
  if (ladder.document.period !== 'ever')
    purchases.add({ ...place, day: bucketDay(ladder, day), amount: amount - met })
  return amount - met
}

function takenBack(
  ladder: ReadyLadder,
  standing: Standing,
  purchases: CountedPurchases,
  { amount, place, from }: { amount: bigint; place: CountedPlace | undefined; from: Day | undefined },
): bigint {
  if (from !== undefined) return takeBackFrom(ladder, standing, from, amount)
  if (!place) return takeBack(standing, amount)
  const isForEver = ladder.document.period === 'ever'
  const known = isForEver ? [] : purchases.of(place).filter(({ day }) => day !== WAITING)
  let taken = isForEver ? takeBack(standing, amount) : 0n
  let left = amount - taken
  for (const row of known) {
    const part = row.amount < left ? row.amount : left
    if (part === 0n) continue
    row.amount -= part
    left -= part
    purchases.changed.add(row)
    taken += takeBackFrom(ladder, standing, row.day, part)
  }
  // What is left of a return is of a line that was not read yet.
  if (left > 0n) purchases.add({ ...place, day: WAITING, amount: -left })
  return taken
}
