import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs, mutated, mutations } from '../../test/fuzzing.ts'
import { compileType } from './compiled-type.ts'
import { compileDataForm } from './data-form.ts'
import { attributes, compileEnvelopeForm, ID, SUBJECT, TIME, TYPE } from './envelope-form.ts'
import type { EventType } from './event-type.ts'
import { compileFieldCheck } from './field-check.ts'
import { FieldWriter } from './field-writer.ts'
import { compared, membersAt } from './form-code.ts'
import { Forms } from './forms.ts'
import { unpackData } from './packed-data.ts'
import { Window } from './window.ts'

const properties: EventType['schema']['properties'] = {
  volumeMb: { type: 'number', minimum: -5, maximum: 1e6 },
  count: { type: 'integer', exclusiveMaximum: 1e9 },
  level: { type: ['integer', 'null'] },
  cell: { type: ['string', 'null'] },
  kind: { type: 'string', maxLength: 9 },
  note: { type: 'string' },
  roaming: { type: 'boolean' },
  sure: { type: ['boolean', 'null'] },
  at: { type: 'string', format: 'date-time' },
  until: { type: ['string', 'null'], format: 'date-time' },
  peer: { type: 'string', 'x-identity': 'msisdn' },
  tags: { type: 'array', items: { type: 'string' } },
  Ґ: { type: 'number' },
}
const names = Object.keys(properties)
const checks = names.map((name) => compileFieldCheck(properties[name]!, false)!)
const type = compileType({ kind: 'EventType', id: 'x', schema: { type: 'object', properties } } as EventType)
const resolve = (identity: string): number | undefined => (identity === 'msisdn:+7999' ? 5 : undefined)
const lookup = { resolve, phone: (digits: number) => (digits === 7999 ? 5 : 0) }

const number = fc.oneof(
  fc.constantFrom(0, -0, 7, 1234, 12345.67, 99999999, 123456789012, 0.1, 1e21),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const whole = fc.oneof(fc.integer(), fc.integer({ min: -20, max: 20 }))
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', 'RUB', 'Жжж', '1234567', 'package'))
const moment = fc.constantFrom('2026-03-01T10:00:00Z', '2026-03-01T10:00:00.25+03:00', '2024-02-29 00:00:00z')
const values: Record<string, fc.Arbitrary<unknown>> = {
  volumeMb: number,
  count: whole,
  level: fc.oneof(whole, fc.constant(null)),
  cell: fc.oneof(text, fc.constant(null)),
  kind: text,
  note: text,
  roaming: fc.boolean(),
  sure: fc.constantFrom(true, false, null),
  at: moment,
  until: fc.oneof(moment, fc.constant(null)),
  peer: fc.constantFrom('+7999', '+380', 'x'),
  tags: fc.array(text, { maxLength: 3 }),
  Ґ: number,
  unknown: fc.jsonValue({ maxDepth: 2 }),
}

/** JSON of the members in this order, with white space where it may stand. */
const written = (members: [string, unknown][], space: string): string => {
  const texts = members.map(([name, value]) => `${JSON.stringify(name)}:${space}${JSON.stringify(value)}`)
  return `{${space}${texts.join(`,${space}`)}}`
}
const space = fc.constantFrom('', '', ' ', '\t ')

/** Data of one form twice: as it is learned, and with other values of the same fields. */
const twins = fc.shuffledSubarray(Object.keys(values)).chain((order) => {
  const all = fc.tuple(...order.map((name) => values[name]!))
  return fc.tuple(fc.constant(order), all, all, space)
})

/** What the form packs of `text`; undefined when it leaves it alone. The text stands among others. */
function scanned(
  form: ReturnType<typeof compileDataForm>,
  text: Buffer,
): Record<string, unknown> | undefined {
  const around = Buffer.concat([Buffer.from('19'), text, Buffer.from('}"1234567890123456')])
  const out = new Window(Buffer.alloc(4_000, 0xff))
  const scanner = { end: 0 }
  const end = form!(scanner, new FieldWriter(), new Window(around), 2, 2 + text.length, out, 3, lookup)
  if (end < 0) return undefined
  expect(scanner.end).toBeLessThanOrEqual(2 + text.length)
  const document: unknown = JSON.parse(text.toString('utf8', 0, scanner.end - 2))
  expect(type.validate(document)).toBe(true)
  expect(unpackData(out, 3, end)).toStrictEqual(type.project(document as Record<string, unknown>, resolve))
  return document as Record<string, unknown>
}

test(
  'a form packs what it takes as the plain way does, and takes data that look like those it was made from',
  () => {
    let forms = 0
    let same = 0
    const property = fc.property(twins, mutations, ([order, first, second, gap], changes) => {
      const [sample, other] = [first, second].map((all) =>
        Buffer.from(
          written(
            order.map((name, i) => [name, all[i]]),
            gap,
          ),
        ),
      ) as [Buffer, Buffer]
      if (!type.validate(JSON.parse(sample.toString()))) return
      const form = compileDataForm(sample, 0, sample.length, names, checks)
      if (form === undefined) return
      forms++
      expect(scanned(form, sample)).toBeDefined()
      if (scanned(form, other) !== undefined) same++
      const damaged = mutated(other, changes)
      if (isUtf8(damaged)) scanned(form, damaged)
    })
    fc.assert(property, fuzzing(1_500))
    expect(forms).toBeGreaterThan(500)
    expect(same).toBeGreaterThan(forms / 3)
  },
  fuzzTimeoutMs,
)

test.for([
  ['another order', '{"count":1,"volumeMb":1,"note":"a"}'],
  ['a field more', '{"volumeMb":1,"count":1,"note":"a","kind":"b"}'],
  ['a field less', '{"volumeMb":1,"count":1}'],
  ['a field twice', '{"volumeMb":1,"count":1,"note":"a","note":"a"}'],
  ['an escaped key', '{"volumeMb":1,"\\u0063ount":1,"note":"a"}'],
  ['an escape in a text', '{"volumeMb":1,"count":1,"note":"a\\n"}'],
  ['white space', '{"volumeMb":1, "count":1,"note":"a"}'],
  ['a value of another kind', '{"volumeMb":"1","count":1,"note":"a"}'],
  ['a fraction for a whole number', '{"volumeMb":1,"count":1.5,"note":"a"}'],
  ['a number out of bounds', '{"volumeMb":-6,"count":1,"note":"a"}'],
  ['a number that is none', '{"volumeMb":01,"count":1,"note":"a"}'],
  ['no end', '{"volumeMb":1,"count":1,"note":"a"'],
] as const)('a form leaves data with %s alone', ([, given]) => {
  const sample = Buffer.from('{"volumeMb":12.5,"count":0,"note":"long enough"}')
  const form = compileDataForm(sample, 0, sample.length, names, checks)
  expect(scanned(form, sample)).toEqual(JSON.parse(sample.toString()))
  expect(scanned(form, Buffer.from(given))).toBeUndefined()
})

test('an envelope of a known form has its attributes where JSON has them', () => {
  const usual = (id: string, subject: string, rest: object = {}): string =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source: 's',
      type: 'usage',
      ...rest,
      time: 't',
      subject,
      data: {},
    })
  const sample = Buffer.from(usual('1', '+7', { trace: [1], datacontenttype: 'application/json' }))
  const form = compileEnvelopeForm(sample, 0, sample.length)!
  const places = { starts: new Int32Array(attributes.length), ends: new Int32Array(attributes.length) }
  const property = fc.property(
    fc.string(),
    text,
    fc.jsonValue(),
    mutations,
    (id, subject, trace, changes) => {
      const line = mutated(
        Buffer.from(usual(id, subject, { trace, datacontenttype: 'application/json' })),
        changes,
      )
      const around = Buffer.concat([line, Buffer.from('"}1234567890')])
      const at = form.find(places, new Window(around), 0, line.length)
      if (at < 0 || !isUtf8(line)) return
      const found = (slot: number): string => around.toString('utf8', places.starts[slot], places.ends[slot])
      const event = JSON.parse(`${line.toString('utf8', 0, at)}0}`) as Record<string, unknown>
      for (const slot of [ID, TYPE, TIME, SUBJECT]) expect(found(slot)).toBe(event[attributes[slot]!])
      expect(event['specversion']).toBe('1.0')
    },
  )
  fc.assert(property, fuzzing(3_000))
  const other = Buffer.concat([
    Buffer.from(usual('abc', '+79', { trace: 5, datacontenttype: 'application/json' })),
    Buffer.alloc(9),
  ])
  expect(form.find(places, new Window(other), 0, other.length)).toBe(other.indexOf('"data":') + 7)
  const binary = Buffer.from(usual('1', '+7').replace('"data"', '"data_base64":1,"data"'))
  expect(compileEnvelopeForm(binary, 0, binary.length)).toBeUndefined()
})

