import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testAnalytics } from '../../test/stores.ts'
import type { Analytics } from '../platform/index.ts'
import { type Atom, type CelType, compileExpression, type Declarations, type Scope } from './index.ts'

/*
 * The two back ends are held together here: random well-typed expressions over random rows with holes, evaluated
 * by the generated JavaScript and by a real ClickHouse, must give the same answers, errors included.
 */

const declarations: Declarations = {
  event: {
    i: 'int',
    j: 'int',
    d: 'double',
    e: 'double',
    s: 'string',
    u: 'string',
    b: 'bool',
    at: 'timestamp',
  },
  subscriber: {
    k: 'int',
    f: 'double',
    name: 'string',
    city: 'string',
    vip: 'bool',
    since: 'timestamp',
    gap: 'duration',
    tags: { list: 'string' },
    counts: { list: 'int' },
    scores: { list: 'double' },
  },
}
const columnTypes: Record<string, string> = {
  int: 'Nullable(Int64)',
  double: 'Nullable(Float64)',
  string: 'Nullable(String)',
  bool: 'Nullable(Bool)',
  timestamp: "Nullable(DateTime64(3, 'UTC'))",
  duration: 'Nullable(Int64)',
}

const maxSafe = Number.MAX_SAFE_INTEGER
const texts = [
  '',
  'a',
  'A',
  'b',
  'ab',
  'aB1',
  'é',
  'Жук',
  '😀',
  '\uFFFD',
  '\uE000x',
  "o'k",
  '\\',
  '\n',
  '\0',
  '\u2028',
]
const numerals = [
  '12',
  '-7',
  '+1',
  '007',
  '1.5',
  '-0.0',
  '0.1',
  '123456789.123456789',
  '9007199254740993',
  '1e3',
  ' 1',
  '.5',
]
const instants = [-2_208_988_800_000, -1, 0, 1, 999, 1_767_225_600_000, 1_767_225_600_123, 10_413_791_999_999]
const ints = fc.oneof(
  fc.integer({ min: -4, max: 9 }),
  fc.maxSafeInteger(),
  fc.constantFrom(maxSafe, -maxSafe, 2 ** 31),
)
const doubles = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    0.1,
    0.2,
    1,
    -1.5,
    2.5,
    1e21,
    1e-7,
    123_456_789.125,
    5e-324,
    1e308,
    -1e308,
    2 ** 53,
    1e15,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -4, max: 9 }),
)
const strings = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom(...numerals),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '1', 'é', '😀', '\n'), maxLength: 5 }),
)
const times = fc.oneof(
  fc.constantFrom(...instants),
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
)
const spans = fc.oneof(fc.integer({ min: -200_000_000, max: 200_000_000 }), ints)

/** What JavaScript must refuse to read and ClickHouse can hold. */
const beyond: Partial<Record<string, unknown[]>> = {
  int: [2 ** 53, -(2 ** 60)],
  double: [Infinity, -Infinity, Number.NaN],
}
const values: Record<string, fc.Arbitrary<unknown>> = {
  int: ints,
  double: doubles,
  string: strings,
  bool: fc.boolean(),
  timestamp: times,
  duration: spans,
}

function valueOf(type: CelType): fc.Arbitrary<unknown> {
  if (typeof type !== 'string') {
    const element = values[String(type.list)] ?? fc.constant(0)
    return fc.array(element, { maxLength: 3 })
  }
  const missing = fc.constant(undefined)
  const foreign = fc.constantFrom(...(beyond[type] ?? [undefined]))
  return fc.oneof(
    { arbitrary: values[type] ?? missing, weight: 8 },
    { arbitrary: missing, weight: 2 },
    foreign,
  )
}

const rowOf = fc.record({
  event: fc.record(mapTypes(declarations['event'] ?? {})),
  subscriber: fc.record(mapTypes(declarations['subscriber'] ?? {})),
})
function mapTypes(fields: Record<string, CelType>): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, valueOf(type)]))
}

const celText = (text: string): string =>
  `"${[...text].map((one) => `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`).join('')}"`
const celDouble = (value: number): string => {
  const digits = String(Math.abs(value))
  const text = /^[0-9]+$/.test(digits) ? `${digits}.0` : digits
  return value < 0 ? `-${text}` : text
}

const built = new Map<string, fc.Arbitrary<string>>()

/** The source of a random expression of a type. Depth is spent, so that expressions end; each kind is built once. */
function expressionOf(type: string, depth: number): fc.Arbitrary<string> {
  const key = `${type} ${depth}`
  const known = built.get(key) ?? buildExpression(type, depth)
  built.set(key, known)
  return known
}

