import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs, mutated, mutations } from '../../test/fuzzing.ts'
import { entriesOf, RecordBatch } from '../platform/index.ts'
import { compileType } from './compiled-type.ts'
import { Counters } from './counters.ts'
import type { EventType } from './event-type.ts'
import { isRefused, type Judged, judge } from './judge.ts'
import { MAX_LINE_BYTES, parseLine } from './line.ts'
import { decodeRecord } from './record.ts'
import { LineScanner, type ScanRules } from './scan.ts'

const time = { type: 'string', format: 'date-time' }
const documents: Record<string, Partial<EventType> & { schema: object }> = {
  'usage.recorded': {
    subject: 'subscriber',
    schema: {
      type: 'object',
      required: ['volumeMb'],
      properties: {
        volumeMb: { type: 'number', minimum: 0, maximum: 1e6 },
        count: { type: 'integer', exclusiveMinimum: -3 },
        cell: { type: ['string', 'null'], maxLength: 8, minLength: 2 },
        roaming: { type: 'boolean' },
        startedAt: time,
        peer: { type: 'string', 'x-identity': 'msisdn' },
        partner: { type: 'string', 'x-identity': 'account', pattern: '^[A-Z0-9ÄЖ]+$' },
        note: { type: 'string' },
      },
    },
  },
  closed: {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: {
        tariff: { type: 'string', enum: ['S', 'M', 'ґ'] },
        level: { type: 'number', enum: [1, 2.5] },
        code: { type: 'string', pattern: '^\\p{L}{2}\\d+$' },
        maybe: { type: ['boolean', 'null'] },
        until: { type: ['string', 'null'], format: 'date-time' },
      },
    },
  },
  nested: {
    schema: {
      type: 'object',
      properties: {
        tags: { type: 'array', items: { type: 'string' }, maxItems: 3 },
        times: { type: 'array', items: { type: ['string', 'null'], format: 'date-time' } },
        device: { type: 'object', required: ['model'], properties: { model: { type: 'string' } } },
        ratio: { type: 'number', multipleOf: 0.5 },
        free: {},
      },
    },
  },
  slow: { schema: { type: 'object', minProperties: 1, properties: { toString: { type: 'string' } } } },
}
const types = new Map(
  Object.entries(documents).map(([id, rest]) => [
    id,
    compileType({ kind: 'EventType', id, ...rest } as EventType),
  ]),
)

const phones = new Map([79991234567, 380501234567, 1].map((digits, i) => [digits, i + 1]))
const others = new Map([
  ['account:A1', 11],
  ['account:Ж', 12],
  ['external:x y', 13],
])
const resolve = (text: string): number | undefined => {
  const phone = /^(?:msisdn:)?\+([1-9]\d{0,14})$/.exec(text)
  // Another spelling of a known number, as the phone library would read it.
  if (text.endsWith('8 999 123-45-67')) return 1
  return phone ? phones.get(Number(phone[1])) : others.get(text)
}
const nowMs = Date.UTC(2026, 2, 1, 12)
const rules: ScanRules = {
  types,
  resolve,
  lookup: { resolve, phone: (digits) => phones.get(digits) ?? 0 },
  nowMs,
  earliestMs: Date.UTC(2000, 0, 1),
  latestMs: nowMs + 3_600_000,
  counters: new Counters(),
}
const batches = [0, 1, 2].map(() => new RecordBatch(256))
const scanner = new LineScanner(rules, batches)

/** The record that the scanner makes of a line among others, or undefined when it leaves it alone. */
function scanned(line: Buffer): Buffer | undefined {
  // Streams give it valid UTF-8 only.
  if (!isUtf8(line)) return undefined
  for (const batch of batches) batch.clear()
  const around = Buffer.concat([Buffer.from('"}\n'), line, Buffer.from('\n{"')])
  const end = scanner.scan(around, 3, around.length)
  const records = batches.flatMap(({ bytes, length, count }) => [
    ...entriesOf([{ firstOffset: 0, count, bytes: bytes.subarray(0, length) }]),
  ])
  expect(records.length).toBe(end < 0 ? 0 : 1)
  if (end >= 0) expect(end).toBe(3 + line.length)
  return records[0]?.record
}

/** Whether the scanner took the line; if so, it made the very record that the plain way makes. */
function check(line: Buffer): boolean {
  const record = scanned(line)
  if (record === undefined) return false
  const judged = judge(parseLine(line), rules) as Judged
  expect(judged).toHaveProperty('record')
  expect(decodeRecord(record)).toStrictEqual(decodeRecord(judged.record))
  const { type, source, id } = decodeRecord(record)
  const head = 40 + Buffer.byteLength(type + source + id)
  expect(record.subarray(0, head).equals(judged.record.subarray(0, head))).toBe(true)
  return true
}

