import type { Aggregate, CalendarPeriod } from '../contract.ts'
import { isAtOrAfter, timeOf } from '../order.ts'
import { shapeCopy } from '../shape-copy.ts'
import type { Fold, RuleKind } from '../rule-kind.ts'

export type Threshold = {
  aggregate: Aggregate
  /** Length of a sliding window in ms, or a calendar period. */
  window: number | CalendarPeriod
  /** The value to cross, upwards to it or downwards to it. */
  bound: number
  direction: 'reaches' | 'fallsTo'
  rearm: number | undefined
}

/** Values beyond this are not seen: up to it, sums of millions of values stay exact. */
export const LARGEST_VALUE = 1e12

/**
 * Fires on the event at which the aggregate over the window crosses the bound; a sliding window is (t − w, t]. The
 * aggregate is looked at just before each event, without it, and at it. After a firing it must have come back.
 */
export function thresholdKind(rule: Threshold): RuleKind {
  return shapeCopy(makeThreshold, shapeOf(rule))(rule, shapeOf(rule), timeOf, isAtOrAfter)
}

const shapeOf = ({ aggregate, window, direction }: Threshold): string =>
  `${aggregate} ${typeof window === 'number' ? 'sliding' : 'calendar'} ${direction}`

/** The aggregate; NaN when the window has no value. Not for min and max. */
export function valueOf(rule: Threshold, words: Float64Array, state: number): number {
  return makeThreshold(rule, '', timeOf, isAtOrAfter).value(words, state)
}

/*
 * The state: where the window begins (an entry's number, or a calendar period's start in ms) times two, plus one while
 * the rule is armed; how many values are in the window; then two accumulators:
 *   sum, average   the whole parts and the millionths of the values, added up apart: integers, so exact in any order
 *   min, max       how many values lie beyond the bound, and beyond the re-arming value
 *   distinct       how many different values there are        last   the last value
 */
