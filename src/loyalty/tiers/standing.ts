import { type Day, type LocalDays, nextYearStart, plus, yearStart } from './days.ts'
import type { Length, TierLadder } from './tier-ladder.ts'

/** What counted on a day, in a year or ever, net of what was taken back. */
export type Bucket = { day: Day; amount: bigint }

/** A tier by somebody's decision. */
export type Override = { tier: string; isFloor: boolean; reason: string; by: string; untilMs: number | null }

/** A benefit that a member has, as it was granted. */
export type Granted = {
  id: string
  /** The tier that names it. */
  tier: string
  /** What was ordered for it, and what is ordered when it ends. */
  productId?: string
  onEnd?: string | undefined
}

/** Where a member stands on a ladder. Changes in place while a batch is taken. */
export type Standing = {
  ladderId: string
  programmeId: string
  subscriberId: number
  tier: string | null
  sinceMs: number
  /** The latest moment at which it was looked at; it is never looked at as of an earlier one. */
  lookedAtMs: number
  buckets: Bucket[]
  /** Since when tenure is counted. */
  startDay: Day | null
  override: Override | null
  benefits: Granted[]
  /** End of the grace of which the member was told. */
  toldUntil: Day | null
  /** Moves so far. */
  moves: number
  /** When the tier may change without any event. */
  dueMs: number | null
}

/** A ladder as its rules need it. */
export type LadderRules = {
  document: TierLadder
  days: LocalDays
}

/** A member before anything counted. */
export function newStanding(
  { document: { id, programme } }: LadderRules,
  subscriberId: number,
  atMs: number,
): Standing {
  return {
    ladderId: id,
    programmeId: programme,
    subscriberId,
    tier: null,
    sinceMs: atMs,
    lookedAtMs: atMs,
    buckets: [],
    startDay: null,
    override: null,
    benefits: [],
    toldUntil: null,
    moves: 0,
    dueMs: null,
  }
}

/** Where a ladder keeps what counted on a day: at that day, the first of its year, or 0 for ever. */
export const bucketDay = ({ document: { period } }: LadderRules, day: Day): Day =>
  period === 'ever' ? 0 : period === 'calendar_year' ? yearStart(day) : day

/** Counts an amount above 0 that came together on a day. */
export function count(ladder: LadderRules, standing: Standing, day: Day, amount: bigint): void {
  const { buckets } = standing
  const place = bucketDay(ladder, day)
  let at = buckets.length
  while (at > 0 && buckets[at - 1]!.day > place) at--
  const found = buckets[at - 1]
  if (found?.day === place) found.amount += amount
  else buckets.splice(at, 0, { day: place, amount })
}

/** Undoes the latest of what counted, never more than there is; returns how much. */
export function takeBack({ buckets }: Standing, amount: bigint): bigint {
  let left = amount
  while (left > 0n && buckets.length > 0) {
    const last = buckets.at(-1)!
    const part = last.amount < left ? last.amount : left
    left -= part
    last.amount -= part
    if (last.amount === 0n) buckets.pop()
  }
  return amount - left
}

/** Undoes what counted on a day, never more than there is of it; returns how much. */
export function takeBackFrom(ladder: LadderRules, standing: Standing, day: Day, amount: bigint): bigint {
  const { buckets } = standing
  const at = buckets.findIndex((one) => one.day === bucketDay(ladder, day))
  const bucket = buckets[at]
  if (!bucket) return 0n
  const part = bucket.amount < amount ? bucket.amount : amount
  bucket.amount -= part
  if (bucket.amount === 0n) buckets.splice(at, 1)
  return part
}

/** Until when a tier is qualified for, and until when it is kept, if nothing more happens; the day itself excluded. */
type Span = { end: Day; until: Day }
const NEVER: Span = { end: -Infinity, until: -Infinity }
const ALWAYS: Span = { end: Infinity, until: Infinity }

function spanOf(ladder: LadderRules, standing: Standing, index: number): Span {
  const { period, grace, tiers } = ladder.document
  const asked = BigInt(tiers[index]!.at!)
  if (asked === 0n) return ALWAYS
  const { buckets } = standing
  if (period === 'ever') return (buckets[0]?.amount ?? 0n) >= asked ? ALWAYS : NEVER
  const end =
    period === 'calendar_year'
      ? endOfYears(buckets, asked)
      : endOfWindows(buckets, asked, period.rollingMonths)
  return end === -Infinity ? NEVER : { end, until: plus(end, grace) }
}

function endOfYears(buckets: Bucket[], asked: bigint): Day {
  const last = buckets.findLast(({ amount }) => amount >= asked)
  return last ? nextYearStart(last.day) : -Infinity
}