const often = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 25, arbitrary: usual }, { weight: 1, arbitrary: rare })
const timeText = often(
  fc.constantFrom('2026-03-01T10:00:00Z', '2026-02-28 23:59:60.5+03:00', '2026-03-01T10:00:00.123456Z'),
  fc.constantFrom('2026-03-01T13:00:00.001Z', '1999-12-31T23:59:59Z', '2026-02-30T00:00:00Z', 'now', null, 5),
)
const text = fc.oneof(
  fc.constantFrom('ab', 'MT12', 'Ж', 'A1', 'S', ''),
  fc.string({ unit: 'binary', maxLength: 9 }),
)
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 2.5, -3, 1e6, 1e21, 0.1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 5_000 }),
)
const anything = fc.jsonValue({ maxDepth: 2 })
const identity = fc.constantFrom(
  '+79991234567',
  '8 999 123-45-67',
  'A1',
  'Ж',
  '+380501234567',
  '+49',
  '+0123',
)
const dataOf: Record<string, fc.Arbitrary<unknown>> = {
  'usage.recorded': fc.record(
    {
      volumeMb: often(number, anything),
      count: often(fc.integer({ min: -5, max: 9 }), number),
      cell: often(fc.constantFrom('c12', 'Жж', null, 'x', '12345678'), text),
      roaming: often(fc.boolean(), anything),
      startedAt: timeText,
      peer: often(identity, text),
      partner: often(identity, text),
      note: often(text, anything),
      imsi: anything,
    },
    { requiredKeys: ['volumeMb'] },
  ),
  closed: fc.record(
    {
      tariff: often(fc.constantFrom('S', 'M', 'ґ'), text),
      level: often(fc.constantFrom(1, 2.5), number),
      code: often(fc.constantFrom('ab1', 'Жж77'), text),
      maybe: often(fc.constantFrom(true, null), anything),
      until: often(timeText, anything),
    },
    { requiredKeys: [] },
  ),
  nested: fc.record(
    {
      tags: often(fc.array(text, { maxLength: 4 }), anything),
      times: often(fc.array(timeText), anything),
      device: often(fc.record({ model: text }), anything),
      ratio: often(fc.constantFrom(0.5, 3, -1.5), number),
      free: anything,
      other: anything,
    },
    { requiredKeys: [] },
  ),
  slow: anything,
}
const subject = often(
  fc.constantFrom('+79991234567', 'msisdn:+380501234567', 'account:A1', 'account:Ж', 'external:x y', '+1'),
  fc.oneof(fc.constantFrom('+7999', 'account:no', 'msisdn:', '+', '+0079991234567', null, 7), text),
)
const cloudEvent = fc.constantFrom(...Object.keys(documents)).chain((type) =>
  fc.record(
    {
      specversion: often(fc.constant('1.0'), anything),
      id: often(fc.constantFrom('e1', 'ї-2'), text),
      source: often(fc.constantFrom('pcrf', '/crm/Ж'), text),
      type: often(fc.constant(type), text),
      time: timeText,
      subject: often(subject, fc.constant(undefined)),
      data: often(dataOf[type]!, anything),
      datacontenttype: often(fc.constant('application/json'), text),
      trace: anything,
      data_base64: often(fc.constant(undefined), text),
    },
    { requiredKeys: ['specversion', 'id', 'source', 'type', 'time', 'subject', 'data'] },
  ),
)

