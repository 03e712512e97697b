import type { Gate } from './gate.ts'
import { isAtOrAfter, isBefore } from './order.ts'
import { shapeCopy } from './shape-copy.ts'
import type { Fold, RuleKind } from './rule-kind.ts'
import { CLOCK_FIRED, GROWN, SCRATCH, type Slice } from './slice.ts'

/*
 * What a rule remembers of one subscriber. Most tracks are young: nothing but the few entries that ever came, in order.
 * Their state is worked out when it is wanted. As soon as a state takes no more room than the entries that it makes
 * needless, the track is grown; behind header and key it then has
 *   word 0   u32 entries, u32 of them settled: they are in the state already
 *   then     the state at the horizon (the kind's, then the gate's), the entries, room for more entries
 */

/** What became true or untrue for a track. */
export type Verdict = (causeRef: number, firedAtMs: number, stands: boolean) => void

/** What shapes the tracks of a rule. */
export type TrackRule = {
  /** Its number in the memory of a partition; never used for another rule. */
  number: number
  kind: RuleKind
  gate: Gate
  /** Words in front of what a track itself keeps: the header and the key. */
  headWords: number
  /** Words of the kind's state and the gate's together. */
  stateWords: number
  /** Words of an entry. */
  stride: number
}

/** The tracks of one rule. The rule's number finds them, and each call names one by its place in a slice. */
export type Tracks = ReturnType<typeof makeTracks>

/** What a copy cannot see where it stands. */
const trackParts = { isAtOrAfter, isBefore, CLOCK_FIRED, GROWN, SCRATCH } as const

/** Code for the tracks of one rule, in the copy for its shape: all of an event's way through a rule's memory is in it. */
export function tracksFor(rule: TrackRule): Tracks {
  return shapeCopy(makeTracks, rule.kind.shape)(rule, trackParts)
}

/** The same without a copy: all rules made by it share their code. */
export function sharedTracks(rule: TrackRule): Tracks {
  return makeTracks(rule, trackParts)
}

