import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityText } from './identity.ts'
import { placeRows } from './placement.ts'
import type { CheckedRow } from './row.ts'

const identity = fc.record({
  kind: fc.constantFrom('account' as const, 'external' as const),
  value: fc.constantFrom('1', '2', '3', '4'),
})
const batch = fc.array(fc.array(identity, { minLength: 1, maxLength: 3 }), { maxLength: 12 })

const rowOf = (identities: CheckedRow['identities'], index: number): CheckedRow => ({
  index,
  identities,
  attributes: { [`a${index % 3}`]: index },
  timeZone: null,
  language: null,
  consents: [],
})

test('the same rows in one batch or one by one make the same subscribers and the same refusals', () => {
  fc.assert(
    fc.property(batch, (identityLists) => {
      const rows = identityLists.map(rowOf)
      const together = run([rows])
      expect(run(rows.map((row) => [row]))).toEqual(together)
    }),
  )
})

/** Plays batches against a store in memory; subscribers are named by the first row that made them. */
function run(batches: CheckedRow[][]): { refused: number[]; subscribers: object[] } {
  const owners = new Map<string, number>()
  const attributes: Record<string, unknown>[] = []
  const refused: number[] = []
  for (const rows of batches) {
    const { placements, conflicts } = placeRows(rows, new Map(owners))
    refused.push(...conflicts.map((conflict) => conflict.index))
    for (const placement of placements) {
      const id = placement.subscriberId ?? attributes.push({}) - 1
      attributes[id] = { ...attributes[id], ...placement.attributes }
      for (const one of placement.newIdentities) {
        // An identity that is given twice would break the store's primary key.
        expect(owners.has(identityText(one))).toBe(false)
        owners.set(identityText(one), id)
      }
    }
  }
  const subscribers = attributes.map((held, id) => ({
    held,
    identities: [...owners].filter(([, owner]) => owner === id).map(([text]) => text),
  }))
  return { refused, subscribers }
}