function buildExpression(type: string, depth: number): fc.Arbitrary<string> {
  const fields = Object.entries(declarations).flatMap(([variable, members]) =>
    Object.entries(members).flatMap(([field, one]) => (one === type ? [`${variable}.${field}`] : [])),
  )
  const literals: Record<string, fc.Arbitrary<string>> = {
    bool: fc.constantFrom('true', 'false'),
    int: ints.map(String),
    double: doubles.map(celDouble),
    string: strings.map(celText),
    timestamp: times.map((ms) => `timestamp("${new Date(ms).toISOString()}")`),
    duration: spans.map((ms) => `duration("${ms}ms")`),
  }
  const leaf = fc.oneof(
    { arbitrary: fc.constantFrom(...fields), weight: 3 },
    literals[type] ?? fc.constant('true'),
  )
  if (depth <= 0) return leaf
  const sub = (one: string): fc.Arbitrary<string> => expressionOf(one, depth - 1)
  const infix = (left: string, operators: string[], right: string): fc.Arbitrary<string> =>
    fc
      .tuple(sub(left), fc.constantFrom(...operators), sub(right))
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`)
  const apply = (format: string, ...types: string[]): fc.Arbitrary<string> =>
    fc
      .tuple(...types.map((one) => sub(one)))
      .map((operands) => format.replaceAll(/\$([0-9])/g, (_, index: string) => operands[Number(index)] ?? ''))
  const choice = apply('($0 ? $1 : $2)', 'bool', type, type)
  const composed: Record<string, fc.Arbitrary<string>[]> = {
    bool: booleanForms(infix, apply, sub, depth),
    int: [
      infix('int', ['+', '-', '*', '/', '%'], 'int'),
      apply('-($0)', 'int'),
      apply('int($0)', 'double'),
      apply('int($0)', 'string'),
      apply('int($0)', 'timestamp'),
      apply('size($0)', 'string'),
      fc.constantFrom('size(subscriber.tags)', 'subscriber.scores.size()'),
    ],
    double: [
      infix('double', ['+', '-', '*', '/'], 'double'),
      apply('-($0)', 'double'),
      apply('double($0)', 'int'),
      apply('double($0)', 'string'),
    ],
    string: [
      infix('string', ['+'], 'string'),
      apply('string($0)', 'int'),
      apply('string($0)', 'double'),
      apply('string($0)', 'bool'),
      apply('$0.lowerAscii()', 'string'),
      apply('$0.upperAscii()', 'string'),
    ],
    timestamp: [
      infix('timestamp', ['+', '-'], 'duration'),
      infix('duration', ['+'], 'timestamp'),
      apply('timestamp($0)', 'int'),
    ],
    duration: [
      infix('duration', ['+', '-'], 'duration'),
      infix('timestamp', ['-'], 'timestamp'),
      apply('-($0)', 'duration'),
    ],
  }
  return fc.oneof(leaf, choice, ...(composed[type] ?? []))
}

const patterns = [
  '^a',
  'b$',
  'a.b',
  '[^a]',
  '^\\d+$',
  '(ab|é)1?',
  '\\w{2,3}',
  '\\s',
  '',
  '😀',
  '^.$',
  '[a-é]+1',
  '\\bab\\b',
]

function booleanForms(
  infix: (left: string, operators: string[], right: string) => fc.Arbitrary<string>,
  apply: (format: string, ...types: string[]) => fc.Arbitrary<string>,
  sub: (type: string) => fc.Arbitrary<string>,
  depth: number,
): fc.Arbitrary<string>[] {
  const comparisons = ['==', '!=', '<', '<=', '>', '>=']
  const inList = (type: string, literal: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc
      .tuple(sub(type), fc.array(literal, { minLength: 1, maxLength: 4 }))
      .map(([value, list]) => `(${value} in [${list.join(', ')}])`)
  const allFields = Object.entries(declarations).flatMap(([variable, members]) =>
    Object.keys(members).map((field) => `has(${variable}.${field})`),
  )
  const quantified = (list: string, type: string, element: string): fc.Arbitrary<string> =>
    fc
      .tuple(fc.constantFrom('exists', 'all'), fc.constantFrom(...comparisons), sub(type), sub('bool'))
      .map(([name, operator, value, other]) => {
        const x = `x${depth}`
        return `${list}.${name}(${x}, (${element.replaceAll('x', x)} ${operator} ${value}) || ${other})`
      })
  return [
    infix('bool', ['&&', '||'], 'bool'),
    infix('bool', ['&&', '||', '==', '<'], 'bool'),
    apply('!$0', 'bool').map((text) => text.replace(/^!(?!\()(.*)$/, '!($1)')),
    ...['int', 'double', 'string', 'timestamp', 'duration'].map((type) => infix(type, comparisons, type)),
    infix('int', comparisons, 'double'),
    infix('double', comparisons, 'int'),
    fc.constantFrom(...allFields),
    inList('int', ints.map(String)),
    inList('double', doubles.map(celDouble)),
    inList('string', strings.map(celText)),
    apply('($0 in subscriber.tags)', 'string'),
    apply('($0 in subscriber.counts)', 'int'),
    apply('($0 in subscriber.scores)', 'double'),
    apply('$0.startsWith($1)', 'string', 'string'),
    apply('$0.endsWith($1)', 'string', 'string'),
    apply('$0.contains($1)', 'string', 'string'),
    fc
      .tuple(sub('string'), fc.constantFrom(...patterns))
      .map(([text, pattern]) => `${text}.matches(r'${pattern}')`),
    quantified('subscriber.tags', 'string', 'x'),
    quantified('subscriber.tags', 'int', 'int(x)'),
    quantified('subscriber.counts', 'int', '(7 / x + event.i)'),
    quantified('subscriber.scores', 'double', '(x * x)'),
  ]
}

const types = ['bool', 'bool', 'bool', 'int', 'double', 'string', 'timestamp', 'duration']
const expressions = fc.oneof(...types.map((type) => expressionOf(type, 4)))

let analytics: Analytics
beforeAll(async () => {
  analytics = await testAnalytics()
})
afterAll(() => analytics.close())

function sqlValue(type: CelType, value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((one) => sqlValue((type as { list: CelType }).list, one)).join(', ')}]`
  if (value === undefined) return 'NULL'
  if (typeof value === 'string') return `unhex('${Buffer.from(value).toString('hex')}')`
  if (typeof value === 'boolean') return String(value)
  if (type === 'timestamp') return `fromUnixTimestamp64Milli(toInt64(${Number(value)}), 'UTC')`
  if (type === 'double') return `reinterpretAsFloat64(unhex('${hexOfDouble(Number(value))}'))`
  return BigInt(Number(value)).toString()
}

