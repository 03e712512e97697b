import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RangeAtom } from '../expressions/index.ts'
import { boundsOf, buildIntervalTree, spanOf } from './interval-tree.ts'

// Neighbours, clusters far apart, and distances that no scale can hold.
const numbers = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(1e6, 1e6 + 1e-9, 5e-324, -5e-324, 1.7e308, -1.7e308, Infinity, -Infinity, -0),
  fc.double({ noNaN: true }),
)
const range = fc.record({
  variable: fc.constant('event'),
  field: fc.constant('x'),
  op: fc.constantFrom('lt', 'le', 'gt', 'ge'),
  value: numbers,
}) satisfies fc.Arbitrary<RangeAtom>

function holds({ op, value }: RangeAtom, x: number): boolean {
  if (op === 'lt') return x < value
  if (op === 'le') return x <= value
  return op === 'gt' ? x > value : x >= value
}

test('the nodes above a number hold exactly the intervals that contain it, each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(range, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 30 }),
      fc.array(numbers, { maxLength: 10 }),
      (intervals, others) => {
        const bounds = boundsOf(intervals.flat())
        const spans = intervals.flatMap((atoms, item) => {
          const span = spanOf(bounds, atoms)
          return span ? [{ ...span, item }] : []
        })
        const tree = buildIntervalTree(bounds, spans)
        for (const x of [...others, ...bounds]) {
          const found: number[] = []
          for (let node = tree.lowestAt(x); node >= 0; node = tree.above[node]!) {
            found.push(...tree.held[node]!)
          }
          const expected = intervals.flatMap((atoms, item) => (atoms.every((a) => holds(a, x)) ? [item] : []))
          expect(found.sort((a, b) => a - b)).toEqual(expected)
        }
      },
    ),
    { numRuns: 1000 },
  )
})
