import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileExpression, type Declarations } from '../expressions/index.ts'
import { buildRuleIndex, type EventData, type IndexEntry } from './rule-index.ts'

const declarations: Declarations = {
  event: { channel: 'string', plan: 'string', balance: 'double', count: 'int', roaming: 'bool' },
}

function entryOf(source: string | null, rule: number): IndexEntry {
  if (source === null) return { rule, atoms: [], holds: null }
  const expression = compileExpression(source, declarations, 'bool')
  return { rule, atoms: expression.conjuncts(), holds: expression.toPredicate() }
}

function matching(entries: IndexEntry[], event: EventData): number[] {
  const out: number[] = []
  const count = buildRuleIndex(entries).match(event, out)
  expect(out).toHaveLength(count)
  return out.sort((a, b) => a - b)
}

const names = fc.constantFrom('app', 'web', 'sms', '')
const numbers = fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constantFrom(0.5, 2.5, -0.5))
const order = fc.constantFrom('<', '<=', '>', '>=', '==')
const simple = fc.oneof(
  fc
    .tuple(fc.constantFrom('channel', 'plan'), names)
    .map(([field, name]) => `event.${field} == ${JSON.stringify(name)}`),
  fc
    .array(names, { minLength: 1, maxLength: 3 })
    .map((list) => `event.plan in [${list.map((name) => JSON.stringify(name)).join(', ')}]`),
  fc.tuple(fc.constantFrom('balance', 'count'), order, numbers).map((parts) => `event.${parts.join(' ')}`),
  fc
    .tuple(numbers, fc.nat({ max: 3 }))
    .map(([low, width]) => `event.balance > ${low} && event.balance <= ${low + width}`),
  fc.constantFrom('event.roaming', '!event.roaming', 'has(event.count)', 'event.channel != event.plan'),
)
const condition = fc.oneof(
  fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' && ')),
  fc.tuple(simple, simple).map(([left, right]) => `(${left}) || (${right})`),
  fc.constant(null),
)
const foreign = fc.constantFrom(undefined, null, 'x', 7n, Number.NaN, Infinity, [], {}, true, 1)
const eventOf = fc.record<EventData>(
  {
    channel: fc.oneof({ arbitrary: names, weight: 9 }, foreign),
    plan: fc.oneof({ arbitrary: names, weight: 9 }, foreign),
    balance: fc.oneof({ arbitrary: numbers, weight: 9 }, foreign),
    count: fc.oneof(
      { arbitrary: fc.integer({ min: -3, max: 6 }), weight: 9 },
      fc.bigInt({ min: -3n, max: 6n }),
      foreign,
    ),
    roaming: fc.oneof({ arbitrary: fc.boolean(), weight: 9 }, foreign),
  },
  { requiredKeys: [] },
)

describe('the index finds', () => {
  test('the rules that evaluating every condition finds', () => {
    let found = 0
    fc.assert(
      fc.property(
        fc.array(condition, { maxLength: 40, size: 'max' }),
        fc.array(eventOf, { minLength: 1, maxLength: 8 }),
        (sources, events) => {
          const entries = sources.map((source, index) => entryOf(source, index * 3))
          const index = buildRuleIndex(entries)
          const out = new Int32Array(entries.length)
          for (const event of events) {
            const expected = entries.filter(({ holds }) => holds === null || holds(event))
            const count = index.match(event, out)
            expect([...out.subarray(0, count)].sort((a, b) => a - b)).toEqual(
              expected.map(({ rule }) => rule),
            )
            found += count
          }
        },
      ),
      { numRuns: 500 },
    )
    expect(found).toBeGreaterThan(1000)
  })

  test('only what may hold: other conditions are not even evaluated', () => {
    let evaluated = 0
    const entries = Array.from({ length: 900 }, (_, rule): IndexEntry => {
      const kinds = [
        `event.channel == "app" && event.plan == "plan-${rule}"`,
        `event.balance > ${rule} && event.balance <= ${rule + 3}`,
        `event.roaming && event.count >= ${rule} && event.count < ${rule + 2}`,
      ]
      const entry = entryOf(kinds[rule % 3]!, rule)
      return { ...entry, holds: (event) => (evaluated++, entry.holds!(event)) }
    })
    const event = { channel: 'app', plan: 'plan-300', balance: 302, count: 302, roaming: true }
    expect(matching(entries, event)).toEqual([300, 301, 302])
    expect(evaluated).toBeLessThanOrEqual(6)
  })
})

describe('an entry without a condition of its own', () => {
  test('holds always, or as its atoms say', () => {
    const { atoms } = entryOf('event.plan == "a" && event.balance <= 5.0', 0)
    const entries: IndexEntry[] = [
      { rule: 1, atoms: [], holds: null },
      { rule: 2, atoms, holds: null },
      { rule: 3, atoms: [{ variable: 'first', field: 'plan', op: 'eq', values: ['b'] }], holds: null },
    ]
    expect(matching(entries, { plan: 'a', balance: 5 })).toEqual([1, 2, 3])
    expect(matching(entries, { plan: 'a', balance: 6 })).toEqual([1, 3])
    expect(matching(entries, { plan: 'b', balance: 5 })).toEqual([1, 3])
  })
})

test('a field whose name is no identifier is data, not code', () => {
  const field = '"]; throw new Error("code") //\u2028'
  const entries: IndexEntry[] = [
    { rule: 1, atoms: [{ variable: 'event', field, op: 'eq', values: [1] }], holds: null },
  ]
  expect(matching(entries, { [field]: 1 })).toEqual([1])
  expect(matching(entries, {})).toEqual([])
})
