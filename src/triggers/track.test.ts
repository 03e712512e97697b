import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Calendar } from './calendar.ts'
import { Gate } from './gate.ts'
import { thresholdKind } from './kinds/threshold.ts'
import { placeWord, refWord } from './order.ts'
import type { Fold } from './rule-kind.ts'
import { HEADER_WORDS, Slice } from './slice.ts'
import { sharedTracks, type TrackRule, tracksFor } from './track.ts'

const LATENESS_MS = 40

const anyAggregate = fc.constantFrom('count', 'sum', 'min', 'max', 'average', 'distinct', 'last')
const anyEvents = fc.array(
  fc.record({ stepMs: fc.integer({ min: -40, max: 60 }), value: fc.nat({ max: 9 }) }),
  {
    maxLength: 60,
  },
)

/** What a rule says of the events, and all its memory at the end. */
function read(make: typeof tracksFor, rule: TrackRule, events: { stepMs: number; value: number }[]): unknown {
  const tracks = make(rule)
  const slice = new Slice(0)
  const fold: Fold = {
    words: slice.words,
    state: 0,
    entry: 0,
    index: 0,
    settled: 0,
    entries: 0,
    stride: 0,
    subscriberId: 1,
    calendar: new Calendar(() => 'UTC'),
    causePlace: 0,
    causeRef: 0,
    firedAtMs: 0,
  }
  const said: unknown[] = []
  let newestMs = 1_000_000
  events.forEach(({ stepMs, value }, offset) => {
    const atMs = newestMs + stepMs
    newestMs = Math.max(newestMs, atMs)
    slice.setNewestMs(0, newestMs)
    const entry = Float64Array.of(placeWord(atMs, offset), refWord(offset, offset), value)
    const horizonMs = newestMs - LATENESS_MS
    tracks.take(slice, fold, 0, undefined, entry, horizonMs, (...verdict) => said.push([offset, ...verdict]))
  })
  return { said, words: [...slice.words.subarray(HEADER_WORDS, slice.used)] }
}

test("the copy of the code for a rule's shape says and remembers what the shared code does", () => {
  fc.assert(
    fc.property(
      anyAggregate,
      fc.nat({ max: 12 }),
      fc.boolean(),
      anyEvents,
      (aggregate, bound, falls, events) => {
        const direction = falls ? 'fallsTo' : 'reaches'
        const kind = thresholdKind({ aggregate, window: 100, bound, direction, rearm: undefined })
        const gate = new Gate({
          cooldownMs: 30,
          limit: undefined,
          validFromMs: Number.NEGATIVE_INFINITY,
          validToMs: Number.POSITIVE_INFINITY,
          pauses: [],
          admits: undefined,
        })
        const stateWords = kind.stateWords + gate.stateWords
        const rule = { number: 1, kind, gate, headWords: HEADER_WORDS, stateWords, stride: 2 + kind.values }
        expect(read(tracksFor, rule, events)).toEqual(read(sharedTracks, rule, events))
      },
    ),
    { numRuns: 300 },
  )
})
