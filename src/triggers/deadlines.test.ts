import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deadlines } from './deadlines.ts'

test('the next one is the earliest of those that stand, whatever was set, moved and taken away', () => {
  const change = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.option(fc.integer({ min: 0, max: 30 })))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const deadlines = new Deadlines()
      const truth = new Map<number, number>()
      for (const [subscriberId, deadlineMs] of changes) {
        deadlines.set(subscriberId, deadlineMs)
        if (deadlineMs === null) truth.delete(subscriberId)
        else truth.set(subscriberId, deadlineMs)
        const earliest = truth.size === 0 ? null : Math.min(...truth.values())
        expect(deadlines.nextMs).toBe(earliest)
        expect(truth.get(deadlines.nextSubscriber ?? -1) ?? null).toBe(earliest)
      }
    }),
  )
})