test('what is compared is compared to the last bit, whatever number its bytes make', () => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 30 })
  const bytesOf = fc.oneof(
    piece,
    piece.map((bytes) => bytes.map((byte) => (byte & 1 ? 0xff : 0))),
  )
  const property = fc.property(bytesOf, fc.nat(), fc.nat({ max: 7 }), (given, place, bit) => {
    const bytes = Buffer.from(given)
    const body = `const limit = view.byteLength; ${compared(bytes, 0, bytes.length)}; return at`
    const test = new Function('view', 'at', body) as (view: DataView, at: number) => number
    const around = Buffer.concat([Buffer.from('ab'), bytes, Buffer.alloc(8)])
    const { view } = new Window(around)
    expect(test(view, 2)).toBe(2 + bytes.length)
    around[2 + (place % bytes.length)]! ^= 1 << bit
    expect(test(view, 2)).toBe(-1)
  })
  fc.assert(property, fuzzing(1_000))
})

test('the form met last stands first, and one that is not met makes room', () => {
  const forms = new Forms<string>()
  for (const form of 'abcdef') forms.add(form)
  expect(forms.list.join('')).toBe('fedcba')
  forms.hit(3)
  expect(forms.list.join('')).toBe('cfedba')
  forms.add('g')
  expect(forms.list.join('')).toBe('gcfedb')
  forms.add(undefined)
  expect(forms.list.length).toBe(6)
  let misses = 0
  for (const fresh = new Forms<string>(); !fresh.isDue();) misses++
  expect(misses).toBe(15)
})

test('members of an object are found where they stand', () => {
  const bytes = Buffer.from(' {"a" : [1,{}], "b":"x" }')
  expect(membersAt(bytes, 1, bytes.length)).toEqual({
    members: [
      { key: 'a', start: 8, end: 14 },
      { key: 'b', start: 20, end: 23 },
    ],
    end: bytes.length,
  })
  for (const text of ['{}', '{ }']) expect(membersAt(Buffer.from(text), 0, text.length)?.members).toEqual([])
  for (const text of ['{"a":1', '{"\\u0061":1}', '[1]', '{"a":1,}', '{a:1}', '{"a"']) {
    expect(membersAt(Buffer.from(text), 0, text.length)).toBeUndefined()
  }
})
