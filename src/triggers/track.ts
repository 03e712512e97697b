import { isBefore, timeOf } from './order.ts'
import type { Fold } from './rule-kind.ts'
import type { CompiledRule } from './compile.ts'
import { CLOCK_FIRED, HEADER_WORDS, SCRATCH, type Slice } from './slice.ts'

/** What became true or untrue for a track. */
export type Verdict = (causeRef: number, firedAtMs: number, stands: boolean) => void

type Kept = { causeRef: number; firedAtMs: number }

/** Words in front of a track's states. */
export const headWords = (rule: CompiledRule): number => HEADER_WORDS + (rule.keyField === undefined ? 0 : 1)

/** Where the state at the horizon begins. */
export const settledState = (rule: CompiledRule, place: number): number => place + headWords(rule)

/** Where the entries begin. */
export const entriesAt = (rule: CompiledRule, place: number): number =>
  settledState(rule, place) + rule.stateWords

/**
 * Takes an event into a rule's memory of one subscriber. Nearly always it is the newest: then one step says what it
 * makes true. One that came late goes to its place, the track is folded again from the horizon with and without it,
 * and the difference is what became true and what became untrue.
 *
 * Returns the place of the track, which may have moved.
 */
export function takeEntry(
  slice: Slice,
  rule: CompiledRule,
  fold: Fold,
  subscriber: number,
  key: number | undefined,
  entry: Float64Array,
  verdict: Verdict,
): number {
  let place = slice.find(rule.number, subscriber, key)
  const head = headWords(rule) + rule.stateWords
  if (place === 0) {
    place = slice.add(rule.number, subscriber, key, head + rule.stride)
    begin(rule, slice.words, settledState(rule, place))
  }
  const count = slice.countOf(place)
  place = slice.grow(subscriber, place, head + (count + 1) * rule.stride)
  slice.isDirty = true
  const { words } = slice
  const entries = place + head
  const last = entries + (count - 1) * rule.stride
  const isNewest = count === 0 || isBefore(words[last]!, words[last + 1]!, entry[0]!, entry[1]!)
  if (isNewest && !slice.hasFlag(place, CLOCK_FIRED)) {
    write(words, entries + count * rule.stride, entry, rule.stride)
    slice.setCount(place, count + 1)
    present(slice, rule, fold, place, count)
    if (step(fold, rule, count)) verdict(fold.causeRef, fold.firedAtMs, true)
    return place
  }
  let firedByClock: number | null = null
  if (slice.hasFlag(place, CLOCK_FIRED)) {
    present(slice, rule, fold, place, count)
    firedByClock = pendingOf(slice)
  }
  const before = refold(slice, rule, fold, place, firedByClock)
  insert(slice, rule, place, entry)
  compare(before, refold(slice, rule, fold, place, firedByClock), verdict)
  return place
}

/**
 * Moves the horizon: entries before `horizonMs` have their place for good and go into the state there; those that no
 * later step looks back at are forgotten.
 */
export function settle(slice: Slice, rule: CompiledRule, fold: Fold, place: number, horizonMs: number): void {
  const { words } = slice
  const count = slice.countOf(place)
  let settled = slice.settledOf(place)
  const entries = entriesAt(rule, place)
  aim(fold, rule, words, place, settledState(rule, place))
  while (settled < count && timeOf(words[entries + settled * rule.stride]!) < horizonMs) {
    step(fold, rule, settled)
    settled++
  }
  slice.setSettled(place, settled)
  if (settled > 0) forget(slice, rule, fold, place, horizonMs, false)
}

/**
 * Takes away the entries that no later step looks back at. Moving the ones that stay costs as much as they are, so it is
 * done when a fair share goes, or always if so told.
 */
export function forget(
  slice: Slice,
  rule: CompiledRule,
  fold: Fold,
  place: number,
  horizonMs: number,
  always: boolean,
): void {
  const { words } = slice
  const count = slice.countOf(place)
  const settled = slice.settledOf(place)
  const entries = entriesAt(rule, place)
  aim(fold, rule, words, place, settledState(rule, place))
  const idle = rule.kind.neededFrom(fold, settled, horizonMs)
  if (idle === 0 || (!always && idle * 4 < count)) return
  const kept = (count - idle) * rule.stride
  const from = entries + idle * rule.stride
  for (let i = 0; i < kept; i++) words[entries + i] = words[from + i]!
  rule.kind.forget?.(words, settledState(rule, place), idle)
  slice.setCount(place, count - idle)
  slice.setSettled(place, settled - idle)
}

