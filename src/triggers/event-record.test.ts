import fc from 'fast-check'
import { expect, test } from 'vitest'
import { causeOf, typeOfRecord } from './event-record.ts'

const tricky = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"type":"x"', '","type":"x', '\\"type":"x'),
)

test('the type of a record is found whatever stands in its other fields', () => {
  const types = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
  fc.assert(
    fc.property(types, tricky, tricky, tricky, (type, id, source, text) => {
      const event = { id, source, type, atMs: 0, subscriberId: 1, data: { type: text, text } }
      const record = new TextEncoder().encode(JSON.stringify(event))
      expect(typeOfRecord(record)).toBe(type)
      expect(typeOfRecord(Buffer.from(record))).toBe(type)
    }),
  )
})

test('the cause tells events of different sources apart', () => {
  expect(causeOf({ source: 'a', id: '1' })).toBe(causeOf({ source: 'a', id: '1' }))
  expect(causeOf({ source: 'a', id: '1' })).not.toBe(causeOf({ source: 'b', id: '1' }))
})