/** The eight bytes as ClickHouse stores them: no float parser stands between the two back ends. */
function hexOfDouble(value: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes.toString('hex')
}

async function fillTable(rows: Scope[]): Promise<void> {
  const columns = Object.entries(declarations).flatMap(([variable, members]) =>
    Object.entries(members).map(([field, type]) => ({ variable, field, type, name: `${variable}_${field}` })),
  )
  const definitions = columns.map(({ name, type }) => {
    const column = name === 'subscriber_city' ? 'LowCardinality(Nullable(String))' : columnTypes[String(type)]
    return `${name} ${typeof type === 'string' ? column : `Array(${columnTypes[String(type.list)]?.slice(9, -1)})`}`
  })
  await analytics.command('drop table if exists sample')
  await analytics.command(`create table sample (id Int32, ${definitions.join(', ')}) engine = Memory`)
  const lines = rows.map(
    (row, id) => `(${id}, ${columns.map((c) => sqlValue(c.type, row[c.variable]?.[c.field])).join(', ')})`,
  )
  await analytics.command(`insert into sample values ${lines.join(', ')}`)
}

/** Answers of ClickHouse: one array a row, one value an expression. */
async function askClickHouse(sources: string[]): Promise<unknown[][]> {
  const selected = sources.map((source) => {
    const expression = compileExpression(source, declarations)
    const sql = expression.toSql((variable, field) => `${variable}_${field}`)
    if (expression.type === 'timestamp') return `toString(toUnixTimestamp64Milli(${sql}))`
    if (expression.type === 'string') return `hex(${sql})`
    if (expression.type === 'double') return `hex(reinterpretAsString(${sql} + 0))`
    return `toString(toInt64(${sql}))`
  })
  const sql = `select ${selected.map((text, index) => `${text} as r${index}`).join(', ')} from sample order by id`
  const rows = await analytics.query<Record<string, unknown>>(sql)
  return rows.map((row) => sources.map((_, index) => row[`r${index}`] ?? undefined))
}

