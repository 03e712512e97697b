import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs } from '../../test/fuzzing.ts'
import { compileFieldReader } from './field-reader.ts'
import { numberRead, readNumber, valueEnd } from './json-bytes.ts'
import { packData, unpackData } from './packed-data.ts'
import { TextTable } from './text-table.ts'
import { Window } from './window.ts'

const names = ['volumeMb', 'cell', 'tags', 'a', '__proto__', '0', 'Ґанок']
const reader = compileFieldReader(names.map((name) => ({ name })))

/** What the log keeps of data: what JSON keeps, and the sign of a zero. */
const kept = (value: unknown): unknown => (Object.is(value, -0) ? -0 : JSON.parse(JSON.stringify(value)))

function truth(data: Record<string, unknown>): Record<string, unknown> {
  const of = (name: string): unknown =>
    Object.hasOwn(data, name) ? kept(Reflect.get(data, name)) : undefined
  return Object.fromEntries(names.map((name) => [name, of(name)]))
}

/** What the reader makes of them. They stand among others, so reading past their ends is found out. */
function read(data: Record<string, unknown>): Record<string, unknown> {
  const packed = packData(data)
  const around = Buffer.concat([Buffer.from('"1}'), packed, Buffer.from('1"}e5')])
  expect(reader.read(around, 3, 3 + packed.length)).toBe(true)
  return { ...reader.event }
}

const key = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom('', '\n', '"', '\ud800', 'b\\'),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary' }),
)
const value = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 9 }) },
  fc.integer(),
  fc.constantFrom('', '1234567', 'Жжж', 'Жжжж', '\ud83d', 'x\udc00', -0, [-1, { a: null }]),
)
/** Few layouts, so that one comes again with other values, or any. */
const members = fc.oneof(
  fc.tuple(...['a', 'cell', 'other', 'volumeMb'].map((name) => fc.tuple(fc.constant(name), value))),
  fc.array(fc.tuple(key, value), { maxLength: 8 }),
)

test(
  'packed data are read as they were, whole and by their fields',
  () => {
    const property = fc.property(members, (all) => {
      const data = Object.fromEntries(all)
      expect(read(data)).toStrictEqual(truth(data))
      const packed = new Window(packData(data))
      const whole = Object.fromEntries(Object.entries(data).map(([name, one]) => [name, kept(one)]))
      expect(unpackData(packed, 0, packed.bytes.length)).toStrictEqual(whole)
    })
    fc.assert(property, fuzzing(6_000))
  },
  fuzzTimeoutMs,
)

test('what JSON leaves out or makes null is left out or null', () => {
  const data = { a: undefined, cell: Number.NaN, volumeMb: Infinity, tags: () => 1 }
  expect(read(data)).toStrictEqual({ ...truth({}), cell: null, volumeMb: null })
})

test('a field that the next data lack is undefined, and without data all are', () => {
  expect(read({ a: 1, cell: 'x' })).toStrictEqual(truth({ a: 1, cell: 'x' }))
  expect(read({ other: 1, cell: 'y' })).toStrictEqual(truth({ cell: 'y' }))
  expect(read({})).toStrictEqual(truth({}))
  expect(read({ a: 2 })).toStrictEqual(truth({ a: 2 }))
  expect(reader.read(Buffer.alloc(7), 0, 7)).toBe(false)
  expect({ ...reader.event }).toStrictEqual(truth({}))
  expect(reader.read(Buffer.from('{"a":1,"b":"this is no packed data"}'), 0, 36)).toBe(false)
})

describe('numbers', () => {
  const numberOf = (text: string): unknown => {
    const bytes = Buffer.from(`${text},`)
    const number = readNumber(bytes, 0, bytes.length)
    return numberRead.end === text.length ? number : undefined
  }
  const digits = fc.stringMatching(/^\d{0,20}$/)
  const numberText = fc
    .tuple(
      fc.constantFrom('', '-'),
      digits,
      fc.constantFrom('', '.'),
      digits,
      fc.constantFrom('', 'e', 'E+', 'e-'),
      fc.stringMatching(/^\d{0,3}$/),
    )
    .map((parts) => parts.join(''))

  test(
    'are exactly those of JSON.parse, and what it refuses is refused',
    () => {
      const property = fc.property(numberText, (text) => {
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {}
        expect(numberOf(text)).toBe(expected)
      })
      fc.assert(property, fuzzing(20_000))
    },
    fuzzTimeoutMs,
  )

  test('with two decimals, as data hold them, are exact', () => {
    for (let cents = -200_000; cents < 200_000; cents += 7) {
      expect(numberOf((cents / 100).toFixed(2))).toBe(Number((cents / 100).toFixed(2)))
    }
  })
})

test('the end of a value is where JSON.parse would end it', () => {
  const property = fc.property(fc.json(), (text) => {
    const bytes = Buffer.from(`${text} `)
    expect(valueEnd(bytes, 0, bytes.length)).toBe(bytes.length - 1)
  })
  fc.assert(property, fuzzing(500))
})

test('a table of texts gives each text its own string, however many fight for a place', () => {
  const table = new TextTable(8)
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
    const bytes = Buffer.from(`"${text}"`)
    expect(table.read(bytes, 1, bytes.length - 1)).toBe(bytes.toString('utf8', 1, bytes.length - 1))
  })
  fc.assert(property, fuzzing(2_000))
})