type Style = { order: number; space: string; isEscaped: boolean; repeats: boolean }
const style = fc.record<Style>({
  order: fc.nat(),
  space: fc.constantFrom('', '', '', ' ', ' \t', '\r'),
  isEscaped: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  repeats: fc.oneof(
    { weight: 15, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
})

/** JSON of an object whose members stand in some order, with white space, an escape or a member twice. */
function written(value: unknown, { order, space, isEscaped, repeats }: Style): string {
  const string = (s: string): string =>
    isEscaped
      ? JSON.stringify(s).replace(/[a-z]/, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
      : JSON.stringify(s)
  const write = (given: unknown): string => {
    if (typeof given === 'string') return string(given)
    if (typeof given !== 'object' || given === null) return JSON.stringify(given)
    if (Array.isArray(given)) return `[${given.map(write).join(`${space},`)}]`
    const present = Object.entries(given).filter(([, v]) => v !== undefined)
    const members = present.map(([k, v]) => `${string(k)}${space}:${space}${write(v)}`)
    if (order % 3 === 1) members.reverse()
    if (order % 3 === 2) members.push(...members.splice(0, order % (members.length + 1)))
    if (repeats && members.length > 0) members.push(members[order % members.length]!)
    return `{${members.join(`,${space}`)}${space}}`
  }
  return write(value)
}

test(
  'whatever the scanner takes of random and damaged lines, the plain way takes to the same record',
  () => {
    let taken = 0
    let lines = 0
    const property = fc.property(cloudEvent, style, mutations, (event, how, changes) => {
      lines++
      if (check(mutated(Buffer.from(written(event, how)), changes))) taken++
    })
    fc.assert(property, fuzzing(6_000))
    // A scanner that left everything alone would agree as well.
    expect(taken).toBeGreaterThan(lines / 8)
  },
  fuzzTimeoutMs,
)

const usual = (rest: object = {}): string =>
  JSON.stringify({
    specversion: '1.0',
    id: 'e1',
    source: 'pcrf',
    type: 'usage.recorded',
    time: '2026-03-01T10:00:00Z',
    subject: '+79991234567',
    ...rest,
    data: {
      volumeMb: 12.5,
      startedAt: '2026-03-01T09:00:00Z',
      peer: '+380501234567',
      imsi: '25001',
      note: 'q',
    },
  })

test.for([
  ['as sources send it', usual()],
  ['with white space', usual().replace(/":/g, '"\t: ').replace(/,"/g, ' ,\r"').replace(/}$/, ' } ')],
  ['with attributes that nobody knows', usual({ traceparent: '00-1', partitionkey: { a: [1] } })],
  ['with a content type', usual({ datacontenttype: 'application/json' })],
  [
    'with the data first',
    `{"data":{"volumeMb":1},${usual()
      .slice(1)
      .replace(/,"data".*/, '}')}`,
  ],
  [
    'with a nested field',
    usual({ type: 'nested' }).replace(/"data".*/, '"data":{"x":1,"tags":["a"],"free":{"a":[]}}}'),
  ],
  ['without data', usual({ type: 'closed' }).replace(/,"data".*/, '}')],
  ['with no declared field', usual({ type: 'nested' }).replace(/"data".*/, '"data":{"x":1}}')],
  ['with a number of many digits', usual().replace('12.5', '1234.56789012345678901234')],
] as const)('a line %s is taken from its bytes', ([, line]) => {
  // The first of its kind may make the scanner forget keys, which it does not do without care.
  check(Buffer.from(line))
  expect(check(Buffer.from(line))).toBe(true)
})

test.for([
  ['an attribute twice', usual().replace('"id"', '"id":"e2","id"'), 'event_duplicate_key'],
  [
    'an attribute twice in another spelling',
    usual().replace('"id"', '"i\\u0064":"e2","id"'),
    'event_duplicate_key',
  ],
  ['an unknown attribute twice', usual({ x: 1 }).replace('"x":1', '"x":1,"x":2'), 'event_duplicate_key'],
  ['an attribute twice, in the data only', usual().replace('"note"', '"note":"p","note"'), undefined],
  ['too many bytes', usual({ x: 'y'.repeat(MAX_LINE_BYTES) }), 'event_too_large'],
  [
    'too many levels',
    usual({ x: 0 }).replace('"x":0', `"x":${'['.repeat(64)}${']'.repeat(64)}`),
    'event_too_deep',
  ],
  [
    'as many levels as may be',
    usual({ x: 0 }).replace('"x":0', `"x":${'['.repeat(63)}${']'.repeat(63)}`),
    undefined,
  ],
  [
    'levels without end',
    usual({ x: 0 }).replace('"x":0', `"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    'event_too_deep',
  ],
  ['a time ahead of the clock', usual({ time: '2026-03-01T13:00:00.001Z' }), 'event_time_future'],
  ['a time of the last century', usual({ time: '1999-12-31T23:59:59Z' }), 'event_time_past'],
  ['half a line', usual().slice(0, 100), 'line_invalid'],
  ['a huge number', usual().replace('12.5', '1e999'), 'event_data_invalid'],
  ['no object', '5', 'event_malformed'],
] as const)('a line with %s is judged as it should be', ([, line, code]) => {
  const bytes = Buffer.from(line)
  const judged = judge(parseLine(bytes), rules)
  expect(isRefused(judged) ? judged.code : undefined).toBe(code)
  check(bytes)
})

test('a source whose keys never come again does not spoil the others, nor hide a repeated key', () => {
  const strange = (i: number): string =>
    usual(Object.fromEntries(Array.from({ length: 9 }, (_, k) => [`k${i}-${k}`, 1])))
  for (let i = 0; i < 50; i++) check(Buffer.from(strange(i)))
  expect(check(Buffer.from(usual({ trace: 1 })))).toBe(false)
  expect(check(Buffer.from(usual({ trace: 1 })))).toBe(true)
  const many = Array.from({ length: 60 }, (_, k) => [`m${k}`, 1])
  for (const repeated of ['m0', 'm1', 'm30', 'm59']) {
    const line = usual(Object.fromEntries(many)).replace('"data"', `"${repeated}":2,"data"`)
    for (let i = 0; i < 3; i++) expect(check(Buffer.from(line))).toBe(false)
  }
})

test('a line that is no UTF-8 is refused, not mended', () => {
  const line = Buffer.from(usual({ x: '?' }))
  line[line.indexOf('?')] = 0xff
  expect(judge(parseLine(line), rules)).toMatchObject({ code: 'event_malformed', expected: 'UTF-8' })
})