function askJavaScript(source: string, row: Scope): unknown {
  const expression = compileExpression(source, declarations)
  const value = expression.toFunction()(row)
  if (value === undefined) return undefined
  if (expression.type === 'string') return Buffer.from(String(value)).toString('hex').toUpperCase()
  // reinterpretAsString leaves trailing zero bytes out.
  if (expression.type === 'double')
    return hexOfDouble(Number(value) + 0)
      .replace(/(?:00)+$/, '')
      .toUpperCase()
  return String(Number(value))
}

async function expectAgreement(sources: string[], rows: Scope[]): Promise<unknown[][]> {
  await fillTable(rows)
  const fromSql = await askClickHouse(sources)
  for (const [rowIndex, row] of rows.entries()) {
    for (const [index, source] of sources.entries()) {
      const answers = { source, row: rowIndex, answer: fromSql[rowIndex]?.[index] }
      expect(answers).toEqual({ source, row: rowIndex, answer: askJavaScript(source, row) })
    }
  }
  return fromSql
}

describe('JavaScript and ClickHouse agree', () => {
  test('on random expressions over random rows', async () => {
    let answers = 0
    let errors = 0
    const sample = fc.tuple(
      fc.array(expressions, { minLength: 12, maxLength: 40, size: 'max' }),
      fc.array(rowOf, { minLength: 8, maxLength: 12, size: 'max' }),
    )
    await fc.assert(
      fc.asyncProperty(sample, async ([sources, rows]) => {
        const found = (await expectAgreement(sources, rows as Scope[])).flat()
        answers += found.length
        errors += found.filter((one) => one === undefined).length
      }),
      { numRuns: 60 },
    )
    // The sample must be worth something: many answers, with both values and errors among them.
    expect(answers).toBeGreaterThan(5000)
    expect(errors / answers).toBeGreaterThan(0.05)
    expect(errors / answers).toBeLessThan(0.8)
  }, 120_000)
})

/** A conjunction is common in rules and rare at random: half of the sample is one. */
const conditions = fc.oneof(
  expressionOf('bool', 4),
  fc
    .array(fc.oneof(expressionOf('bool', 0), expressionOf('bool', 1), expressionOf('bool', 2)), {
      minLength: 2,
      maxLength: 3,
    })
    .map((parts) => parts.join(' && ')),
)

function atomHolds(atom: Atom, row: Scope): boolean {
  const raw = row[atom.variable]?.[atom.field]
  const value = typeof raw === 'bigint' ? Number(raw) : raw
  if (atom.op === 'eq') return atom.values.some((one) => one === value)
  if (typeof value !== 'number') return false
  const difference = value - atom.value
  if (atom.op === 'lt') return difference < 0
  if (atom.op === 'le') return difference <= 0
  return atom.op === 'gt' ? difference > 0 : difference >= 0
}

/** What a row may hold though it is declared otherwise: every int as a bigint, and values of foreign types. */
function strangeRow(row: Scope): Scope {
  const others = new Map<unknown, unknown>([
    ['a', 5],
    [1, '1'],
    [true, 'true'],
    [0, 0.5],
  ])
  const strange = (value: unknown): unknown => {
    if (others.has(value)) return others.get(value)
    return Number.isInteger(value) ? BigInt(value as number) : value
  }
  const fields = (one: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(one).map(([name, value]) => [name, strange(value)]))
  return { event: fields(row['event']!), subscriber: fields(row['subscriber']!) }
}

describe('the predicate and the conjuncts agree with the function', () => {
  test('on random conditions over random rows', () => {
    let held = 0
    let atomsHeld = 0
    fc.assert(
      fc.property(conditions, fc.array(rowOf, { minLength: 6, maxLength: 6 }), (source, rows) => {
        const expression = compileExpression(source, declarations, 'bool')
        const [holds, predicate] = [expression.toFunction(), expression.toPredicate()]
        const atoms = expression.conjuncts()
        for (const row of (rows as Scope[]).flatMap((one) => [one, strangeRow(one)])) {
          const expected = holds(row) === true
          expect(predicate(row['event']!, row['subscriber'])).toBe(expected)
          if (!expected) continue
          held++
          for (const atom of atoms)
            expect({ source, atom, holds: atomHolds(atom, row) }).toHaveProperty('holds', true)
          atomsHeld += atoms.length
        }
        expect(predicate({})).toBe(holds({ event: {} }) === true)
      }),
      { numRuns: 3000 },
    )
    expect(held).toBeGreaterThan(1000)
    expect(atomsHeld).toBeGreaterThan(200)
  }, 60_000)
})