// oxlint-disable-next-line max-lines-per-function -- what a rule's copy of the code consists of stands inside it
function makeTracks(rule: TrackRule, parts: typeof trackParts) {
  const { number, kind, gate, headWords, stateWords, stride } = rule
  const { isAtOrAfter, isBefore, CLOCK_FIRED, GROWN, SCRATCH } = parts
  const kindWords = kind.stateWords
  /** Words that a grown track has in front of its entries; one of them is the counts'. */
  const frontWords = headWords + 1 + stateWords
  const waits = kind.deadlineMs !== undefined

  type Kept = { causeRef: number; firedAtMs: number }

  /** Where the entries begin. */
  const entriesAt = (slice: Slice, place: number): number =>
    place + (slice.hasFlag(place, GROWN) ? frontWords : headWords)

  /** How many entries a track has. */
  const countOf = (slice: Slice, place: number): number =>
    slice.hasFlag(place, GROWN)
      ? slice.halves[(place + headWords) * 2]!
      : ((slice.halves[place * 2 + 1]! - headWords) / stride) | 0

  const settledOf = (slice: Slice, place: number): number =>
    slice.hasFlag(place, GROWN) ? slice.halves[(place + headWords) * 2 + 1]! : 0

  /** Of a grown track. */
  const settledState = (place: number): number => place + headWords + 1

  const setCounts = (slice: Slice, place: number, count: number, settled: number): void => {
    const at = (place + headWords) * 2
    slice.halves[at] = count
    slice.halves[at + 1] = settled
  }

  /** Words of a grown track with so many entries. */
  const grownWords = (entries: number): number => frontWords + entries * stride

  /** Points the fold at a track and one of its states. */
  const aim = (slice: Slice, fold: Fold, entries: number, state: number): void => {
    fold.words = slice.words
    fold.state = state
    fold.entries = entries
    fold.stride = stride
  }

  const passes = (fold: Fold): boolean =>
    gate.pass(fold.words, fold.state + kindWords, fold.firedAtMs, fold.subscriberId, fold.calendar)

  /** One step of the kind and then of the gate; true when a firing comes of it. */
  const step = (fold: Fold, index: number): boolean => {
    fold.index = index
    fold.entry = fold.entries + index * stride
    return kind.step(fold) && passes(fold)
  }

  /** Works out the state after the first `count` entries, in the scratch words, and points the fold there. */
  const present = (slice: Slice, fold: Fold, place: number, count: number): void => {
    const { words } = slice
    let settled = 0
    if (slice.hasFlag(place, GROWN)) {
      settled = slice.halves[(place + headWords) * 2 + 1]!
      const state = settledState(place)
      for (let i = 0; i < stateWords; i++) words[SCRATCH + i] = words[state + i]!
      aim(slice, fold, place + frontWords, SCRATCH)
    } else {
      for (let i = 0; i < stateWords; i++) words[SCRATCH + i] = 0
      kind.begin(words, SCRATCH)
      gate.begin(words, SCRATCH + kindWords)
      aim(slice, fold, place + headWords, SCRATCH)
    }
    for (let index = settled; index < count; index++) step(fold, index)
  }

  /** How many entries the horizon has passed. */
  const passedBy = (slice: Slice, place: number, horizonMs: number): number => {
    const { words } = slice
    const count = countOf(slice, place)
    const entries = entriesAt(slice, place)
    let passed = settledOf(slice, place)
    while (passed < count && !isAtOrAfter(words[entries + passed * stride]!, horizonMs)) passed++
    return passed
  }

  /** Writes the state that stands in the scratch words of `from`, after `passed` entries of which `idle` are gone. */
  const writeState = (
    from: Slice,
    to: Slice,
    place: number,
    count: number,
    idle: number,
    passed: number,
  ): void => {
    kind.forget?.(from.words, SCRATCH, idle)
    const state = settledState(place)
    for (let i = 0; i < stateWords; i++) to.words[state + i] = from.words[SCRATCH + i]!
    to.setFlag(place, GROWN, true)
    setCounts(to, place, count, passed - idle)
  }

  /** Makes a young track a grown one, with its first `passed` entries in the state. */
  const mature = (
    slice: Slice,
    fold: Fold,
    subscriber: number,
    young: number,
    passed: number,
    horizonMs: number,
  ): number => {
    const count = countOf(slice, young)
    present(slice, fold, young, passed)
    const idle = kind.neededFrom(fold, passed, horizonMs)
    const kept = count - idle
    const place = slice.grow(subscriber, young, grownWords(kept))
    const { words } = slice
    const from = place + headWords + idle * stride
    words.copyWithin(settledState(place) + stateWords, from, from + kept * stride)
    writeState(slice, slice, place, kept, idle, passed)
    return place
  }

  /**
   * Moves the horizon: entries before `horizonMs` have their place for good and go into the state there. A young track
   * grows by it if that is worth while. Returns the place of the track, which may have moved.
   */
  const settle = (slice: Slice, fold: Fold, subscriber: number, place: number, horizonMs: number): number => {
    const passed = passedBy(slice, place, horizonMs)
    if (!slice.hasFlag(place, GROWN)) {
      const isWorthWhile = passed * stride >= 1 + stateWords
      return isWorthWhile ? mature(slice, fold, subscriber, place, passed, horizonMs) : place
    }
    const settled = settledOf(slice, place)
    if (passed === settled) return place
    aim(slice, fold, place + frontWords, settledState(place))
    for (let index = settled; index < passed; index++) step(fold, index)
    slice.halves[(place + headWords) * 2 + 1] = passed
    return place
  }

  /**
   * Takes away the entries of a grown track that no later step looks back at. Moving the ones that stay costs as much as
   * they are, so it is done when a fair share goes.
   */
  const forget = (slice: Slice, fold: Fold, place: number, horizonMs: number): void => {
    const { words } = slice
    const count = countOf(slice, place)
    const settled = settledOf(slice, place)
    const state = settledState(place)
    aim(slice, fold, place + frontWords, state)
    const idle = kind.neededFrom(fold, settled, horizonMs)
    if (idle === 0 || idle * 4 < count) return
    const kept = (count - idle) * stride
    const to = place + frontWords
    const from = to + idle * stride
    for (let i = 0; i < kept; i++) words[to + i] = words[from + i]!
    kind.forget?.(words, state, idle)
    setCounts(slice, place, count - idle, settled - idle)
  }

  /** One entry more, which is yet to be written, behind the others. What the horizon has passed is settled before. */
  const extend = (slice: Slice, fold: Fold, subscriber: number, from: number, horizonMs: number): number => {
    let place = settle(slice, fold, subscriber, from, horizonMs)
    const size = slice.sizeOf(place)
    if (!slice.hasFlag(place, GROWN)) return slice.grow(subscriber, place, size + stride)
    let count = countOf(slice, place)
    if (grownWords(count + 1) > size) {
      forget(slice, fold, place, horizonMs)
      count = countOf(slice, place)
      if (grownWords(count + 1) > size)
        place = slice.grow(subscriber, place, size + ((count >>> 2) + 1) * stride)
    }
    slice.halves[(place + headWords) * 2] = count + 1
    return place
  }

  /** The reference of the event whose wait runs, by the scratch state of a kind that waits; NaN for none. */
  const pendingOf = ({ words }: Slice): number =>
    Number.isNaN(words[SCRATCH]!) ? Number.NaN : words[SCRATCH + 1]!

  /**
   * The firings of the first `count` entries behind the horizon. The clock's firing is among them as long as the wait
   * `firedByClock` is the last one; the flag says afterwards whether it is.
   */
  const refold = (
    slice: Slice,
    fold: Fold,
    place: number,
    count: number,
    firedByClock: number | null,
  ): Kept[] => {
    const kept: Kept[] = []
    const settled = settledOf(slice, place)
    present(slice, fold, place, settled)
    for (let index = settled; index < count; index++) {
      if (step(fold, index)) kept.push({ causeRef: fold.causeRef, firedAtMs: fold.firedAtMs })
    }
    if (firedByClock === null) return kept
    const isSame = pendingOf(slice) === firedByClock
    slice.setFlag(place, CLOCK_FIRED, isSame)
    if (isSame) {
      kind.expire!(fold)
      if (passes(fold)) kept.push({ causeRef: fold.causeRef, firedAtMs: fold.firedAtMs })
    }
    return kept
  }

  const write = (words: Float64Array, at: number, entry: Float64Array): void => {
    for (let i = 0; i < stride; i++) words[at + i] = entry[i]!
  }

  /** Puts an entry in its place among the first `count`; there is room behind them. */
  const insert = (slice: Slice, place: number, count: number, entry: Float64Array): void => {
    const { words } = slice
    const entries = entriesAt(slice, place)
    let index = count
    while (index > 0) {
      const at = entries + (index - 1) * stride
      if (isBefore(words[at]!, words[at + 1]!, entry[0]!, entry[1]!)) break
      index--
    }
    words.copyWithin(entries + (index + 1) * stride, entries + index * stride, entries + count * stride)
    write(words, entries + index * stride, entry)
  }

  /**
   * Takes an event that is not the newest, or came after a firing by the clock: it goes to its place, the track is
   * folded again from the horizon with and without it, and the difference is what became true and what became untrue.
   */
  const takeBetween = (
    slice: Slice,
    fold: Fold,
    place: number,
    index: number,
    entry: Float64Array,
    verdict: Verdict,
  ): void => {
    let firedByClock: number | null = null
    if (slice.hasFlag(place, CLOCK_FIRED)) {
      present(slice, fold, place, index)
      firedByClock = pendingOf(slice)
    }
    const before = refold(slice, fold, place, index, firedByClock)
    insert(slice, place, index, entry)
    const after = refold(slice, fold, place, index + 1, firedByClock)
    const old = new Map(before.map((kept) => [kept.causeRef, kept]))
    for (const { causeRef, firedAtMs } of after) if (!old.delete(causeRef)) verdict(causeRef, firedAtMs, true)
    for (const { causeRef, firedAtMs } of old.values()) verdict(causeRef, firedAtMs, false)
  }

  /**
   * Takes an event into a rule's memory of one subscriber. Nearly always it is the newest: then one step says what it
   * makes true. Returns the place of the track, which may have moved; the scratch words then hold its state now.
   */
  const take = (
    slice: Slice,
    fold: Fold,
    subscriber: number,
    key: number | undefined,
    entry: Float64Array,
    horizonMs: number,
    verdict: Verdict,
  ): number => {
    const known = slice.find(number, subscriber, key)
    const place =
      known === 0
        ? slice.add(number, subscriber, key, headWords + stride)
        : extend(slice, fold, subscriber, known, horizonMs)
    slice.isDirty = true
    const { words } = slice
    const index = countOf(slice, place) - 1
    const at = entriesAt(slice, place) + index * stride
    const isNewest =
      index === 0 || isBefore(words[at - stride]!, words[at - stride + 1]!, entry[0]!, entry[1]!)
    if (!isNewest || slice.hasFlag(place, CLOCK_FIRED)) {
      takeBetween(slice, fold, place, index, entry, verdict)
      return place
    }
    write(words, at, entry)
    present(slice, fold, place, index)
    if (step(fold, index)) verdict(fold.causeRef, fold.firedAtMs, true)
    return place
  }

  /** When the wait of the state in the scratch words runs out, epoch ms; NaN when none runs or the clock fired it. */
  const presentDeadline = (slice: Slice, place: number): number =>
    waits && !slice.hasFlag(place, CLOCK_FIRED) ? kind.deadlineMs!(slice.words, SCRATCH) : Number.NaN

  /** When the track's wait runs out, epoch ms; NaN when none runs or the clock has fired it already. */
  const deadlineOf = (slice: Slice, fold: Fold, place: number): number => {
    present(slice, fold, place, countOf(slice, place))
    return presentDeadline(slice, place)
  }

  /** The clock has reached the track's deadline. */
  const expire = (slice: Slice, fold: Fold, place: number, verdict: Verdict): void => {
    present(slice, fold, place, countOf(slice, place))
    kind.expire!(fold)
    slice.setFlag(place, CLOCK_FIRED, true)
    slice.isDirty = true
    if (passes(fold)) verdict(fold.causeRef, fold.firedAtMs, true)
  }

  return {
    entriesAt,
    countOf,
    grownWords,
    passedBy,
    present,
    writeState,
    settle,
    take,
    presentDeadline,
    deadlineOf,
    expire,
  }
}
