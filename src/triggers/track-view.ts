import type { CompiledRule } from './compile.ts'
import type { Partition } from './partition.ts'
import { SCRATCH } from './slice.ts'

/** One track, to be looked at: the references of its entries in order, and its state now. */
export type TrackView = {
  refs: number[]
  state: Float64Array
  /** When its wait runs out, epoch ms. */
  deadlineMs: number | null
}

/** What a rule remembers of a subscriber: one track, or one for each value of its key. */
export function tracksOf(memory: Partition, rule: CompiledRule, subscriberId: number): TrackView[] {
  const seat = memory.seatOf(subscriberId)
  if (seat === undefined) return []
  const { slice, subscriber } = seat
  const { fold } = memory
  fold.subscriberId = subscriberId
  const places = [...slice.tracksOf(subscriber)].filter((place) => slice.ruleOf(place) === rule.number)
  return places.map((place) => {
    const entries = rule.tracks.entriesAt(slice, place)
    const count = rule.tracks.countOf(slice, place)
    rule.tracks.present(slice, fold, place, count)
    const state = slice.words.slice(SCRATCH, SCRATCH + rule.stateWords)
    const deadlineMs = rule.tracks.deadlineOf(slice, fold, place)
    return {
      refs: Array.from({ length: count }, (_, i) => slice.words[entries + i * rule.stride + 1]!),
      state,
      deadlineMs: Number.isNaN(deadlineMs) ? null : deadlineMs,
    }
  })
}