/** Works out the state after the first `count` entries, in the scratch words, and points the fold there. */
export function present(slice: Slice, rule: CompiledRule, fold: Fold, place: number, count: number): void {
  const { words } = slice
  const settled = settledState(rule, place)
  for (let i = 0; i < rule.stateWords; i++) words[SCRATCH + i] = words[settled + i]!
  aim(fold, rule, words, place, SCRATCH)
  for (let index = slice.settledOf(place); index < count; index++) step(fold, rule, index)
}

/** When the track's wait runs out, epoch ms; NaN when none runs or the clock has fired it already. */
export function deadlineOf(slice: Slice, rule: CompiledRule, fold: Fold, place: number): number {
  if (rule.kind.deadlineMs === undefined || slice.hasFlag(place, CLOCK_FIRED)) return Number.NaN
  present(slice, rule, fold, place, slice.countOf(place))
  return rule.kind.deadlineMs(slice.words, SCRATCH)
}

/** The clock has reached the track's deadline. */
export function expire(slice: Slice, rule: CompiledRule, fold: Fold, place: number, verdict: Verdict): void {
  present(slice, rule, fold, place, slice.countOf(place))
  rule.kind.expire!(fold)
  slice.setFlag(place, CLOCK_FIRED, true)
  slice.isDirty = true
  if (passes(fold, rule)) verdict(fold.causeRef, fold.firedAtMs, true)
}

/** Points the fold at a track and one of its states. */
export function aim(fold: Fold, rule: CompiledRule, words: Float64Array, place: number, state: number): void {
  fold.words = words
  fold.state = state
  fold.entries = entriesAt(rule, place)
  fold.stride = rule.stride
}

function begin(rule: CompiledRule, words: Float64Array, state: number): void {
  rule.kind.begin(words, state)
  rule.gate.begin(words, state + rule.kind.stateWords)
}

/** One step of the kind and then of the gate; true when a firing comes of it. */
function step(fold: Fold, rule: CompiledRule, index: number): boolean {
  fold.index = index
  fold.entry = fold.entries + index * fold.stride
  return rule.kind.step(fold) && passes(fold, rule)
}

const passes = (fold: Fold, rule: CompiledRule): boolean =>
  rule.gate.pass(
    fold.words,
    fold.state + rule.kind.stateWords,
    fold.firedAtMs,
    fold.subscriberId,
    fold.calendar,
  )

/**
 * The firings of a track behind the horizon. The clock's firing is among them as long as the wait `firedByClock` is the
 * last one; the flag says afterwards whether it is.
 */
function refold(
  slice: Slice,
  rule: CompiledRule,
  fold: Fold,
  place: number,
  firedByClock: number | null,
): Kept[] {
  const kept: Kept[] = []
  const count = slice.countOf(place)
  present(slice, rule, fold, place, slice.settledOf(place))
  for (let index = slice.settledOf(place); index < count; index++) {
    if (step(fold, rule, index)) kept.push({ causeRef: fold.causeRef, firedAtMs: fold.firedAtMs })
  }
  if (firedByClock === null) return kept
  const isSame = pendingOf(slice) === firedByClock
  slice.setFlag(place, CLOCK_FIRED, isSame)
  if (isSame) {
    rule.kind.expire!(fold)
    if (passes(fold, rule)) kept.push({ causeRef: fold.causeRef, firedAtMs: fold.firedAtMs })
  }
  return kept
}

/** The reference of the event whose wait runs, by the scratch state of a kind that waits; NaN for none. */
const pendingOf = ({ words }: Slice): number =>
  Number.isNaN(words[SCRATCH]!) ? Number.NaN : words[SCRATCH + 1]!

function compare(before: Kept[], after: Kept[], verdict: Verdict): void {
  const old = new Map(before.map((kept) => [kept.causeRef, kept]))
  for (const { causeRef, firedAtMs } of after) if (!old.delete(causeRef)) verdict(causeRef, firedAtMs, true)
  for (const { causeRef, firedAtMs } of old.values()) verdict(causeRef, firedAtMs, false)
}

function insert(slice: Slice, rule: CompiledRule, place: number, entry: Float64Array): void {
  const { words } = slice
  const { stride } = rule
  const entries = entriesAt(rule, place)
  const count = slice.countOf(place)
  let index = count
  while (index > 0) {
    const at = entries + (index - 1) * stride
    if (isBefore(words[at]!, words[at + 1]!, entry[0]!, entry[1]!)) break
    index--
  }
  words.copyWithin(entries + (index + 1) * stride, entries + index * stride, entries + count * stride)
  write(words, entries + index * stride, entry, stride)
  slice.setCount(place, count + 1)
}

function write(words: Float64Array, at: number, entry: Float64Array, stride: number): void {
  for (let i = 0; i < stride; i++) words[at + i] = entry[i]!
}
