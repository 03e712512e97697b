import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharePartitions } from './partition-shares.ts'

test('every partition has one owner, shares are even, and nobody loses what he may keep', () => {
  const had = fc
    .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) => fc.tuple(fc.constant(id), fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 9 }))),
      ),
    )
  fc.assert(
    fc.property(had, fc.integer({ min: 1, max: 16 }), (claims, partitions) => {
      const shares = sharePartitions(new Map(claims), partitions)
      const all = [...shares.values()].flat().toSorted((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: partitions }, (_, i) => i))
      const sizes = [...shares.values()].map((share) => share.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      // Claims that nobody shares are honoured as far as an even share goes.
      const least = Math.floor(partitions / claims.length)
      for (const [member, claim] of claims) {
        const others = new Set(claims.filter(([other]) => other !== member).flatMap(([, theirs]) => theirs))
        const own = claim.filter((partition) => partition < partitions && !others.has(partition))
        if (own.length < claim.filter((partition) => partition < partitions).length) continue
        const kept = own.filter((partition) => shares.get(member)!.includes(partition))
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(own.length, least))
      }
    }),
  )
})

test('only what must move moves', () => {
  const had = new Map([
    ['a', [0, 3]],
    ['b', [1, 4]],
  ])
  expect(sharePartitions(had, 6)).toEqual(
    new Map([
      ['a', [0, 2, 3]],
      ['b', [1, 4, 5]],
    ]),
  )
  had.set('c', [])
  expect(sharePartitions(new Map([...had, ['a', [0, 2, 3]], ['b', [1, 4, 5]]]), 6)).toEqual(
    new Map([
      ['a', [0, 2]],
      ['b', [1, 4]],
      ['c', [3, 5]],
    ]),
  )
})
