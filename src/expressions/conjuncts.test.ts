import { describe, expect, test } from 'vitest'
import { compileExpression, type Declarations } from './index.ts'

const declarations: Declarations = {
  event: {
    volumeMb: 'double',
    count: 'int',
    at: 'timestamp',
    channel: 'string',
    late: 'bool',
    wait: 'duration',
  },
  first: { channel: 'string', late: 'bool' },
}

function atomsOf(source: string): unknown[] {
  return compileExpression(source, declarations, 'bool')
    .conjuncts()
    .map((atom) => [`${atom.variable}.${atom.field}`, atom.op, atom.op === 'eq' ? atom.values : atom.value])
}

describe('the conditions that must hold', () => {
  test.each([
    ['event.channel == "app"', [['event.channel', 'eq', ['app']]]],
    ['"app" == event.channel', [['event.channel', 'eq', ['app']]]],
    ['event.channel in ["app", "web"]', [['event.channel', 'eq', ['app', 'web']]]],
    ['event.channel == "app" || event.channel == "web"', [['event.channel', 'eq', ['app', 'web']]]],
    ['event.late', [['event.late', 'eq', [true]]]],
    ['!event.late', [['event.late', 'eq', [false]]]],
    ['event.late != true', [['event.late', 'eq', [false]]]],
    ['event.volumeMb <= 2', [['event.volumeMb', 'le', 2]]],
    ['-1.5 < event.volumeMb', [['event.volumeMb', 'gt', -1.5]]],
    ['5 >= event.count', [['event.count', 'le', 5]]],
    ['event.at < timestamp("1970-01-01T00:00:01Z")', [['event.at', 'lt', 1000]]],
    ['event.wait >= duration("2s")', [['event.wait', 'ge', 2000]]],
    [
      '(event.late && (event.count > 1 && first.late)) && (event.count < 0 || event.channel == "x")',
      [
        ['event.late', 'eq', [true]],
        ['event.count', 'gt', 1],
        ['first.late', 'eq', [true]],
      ],
    ],
  ])('%s', (source, expected) => {
    expect(atomsOf(source)).toEqual(expected)
  })

  test.each([
    'event.late || event.count > 1',
    'event.channel == "app" || first.channel == "app"',
    'event.channel == "app" || event.channel < "b"',
    'event.channel != "app"',
    'event.channel > "app"',
    'event.channel == first.channel',
    'event.count + 1 > 2',
    '!(event.late && first.late)',
    'event.late ? event.count > 1 : event.count > 2',
    'has(event.late)',
    'true',
  ])('nothing simple follows from %s', (source) => {
    expect(atomsOf(source)).toEqual([])
  })
})

describe('a predicate', () => {
  const predicate = compileExpression(
    'event.channel == first.channel && !first.late',
    declarations,
  ).toPredicate()

  test('takes the variables in the order of their declarations', () => {
    expect(predicate({ channel: 'app' }, { channel: 'app', late: false })).toBe(true)
    expect(predicate({ channel: 'app', late: false }, { channel: 'app' })).toBe(false)
  })

  test('finds no field in a variable that is missing', () => {
    expect(predicate({ channel: 'app' })).toBe(false)
    expect(compileExpression('!has(first.late)', declarations).toPredicate()({})).toBe(true)
  })
})
