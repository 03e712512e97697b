import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs, mutated, mutations } from '../../test/fuzzing.ts'
import { readRfc3339 } from './moment-bytes.ts'
import { Window } from './window.ts'
import { parseRfc3339 } from './rfc3339.ts'

test('a moment in any offset reads as Temporal reads it', () => {
  const moment = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2299, 11, 31) })
  const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 })
  fc.assert(
    fc.property(moment, offset, fc.integer({ min: 0, max: 9 }), (ms, minutes, fractionDigits) => {
      const sign = minutes < 0 ? '-' : '+'
      const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
      const zone = `${sign}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
      const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
      const digits = fractionDigits as 0 | 9
      const text = `${local.toPlainDateTime().toString({ fractionalSecondDigits: digits })}${zone}`
      expect(parseRfc3339(text)).toBe(Temporal.Instant.from(text).epochMilliseconds)
    }),
  )
})

test.for([
  ['2026-03-01T10:00:00Z', Date.UTC(2026, 2, 1, 10)],
  ['2026-03-01 10:00:00.1239999z', Date.UTC(2026, 2, 1, 10, 0, 0, 123)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
] as const)('%s is a moment', ([text, ms]) => {
  expect(parseRfc3339(text)).toBe(ms)
})

test.for([
  '',
  '2026-03-01',
  '2026-03-01T10:00:00',
  '2026-03-01T10:00Z',
  '2026-02-29T10:00:00Z',
  '2100-02-29T10:00:00Z',
  '2026-02-30T10:00:00Z',
  '2026-13-01T10:00:00Z',
  '2026-00-01T10:00:00Z',
  '2026-03-01T24:00:00Z',
  '2026-03-01T10:60:00Z',
  '2026-03-01T10:00:61Z',
  '2026-03-01T10:00:00.Z',
  '2026-03-01T10:00:00+0300',
  '2026-03-01T10:00:00+24:00',
  '2026-03-01T10:00:00Z ',
  ' 2026-03-01T10:00:00Z',
  '2026-03-01T10:00:00Zulu',
  '+002026-03-01T10:00:00Z',
  'Sun, 01 Mar 2026 10:00:00 GMT',
  '2026-3-01T10:00:00.000Z',
])('%j is no RFC 3339 date-time', (text) => {
  expect(parseRfc3339(text)).toBeUndefined()
})

test(
  'bytes read as the text does, damaged ones too',
  () => {
    const moment = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') })
    const rest = fc.constantFrom('Z', '+03:00', '-23:59', 'z', '.1Z', '.123456-00:30', '.9999+14:00')
    const property = fc.property(moment, rest, mutations, (date, end, changes) => {
      fc.pre(!Number.isNaN(date.getTime()))
      const bytes = mutated(Buffer.from(date.toISOString().slice(0, 19) + end), changes)
      const around = Buffer.concat([Buffer.from('19'), bytes, Buffer.from('00')])
      expect(readRfc3339(around, new Window(around).view, 2, 2 + bytes.length)).toBe(
        parseRfc3339(bytes.toString('latin1')) ?? Number.NaN,
      )
    })
    fc.assert(property, fuzzing(5_000))
  },
  fuzzTimeoutMs,
)

test('every day of four centuries', () => {
  const wrong: string[] = []
  for (let ms = Date.UTC(1800, 0, 1); ms < Date.UTC(2200, 2, 2); ms += 86_400_000) {
    const bytes = Buffer.from(new Date(ms).toISOString())
    if (readRfc3339(bytes, new Window(bytes).view, 0, bytes.length) !== ms) wrong.push(bytes.toString())
  }
  expect(wrong).toEqual([])
})
