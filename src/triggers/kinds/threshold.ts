import type { Aggregate, CalendarPeriod } from '../contract.ts'
import { timeOf } from '../order.ts'
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
const MICRO = 1e6

/*
 * The state: where the window begins (an entry's number, or a calendar period's start in ms) times two, plus one while
 * the rule is armed; how many values are in the window; then two accumulators:
 *   sum, average   the whole parts and the millionths of the values, added up apart: integers, so exact in any order
 *   min, max       how many values lie beyond the bound, and beyond the re-arming value
 *   distinct       how many different values there are        last   the last value
 */
const COUNT = 1
const A = 2
const B = 3

const accumulators = { count: 0, sum: 2, average: 2, min: 2, max: 2, distinct: 1, last: 1 } as const

/**
 * Fires on the event at which the aggregate over the window crosses the bound; a sliding window is (t − w, t]. The
 * aggregate is looked at just before each event, without it, and at it. After a firing it must have come back.
 */
export function thresholdKind(rule: Threshold): RuleKind {
  const { aggregate, window } = rule
  const keepsEntries = typeof window === 'number' || aggregate === 'distinct'
  const judge = judgeOf(rule)
  return {
    stateWords: 2 + accumulators[aggregate],
    values: aggregate === 'count' ? 0 : 1,
    begin(words, state) {
      words[state] = 1
      if (aggregate === 'last') words[state + A] = Number.NaN
    },
    step(fold) {
      const { words, state } = fold
      const atMs = timeOf(words[fold.entry]!)
      if (typeof window === 'number') slide(fold, rule, atMs - window + 1)
      else enterPeriod(fold, rule, window, atMs)
      if (judge.rearmed(words, state)) arm(words, state, true)
      add(fold, rule)
      if (judge.reached(words, state)) {
        if (!isArmed(words[state]!)) return false
        arm(words, state, false)
        fold.causePlace = words[fold.entry]!
        fold.causeRef = words[fold.entry + 1]!
        fold.firedAtMs = atMs
        return true
      }
      if (judge.rearmed(words, state)) arm(words, state, true)
      return false
    },
    fade(fold, horizonMs) {
      const { words, state } = fold
      fold.index = fold.settled
      if (typeof window === 'number') slide(fold, rule, horizonMs - window + 1)
      else enterPeriod(fold, rule, window, horizonMs)
      // An empty window stays empty until the next event; any other may look otherwise by then.
      if (words[state + COUNT] === 0 && judge.rearmed(words, state)) arm(words, state, true)
      return words[state + COUNT] === 0 && isArmed(words[state]!)
    },
    neededFrom: (fold, settled) =>
      keepsEntries ? Math.min(settled, Math.floor(fold.words[fold.state]! / 2)) : settled,
    forget(words, state, count) {
      if (keepsEntries) words[state] = words[state]! - 2 * count
    },
  }
}

/** The last bit of the window's word. Not by `%`, which takes longer than everything else in a step. */
const isArmed = (window: number): boolean => window !== 2 * Math.floor(window / 2)

function arm(words: Float64Array, state: number, armed: boolean): void {
  const begin = Math.floor(words[state]! / 2) * 2
  words[state] = armed ? begin + 1 : begin
}

/** Takes entries before `fromMs` out of the window. */
function slide(fold: Fold, rule: Threshold, fromMs: number): void {
  const { words, state, entries, stride, index } = fold
  let first = Math.floor(words[state]! / 2)
  const armed = words[state]! - 2 * first
  while (first < index && timeOf(words[entries + first * stride]!) < fromMs) {
    words[state] = (first + 1) * 2 + armed
    remove(fold, rule, first)
    first++
  }
}

/** Begins anew, and armed, when the event stands in another period than the ones before it. */
function enterPeriod(fold: Fold, rule: Threshold, unit: CalendarPeriod, atMs: number): void {
  const { words, state, index } = fold
  const startMs = fold.calendar.startMs(fold.subscriberId, unit, atMs)
  if (rule.aggregate === 'distinct') {
    slide(fold, rule, startMs)
    if (words[state + COUNT] === 0) words[state] = index * 2 + 1
    return
  }
  if (Math.floor(words[state]! / 2) === startMs && words[state + COUNT]! > 0) return
  words[state] = startMs * 2 + 1
  words[state + COUNT] = 0
  if (accumulators[rule.aggregate] > 0) words[state + A] = rule.aggregate === 'last' ? Number.NaN : 0
  if (accumulators[rule.aggregate] > 1) words[state + B] = 0
}