/** The first day after the last one on which the months up to it hold enough. */
function endOfWindows(buckets: Bucket[], asked: bigint, months: number): Day {
  let sum = 0n
  let end = -Infinity
  let out = 0
  const leaving = buckets.map(({ day }) => plus(day, { months, days: 0 }))
  for (let into = 0; out < buckets.length;) {
    const isEntry = into < buckets.length && buckets[into]!.day < leaving[out]!
    const wasEnough = sum >= asked
    const day = isEntry ? buckets[into]!.day : leaving[out]!
    // What enters and leaves on one day is seen at the end of that day's changes, entries and leavings alike.
    while (into < buckets.length && buckets[into]!.day === day) sum += buckets[into++]!.amount
    while (out < buckets.length && leaving[out] === day) sum -= buckets[out++]!.amount
    if (wasEnough && sum < asked) end = day
  }
  return end
}

/** What counts on a day: the whole of its period. */
export function countedOn({ document: { period } }: LadderRules, { buckets }: Standing, today: Day): bigint {
  const isIn = ({ day }: Bucket): boolean =>
    period === 'ever' ||
    (period === 'calendar_year'
      ? day === yearStart(today)
      : day <= today && plus(day, { months: period.rollingMonths, days: 0 }) > today)
  return buckets.filter(isIn).reduce((sum, { amount }) => sum + amount, 0n)
}

/** Drops what cannot matter any more. */
export function prune({ document: { period, grace } }: LadderRules, standing: Standing, today: Day): void {
  if (period === 'ever') return
  const endOf = (day: Day): Day =>
    period === 'calendar_year' ? nextYearStart(day) : plus(day, { months: period.rollingMonths, days: 0 })
  while (standing.buckets.length > 0) {
    const end = endOf(standing.buckets[0]!.day)
    if (plus(end, grace) > today) return
    standing.buckets.shift()
  }
}

/** What a member has by own merit: the place of the tier (-1 for none), how long it lasts, and when a higher one comes. */
export type Merit = { index: number; end: Day; until: Day; nextDay: Day | null }

/** The highest tier that is kept on a day. */
export function meritOn(ladder: LadderRules, standing: Standing, today: Day): Merit {
  const { tiers, by } = ladder.document
  if (by.measure === 'tenure') return tenureOn(ladder, standing, today)
  for (let index = tiers.length - 1; index >= 0; index--) {
    const { end, until } = spanOf(ladder, standing, index)
    if (until > today) return { index, end, until, nextDay: null }
  }
  return { index: -1, ...ALWAYS, nextDay: null }
}

function tenureOn({ document: { tiers } }: LadderRules, { startDay }: Standing, today: Day): Merit {
  const reachedOn = (after: Length | undefined): Day => plus(startDay!, after!)
  const index = startDay === null ? -1 : tiers.findLastIndex(({ after }) => reachedOn(after) <= today)
  const next = startDay === null ? undefined : tiers[index + 1]
  return { index, ...ALWAYS, nextDay: next ? reachedOn(next.after) : null }
}

/** Until when an override is in force at a moment; null: it is not. */
function overrideIn(
  { document: { tiers } }: LadderRules,
  { override }: Standing,
  atMs: number,
): number | null {
  if (!override || (override.untilMs !== null && override.untilMs <= atMs)) return null
  return tiers.some(({ id }) => id === override.tier) ? (override.untilMs ?? Infinity) : null
}

/** What a look at a standing finds. */
export type Look = {
  index: number
  merit: Merit
  isOverridden: boolean
  /** When it is to be looked at again, if nothing happens. */
  dueMs: number | null
}

/** The tier that a member has, while what counts is being counted anew. */
const heldOn = ({ document: { tiers } }: LadderRules, { tier }: Standing): Merit => {
  return { index: tiers.findIndex(({ id }) => id === tier), ...ALWAYS, nextDay: null }
}

/** Looks at a standing as of a moment; changes nothing. While a ladder `isFilling`, the present tier is held. */
export function lookAt(ladder: LadderRules, standing: Standing, atMs: number, isFilling = false): Look {
  const { document, days } = ladder
  const today = days.dayOf(atMs)
  const merit = isFilling ? heldOn(ladder, standing) : meritOn(ladder, standing, today)
  const overrideMs = overrideIn(ladder, standing, atMs)
  const decided = document.tiers.findIndex(({ id }) => id === standing.override?.tier)
  const isOverridden = overrideMs !== null && !(standing.override!.isFloor && merit.index >= decided)
  const turns = [merit.until, merit.nextDay ?? Infinity, ...(merit.end > today ? [merit.end] : [])]
  const dueMs = Math.min(
    overrideMs ?? Infinity,
    ...turns.filter(Number.isFinite).map((day) => days.startMs(day)),
  )
  return {
    index: isOverridden ? decided : merit.index,
    merit,
    isOverridden,
    dueMs: dueMs === Infinity ? null : dueMs,
  }
}
