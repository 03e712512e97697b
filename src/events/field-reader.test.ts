import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs, mutated, mutations } from '../../test/fuzzing.ts'
import { compileFieldReader } from './field-reader.ts'
import { numberRead, readNumber, valueEnd } from './json-bytes.ts'
import { TextTable } from './text-table.ts'

const names = ['volumeMb', 'cell', 'tags', 'a', '__proto__', '0', 'Ґанок']
const reader = compileFieldReader(names.map((name) => ({ name })))

const nothing = Object.fromEntries(names.map((name) => [name, undefined]))

/** What `JSON.parse` makes of the fields; false and nothing when it refuses the text or it is no object. */
function truth(bytes: Buffer): [boolean, Record<string, unknown>] {
  let document: unknown
  try {
    document = JSON.parse(bytes.toString())
  } catch {
    return [false, nothing]
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return [false, nothing]
  const own = (name: string): unknown =>
    Object.hasOwn(document, name) ? Reflect.get(document, name) : undefined
  return [true, Object.fromEntries(names.map((name) => [name, own(name)]))]
}

/** What the reader makes of them. The document stands among others, so reading past its ends is found out. */
function read(bytes: Buffer): [boolean, Record<string, unknown>] {
  const around = Buffer.concat([Buffer.from('"1}'), bytes, Buffer.from('1"}e5')])
  return [reader.read(around, 3, 3 + bytes.length), { ...reader.event }]
}

const key = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 6 }), fc.string({ unit: 'binary' }))
const value = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  fc.integer(),
  fc.string({ unit: 'binary' }),
)
/** JSON text of members in which a key may come twice, with white space between. */
const documentText = fc
  .tuple(fc.array(fc.tuple(key, value), { maxLength: 8 }), fc.constantFrom('', ' ', '\n\t', ' \r'))
  .map(([members, space]) => {
    const texts = members.map(([k, v]) => `${JSON.stringify(k)}${space}:${space}${JSON.stringify(v)}`)
    return `{${space}${texts.join(`${space},${space}`)}${space}}`
  })

test(
  'fields of random documents, and of damaged ones, are those of JSON.parse',
  () => {
    const property = fc.property(documentText, mutations, (text, changes) => {
      const bytes = mutated(Buffer.from(text), changes)
      expect(read(bytes)).toStrictEqual(truth(bytes))
    })
    fc.assert(property, fuzzing(4_000))
  },
  fuzzTimeoutMs,
)

test.for([
  '{"a":1,"a":2}',
  '{"\\u0061":1}',
  '{"a":1,"\\u0061":2}',
  '{"a":{"a":5},"cell":[1,{"a":2}]}',
  '{"a":-0}',
  '{"a":01}',
  '{"a":1.}',
  '{"a":.5}',
  '{"a":1e400}',
  '{"a":12345678901234567890.123e-5}',
  '{"a":"\\ud83d\\ude00 \\n"}',
  '{"a":"\\x"}',
  '{"a":"tab\tinside"}',
  '{"__proto__":7,"0":8}',
  '{"a":1}x',
  '{"a":1,}',
  '{"a" 1}',
  '{,}',
  '[1]',
  'null',
  '',
  '{"a":nul}',
  '{"a":truey}',
  `{"a":${'['.repeat(500)}${']'.repeat(500)}}`,
])('%s', (text) => {
  expect(read(Buffer.from(text))).toStrictEqual(truth(Buffer.from(text)))
})

test('bytes that are no UTF-8 read as JSON.parse reads their replacement', () => {
  const broken = Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80])
  const document = Buffer.concat([Buffer.from('{"a":"'), broken, Buffer.from('","cell":2}')])
  expect(read(document)).toStrictEqual(truth(document))
  const replaced = compileFieldReader([{ name: '\ufffd' }])
  const bytes = Buffer.from([...Buffer.from('{"'), 0xff, ...Buffer.from('":1}')])
  expect(replaced.read(bytes, 0, bytes.length)).toBe(true)
  expect(replaced.event).toEqual({ '\ufffd': 1 })
})

test('a document whose keys come in another order than the one before is read as well', () => {
  for (const text of [
    '{"a":1,"cell":"x"}',
    '{"cell":"y","a":2}',
    '{"b":0,"a":3}',
    '{"a":4}',
    '{"a":5,"cell":"z"}',
  ]) {
    expect(read(Buffer.from(text))).toStrictEqual(truth(Buffer.from(text)))
  }
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