function add(fold: Fold, rule: Threshold): void {
  const { words, state, entry } = fold
  words[state + COUNT]!++
  switch (rule.aggregate) {
    case 'count':
      return
    case 'last':
      words[state + A] = words[entry + 2]!
      return
    case 'distinct':
      if (!isElsewhere(fold, fold.index, fold.index)) words[state + A]!++
      return
    default:
      accumulate(words, state, words[entry + 2]!, 1, rule)
  }
}

function remove(fold: Fold, rule: Threshold, index: number): void {
  const { words, state, entries, stride } = fold
  words[state + COUNT]!--
  if (rule.aggregate === 'count' || rule.aggregate === 'last') return
  if (rule.aggregate !== 'distinct') accumulate(words, state, words[entries + index * stride + 2]!, -1, rule)
  else if (!isElsewhere(fold, index, fold.index)) words[state + A]!--
}

function accumulate(words: Float64Array, state: number, value: number, sign: 1 | -1, rule: Threshold): void {
  if (rule.aggregate === 'min' || rule.aggregate === 'max') {
    if (isBeyond(rule, value, rule.bound)) words[state + A]! += sign
    if (isBeyond(rule, value, rule.rearm ?? rule.bound)) words[state + B]! += sign
    return
  }
  const whole = Math.floor(value)
  words[state + A]! += sign * whole
  words[state + B]! += sign * Math.round((value - whole) * MICRO)
}

/** True when an entry of the window other than `index`, before `until`, has the same value. */
function isElsewhere(fold: Fold, index: number, until: number): boolean {
  const { words, state, entries, stride } = fold
  const value = words[entries + index * stride + 2]!
  for (let i = Math.floor(words[state]! / 2); i < until; i++) {
    if (i !== index && words[entries + i * stride + 2] === value) return true
  }
  return false
}

/** Whether one value alone says something about an extreme: what is counted for min and max. */
function isBeyond({ aggregate, direction }: Threshold, value: number, bound: number): boolean {
  if (direction === 'reaches') return aggregate === 'max' ? value >= bound : value < bound
  return aggregate === 'max' ? value > bound : value <= bound
}

type Look = (words: Float64Array, state: number) => boolean

/** Whether the aggregate is at the bound, and whether it has come back behind the re-arming value. */
function judgeOf(rule: Threshold): { reached: Look; rearmed: Look } {
  const { aggregate, direction, bound, rearm } = rule
  if (aggregate === 'min' || aggregate === 'max') {
    // "Some value is beyond" decides max upwards and min downwards; "none is" decides the other two.
    const bySome = (aggregate === 'max') === (direction === 'reaches')
    const is = (words: Float64Array, state: number, counter: number): boolean =>
      words[state + COUNT]! > 0 && words[state + counter]! > 0 === bySome
    return {
      reached: (words, state) => is(words, state, A),
      rearmed: (words, state) => !is(words, state, B),
    }
  }
  const upwards = direction === 'reaches'
  if (aggregate === 'sum') {
    const side = upwards ? 1 : -1
    const reached = sumComparison(bound)
    const back = sumComparison(rearm ?? bound)
    return {
      reached: (words, state) => side * reached(words, state) >= 0,
      rearmed: (words, state) => side * back(words, state) < 0,
    }
  }
  const at = (words: Float64Array, state: number): number => valueOf(rule, words, state)
  return {
    // Comparisons with NaN, which stands for "no value", are false.
    reached: (words, state) => (upwards ? at(words, state) >= bound : at(words, state) <= bound),
    rearmed: (words, state) => {
      const value = at(words, state)
      if (Number.isNaN(value)) return true
      return upwards ? value < (rearm ?? bound) : value > (rearm ?? bound)
    },
  }
}

/** Compares a sum with a number of at most six decimals, digit by digit: below, equal, above are -1, 0, 1. */
function sumComparison(bound: number): (words: Float64Array, state: number) => number {
  const whole = Math.floor(bound)
  const millionths = Math.round((bound - whole) * MICRO)
  return (words, state) => {
    const carry = Math.floor(words[state + B]! / MICRO)
    const difference = words[state + A]! + carry - whole
    return Math.sign(difference === 0 ? words[state + B]! - carry * MICRO - millionths : difference)
  }
}

/** The aggregate; NaN when the window has no value. Not for min and max. */
export function valueOf({ aggregate }: Threshold, words: Float64Array, state: number): number {
  const count = words[state + COUNT]!
  if (aggregate === 'count') return count
  if (aggregate === 'distinct') return words[state + A]!
  if (count === 0) return aggregate === 'sum' ? 0 : Number.NaN
  if (aggregate === 'last') return words[state + A]!
  const carry = Math.floor(words[state + B]! / MICRO)
  const sum = words[state + A]! + carry + (words[state + B]! - carry * MICRO) / MICRO
  return aggregate === 'sum' ? sum : sum / count
}
