import type { LiveRule } from './decision.ts'
import type { CompiledRule } from './compile.ts'
import type { Fold } from './rule-kind.ts'
import { BLOCK_WORDS, CLOCK_FIRED, GROWN, HEADER_WORDS, QUEUED, SCRATCH, Slice } from './slice.ts'

/** The share of a slice that putting it together has to save to be worth while. */
const LEAST_SAVED = 0.25

/**
 * The same memory in as little room as it needs: entries that the horizon has passed are settled, what no event can
 * see any more is taken out, tracks with nothing left are dropped, as are those of rules that are gone, and the others
 * stand one behind another in blocks that fit. What any event that can still come finds is the same as before. The words
 * of the old slice are given back.
 */
export function compacted(
  slice: Slice,
  bits: number,
  rules: Map<number, LiveRule>,
  fold: Fold,
  latenessMs: number,
  subscriberIdOf: (subscriber: number) => number,
): Slice {
  const small = new Slice(bits, slice.writtenTo, slice.arena, slice.used)
  small.position = slice.position
  const byNumber: (CompiledRule | undefined)[] = []
  for (const [number, { rule }] of rules) byNumber[number] = rule
  const { blocks, halves } = slice
  for (let subscriber = 0; subscriber < blocks.length; subscriber++) {
    const block = blocks[subscriber]!
    if (block === 0) continue
    const inUse = halves[block * 2]!
    const newestMs = slice.newestMs(subscriber)
    small.reserve(subscriber, inUse)
    small.setNewestMs(subscriber, newestMs)
    fold.subscriberId = subscriberIdOf(subscriber)
    for (let place = block + BLOCK_WORDS; place < block + inUse; place += slice.sizeOf(place)) {
      const rule = byNumber[slice.ruleOf(place)]
      if (rule !== undefined) condense(slice, small, rule, fold, subscriber, place, newestMs - latenessMs)
    }
    small.trim(subscriber)
  }
  small.isDirty = slice.isDirty
  // Where little was saved the slice has grown by what its subscribers do, and may again.
  const isWorthWhile = small.used <= slice.used * (1 - LEAST_SAVED)
  small.tightWords = isWorthWhile ? small.used : small.used * 2
  if (small.used * 2 <= small.words.length) small.resize(small.used)
  slice.release()
  return small
}

/** Takes over what a track has to say behind the horizon, in the shorter of its forms. */
function condense(
  slice: Slice,
  small: Slice,
  rule: CompiledRule,
  fold: Fold,
  subscriber: number,
  place: number,
  horizonMs: number,
): void {
  const { tracks, stride } = rule
  const passed = tracks.passedBy(slice, place, horizonMs)
  const count = tracks.countOf(slice, place)
  const key = rule.keyField === undefined ? undefined : slice.words[place + HEADER_WORDS]!
  const size = slice.sizeOf(place)
  const isYoung = !slice.hasFlag(place, GROWN)
  // A young track that has entries to keep stays as it is, unless a state would take less room than those it replaces.
  if (isYoung && passed < count && tracks.grownWords(count - passed) >= size) {
    small.take(slice, place, subscriber, key, size)
    return
  }
  tracks.present(slice, fold, place, passed)
  fold.settled = passed
  const isBlank = fade(rule, fold, horizonMs)
  const isWaiting = slice.hasFlag(place, QUEUED) || slice.hasFlag(place, CLOCK_FIRED)
  const idle = rule.kind.neededFrom(fold, passed, horizonMs)
  if (isBlank && idle === count && !isWaiting) return
  const words = tracks.grownWords(count - idle)
  if (isYoung && size <= words) {
    small.take(slice, place, subscriber, key, size)
    return
  }
  const taken = small.add(rule.number, subscriber, key, words)
  for (const flag of [QUEUED, CLOCK_FIRED]) small.setFlag(taken, flag, slice.hasFlag(place, flag))
  tracks.writeState(slice, small, taken, count - idle, idle, passed)
  const from = tracks.entriesAt(slice, place) + idle * stride
  const to = tracks.entriesAt(small, taken)
  for (let i = 0; i < (count - idle) * stride; i++) small.words[to + i] = slice.words[from + i]!
}

/** Takes out of the scratch state what nobody can see any more; true when it says nothing that a new one would not. */
function fade(rule: CompiledRule, fold: Fold, horizonMs: number): boolean {
  // Entries behind the horizon are yet to be folded, and what comes before them is theirs to see.
  const isKindBlank = rule.kind.fade(fold, horizonMs)
  // A wait that still runs may fire at a time before the horizon, which the gate must still know.
  return (
    (isKindBlank || rule.kind.deadlineMs === undefined) &&
    rule.gate.fade(fold.words, SCRATCH + rule.kind.stateWords, horizonMs, fold.subscriberId, fold.calendar) &&
    isKindBlank
  )
}
