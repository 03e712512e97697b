import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newId } from '../../platform/index.ts'
import { cut, packChoice, unpackChoice } from './choice-data.ts'

test('a button gives back its message and choice', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (messageId, choice) => {
      const data = packChoice(messageId, choice)
      expect(unpackChoice(data)).toEqual({ messageId, choice })
      expect(Buffer.byteLength(data)).toBe(23 + Buffer.byteLength(choice))
    }),
  )
})

test('what no button of ours says is not taken for a choice', () => {
  for (const data of [
    '',
    'yes',
    '.yes',
    `${newId()}.yes`,
    `${'x'.repeat(21)}.yes`,
    `${'я'.repeat(22)}.yes`,
  ]) {
    expect(unpackChoice(data)).toBeUndefined()
  }
})

test('a text is cut between characters', () => {
  expect(cut('Привет', 6)).toBe('Привет')
  expect(cut('Привет', 5)).toBe('Прив…')
  expect(cut('😀😀😀', 2)).toBe('😀…')
})
