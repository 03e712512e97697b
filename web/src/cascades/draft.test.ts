import fc from 'fast-check'
import { expect, it } from 'vitest'
import { blankCascade, documentOf, draftOf, isComplete, moved, placeAt } from './draft.ts'

it('gives the document back as it was', () => {
  const document = blankCascade('offer')
  expect(documentOf(draftOf(document))).toEqual(document)
  expect(isComplete(document)).toBe(false)
  expect(isComplete({ ...document, steps: [{ ...document.steps[0]!, template: 'hello' }] })).toBe(true)
})

it('moves one item and keeps the others in their order', () => {
  expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a'])
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['c', 'a', 'b'])
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { minLength: 1 }), fc.nat(20), fc.nat(20), (items, from, to) => {
      const result = moved(items, from, to)
      expect(result.toSorted()).toEqual(items.toSorted())
      const others = items.filter((_, index) => index !== from)
      expect(result.filter((item) => from >= items.length || item !== items[from])).toEqual(
        from >= items.length ? items : others,
      )
    }),
  )
})

it('finds the place of what is dragged', () => {
  expect(placeAt([50, 150, 250], 20)).toBe(0)
  expect(placeAt([50, 150, 250], 160)).toBe(2)
})
