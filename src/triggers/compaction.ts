import type { LiveRule } from './decision.ts'
import type { CompiledRule } from './compile.ts'
import type { Fold } from './rule-kind.ts'
import { HEADER_WORDS, QUEUED, CLOCK_FIRED, Slice } from './slice.ts'
import { aim, entriesAt, forget, settle, settledState } from './track.ts'

/**
 * The same memory in as little room as it needs: entries that the horizon has passed are settled, what no event can
 * see any more is taken out, tracks with nothing left are dropped, as are those of rules that are gone, and the others
 * stand one behind another in blocks that fit. What any event that can still come finds is the same as before.
 */
export function compacted(
  slice: Slice,
  bits: number,
  rules: Map<number, LiveRule>,
  fold: Fold,
  latenessMs: number,
  subscriberIdOf: (subscriber: number) => number,
): Slice {
  const small = new Slice(bits, slice.writtenTo)
  small.resize(slice.used)
  small.position = slice.position
  for (const subscriber of slice.blocks.keys()) {
    if (slice.blocks[subscriber] === 0) continue
    const newestMs = slice.newestMs(subscriber)
    small.setNewestMs(subscriber, newestMs)
    fold.subscriberId = subscriberIdOf(subscriber)
    const horizonMs = newestMs - latenessMs
    for (const place of slice.tracksOf(subscriber)) {
      const rule = rules.get(slice.ruleOf(place))?.rule
      if (rule === undefined) continue
      settle(slice, rule, fold, place, horizonMs)
      if (isBlank(slice, rule, fold, place, horizonMs)) continue
      forget(slice, rule, fold, place, horizonMs, true)
      const words = entriesAt(rule, place) - place + slice.countOf(place) * rule.stride
      const key = rule.keyField === undefined ? undefined : slice.words[place + HEADER_WORDS]!
      small.take(slice, place, subscriber, key, words)
    }
  }
  small.isDirty = slice.isDirty
  small.tightWords = small.used
  // A little room for what is remembered next.
  small.resize(Math.ceil(small.used * 1.05))
  return small
}

/** True when a track says nothing that a new one would not. */
function isBlank(slice: Slice, rule: CompiledRule, fold: Fold, place: number, horizonMs: number): boolean {
  const state = settledState(rule, place)
  aim(fold, rule, slice.words, place, state)
  fold.settled = slice.settledOf(place)
  const count = slice.countOf(place)
  // Entries behind the horizon are yet to be folded, and what comes before them is theirs to see.
  const isKindBlank = rule.kind.fade(fold, horizonMs)
  // A wait that still runs may fire at a time before the horizon, which the gate must still know.
  const isGateBlank =
    (isKindBlank || rule.kind.deadlineMs === undefined) &&
    rule.gate.fade(slice.words, state + rule.kind.stateWords, horizonMs, fold.subscriberId, fold.calendar)
  const isWaiting = slice.hasFlag(place, QUEUED) || slice.hasFlag(place, CLOCK_FIRED)
  return isKindBlank && isGateBlank && count === 0 && !isWaiting
}