// oxlint-disable-next-line max-lines-per-function -- what a rule's copy of the code consists of stands inside it
function makeThreshold(
  rule: Threshold,
  shape: string,
  timeOf: (place: number) => number,
  isAtOrAfter: (place: number, ms: number) => boolean,
): RuleKind & { value(words: Float64Array, state: number): number } {
  const COUNT = 1
  const A = 2
  const B = 3
  const MICRO = 1e6
  const { aggregate, window, bound, direction } = rule
  const back = rule.rearm ?? bound
  const isUpwards = direction === 'reaches'
  const isExtreme = aggregate === 'min' || aggregate === 'max'
  const isSum = aggregate === 'sum'
  const isCount = aggregate === 'count'
  const isDistinct = aggregate === 'distinct'
  const isLast = aggregate === 'last'
  const isSliding = typeof window === 'number'
  const windowMs = typeof window === 'number' ? window : 0
  const keepsEntries = isSliding || isDistinct
  const accumulators = isCount ? 0 : isDistinct || isLast ? 1 : 2
  // "Some value is beyond" decides max upwards and min downwards; "none is" decides the other two.
  const isBySome = (aggregate === 'max') === isUpwards
  const boundWhole = Math.floor(bound)
  const boundMillionths = Math.round((bound - boundWhole) * MICRO)
  const backWhole = Math.floor(back)
  const backMillionths = Math.round((back - backWhole) * MICRO)

  /** The last bit of the window's word. Not by `%`, which takes longer than everything else in a step. */
  const isArmed = (begin: number): boolean => begin !== 2 * Math.floor(begin / 2)

  /** Takes entries before `fromMs` out of the window. */
  const slide = (fold: Fold, fromMs: number): void => {
    const { words, state, entries, stride, index } = fold
    const begin = words[state]!
    let first = Math.floor(begin / 2)
    const armed = begin - 2 * first
    while (first < index && !isAtOrAfter(words[entries + first * stride]!, fromMs)) {
      words[state] = (first + 1) * 2 + armed
      remove(fold, first)
      first++
    }
  }

  /** Begins anew, and armed, when the event stands in another period than the ones before it. */
  const enterPeriod = (fold: Fold, atMs: number): void => {
    const { words, state, index } = fold
    const startMs = fold.calendar.startMs(fold.subscriberId, window as CalendarPeriod, atMs)
    if (isDistinct) {
      slide(fold, startMs)
      if (words[state + COUNT] === 0) words[state] = index * 2 + 1
      return
    }
    if (Math.floor(words[state]! / 2) === startMs && words[state + COUNT]! > 0) return
    words[state] = startMs * 2 + 1
    words[state + COUNT] = 0
    if (accumulators > 0) words[state + A] = isLast ? Number.NaN : 0
    if (accumulators > 1) words[state + B] = 0
  }

  /** True when an entry of the window other than `index`, before `until`, has the same value. */
  const isElsewhere = (fold: Fold, index: number, until: number): boolean => {
    const { words, state, entries, stride } = fold
    const value = words[entries + index * stride + 2]!
    for (let i = Math.floor(words[state]! / 2); i < until; i++) {
      if (i !== index && words[entries + i * stride + 2] === value) return true
    }
    return false
  }

  /** Whether one value alone says something about an extreme: what is counted for min and max. */
  const isBeyond = (value: number, limit: number): boolean => {
    if (isUpwards) return aggregate === 'max' ? value >= limit : value < limit
    return aggregate === 'max' ? value > limit : value <= limit
  }

  const accumulate = (words: Float64Array, state: number, value: number, sign: 1 | -1): void => {
    if (isExtreme) {
      if (isBeyond(value, bound)) words[state + A]! += sign
      if (isBeyond(value, back)) words[state + B]! += sign
      return
    }
    const whole = Math.floor(value)
    words[state + A]! += sign * whole
    words[state + B]! += sign * Math.round((value - whole) * MICRO)
  }

  const add = (fold: Fold): void => {
    const { words, state, entry } = fold
    words[state + COUNT]!++
    if (isCount) return
    if (isLast) words[state + A] = words[entry + 2]!
    else if (!isDistinct) accumulate(words, state, words[entry + 2]!, 1)
    else if (!isElsewhere(fold, fold.index, fold.index)) words[state + A]!++
  }

  const remove = (fold: Fold, index: number): void => {
    const { words, state, entries, stride } = fold
    words[state + COUNT]!--
    if (isCount || isLast) return
    if (!isDistinct) accumulate(words, state, words[entries + index * stride + 2]!, -1)
    else if (!isElsewhere(fold, index, fold.index)) words[state + A]!--
  }

  /** A sum less a number of at most six decimals, digit by digit: its sign is right. */
  const sumAbove = (words: Float64Array, state: number, whole: number, millionths: number): number => {
    const carry = Math.floor(words[state + B]! / MICRO)
    const difference = words[state + A]! + carry - whole
    return difference === 0 ? words[state + B]! - carry * MICRO - millionths : difference
  }

  const value = (words: Float64Array, state: number): number => {
    const count = words[state + COUNT]!
    if (isCount) return count
    if (isDistinct) return words[state + A]!
    if (count === 0) return isSum ? 0 : Number.NaN
    if (isLast) return words[state + A]!
    const carry = Math.floor(words[state + B]! / MICRO)
    const sum = words[state + A]! + carry + (words[state + B]! - carry * MICRO) / MICRO
    return isSum ? sum : sum / count
  }

  /** Whether the aggregate is at the bound. Comparisons with NaN, which stands for "no value", are false. */
  const isReached = (words: Float64Array, state: number): boolean => {
    if (isExtreme) return words[state + COUNT]! > 0 && words[state + A]! > 0 === isBySome
    if (isSum) {
      const above = sumAbove(words, state, boundWhole, boundMillionths)
      return isUpwards ? above >= 0 : above <= 0
    }
    return isUpwards ? value(words, state) >= bound : value(words, state) <= bound
  }

  /** Whether it has come back behind the re-arming value. */
  const isBack = (words: Float64Array, state: number): boolean => {
    if (isExtreme) return !(words[state + COUNT]! > 0 && words[state + B]! > 0 === isBySome)
    if (isSum) {
      const above = sumAbove(words, state, backWhole, backMillionths)
      return isUpwards ? above < 0 : above > 0
    }
    const now = value(words, state)
    return Number.isNaN(now) || (isUpwards ? now < back : now > back)
  }

  return {
    shape,
    stateWords: 2 + accumulators,
    values: isCount ? 0 : 1,
    begin(words, state) {
      words[state] = 1
      if (isLast) words[state + A] = Number.NaN
    },
    step(fold) {
      const { words, state } = fold
      const atMs = timeOf(words[fold.entry]!)
      if (isSliding) slide(fold, atMs - windowMs + 1)
      else enterPeriod(fold, atMs)
      const begin = words[state]!
      const wasArmed = isArmed(begin)
      const armed = wasArmed || isBack(words, state)
      add(fold)
      const reached = isReached(words, state)
      const fires = reached && armed
      const staysArmed = !fires && (armed || (!reached && isBack(words, state)))
      if (staysArmed !== wasArmed) words[state] = begin + (staysArmed ? 1 : -1)
      if (!fires) return false
      fold.causePlace = words[fold.entry]!
      fold.causeRef = words[fold.entry + 1]!
      fold.firedAtMs = atMs
      return true
    },
    fade(fold, horizonMs) {
      const { words, state } = fold
      fold.index = fold.settled
      if (isSliding) slide(fold, horizonMs - windowMs + 1)
      else enterPeriod(fold, horizonMs)
      // An empty window stays empty until the next event; any other may look otherwise by then.
      if (words[state + COUNT] !== 0) return false
      if (!isArmed(words[state]!) && isBack(words, state)) words[state]! += 1
      return isArmed(words[state]!)
    },
    neededFrom: (fold, settled) =>
      keepsEntries ? Math.min(settled, Math.floor(fold.words[fold.state]! / 2)) : settled,
    forget(words, state, count) {
      if (keepsEntries) words[state] = words[state]! - 2 * count
    },
    value,
  }
}
