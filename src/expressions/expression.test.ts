import { describe, expect, test } from 'vitest'
import { DomainError, type Problem } from '../platform/index.ts'
import { checkExpression, compileExpression, type Declarations, expressionErrorCodes } from './index.ts'

const declarations: Declarations = {
  event: {
    volumeMb: 'double',
    count: 'int',
    at: 'timestamp',
    channel: 'string',
    late: 'bool',
    nested: { list: { list: 'int' } },
  },
  subscriber: { tenureMonths: 'int', tags: { list: 'string' }, lastTopUpAt: 'timestamp', wait: 'duration' },
}

function problemOf(source: string): Problem {
  const [problem] = checkExpression(source, declarations, 'bool')
  if (!problem) throw new Error(`${source} was accepted`)
  return problem
}

function evaluate(source: string, event: object = {}, subscriber: object = {}): unknown {
  const scope = { event: event as Record<string, unknown>, subscriber: subscriber as Record<string, unknown> }
  return compileExpression(source, declarations).toFunction()(scope)
}

describe('a refused expression says where and what', () => {
  test.each([
    ['event.volumMb > 5.0', 'expression_unknown_field', 1, 1, 'event.volumeMb'],
    ['true &&\n  event.volumeMB > 5.0', 'expression_unknown_field', 2, 3, 'event.volumeMb'],
    ['evnt.volumeMb > 5.0', 'expression_unknown_variable', 1, 1, 'event'],
    ['size(event.channel) > "5"', 'expression_type', 1, 1, 'int on both sides'],
    ['event.count + event.volumeMb > 1.0', 'expression_type', 1, 1, 'double(…)'],
    ['event.late && event.count', 'expression_type', 1, 15, 'bool'],
    ['event.count', 'expression_type', 1, 1, 'bool'],
    ['event == 1', 'expression_type', 1, 1, 'event.volumeMb'],
    ['event.channel.volume == 1', 'expression_unsupported', 1, 1, 'one field'],
    ['event["count"] == 1', 'expression_unsupported', 1, 1, 'a field by name'],
    ['event.channel == null', 'expression_unsupported', 1, 18, 'has(…)'],
    ['event.channel.startWith("x")', 'expression_unknown_function', 1, 1, 'startsWith'],
    ['now() > event.at', 'expression_unknown_function', 1, 1, 'one of'],
    ['event.at > timestamp("yesterday")', 'expression_value', 1, 22, '2026-01-31T09:00:00Z'],
    ['event.at > timestamp("2026-02-30T00:00:00Z")', 'expression_value', 1, 22, 'instant'],
    ['subscriber.wait > duration("3d")', 'expression_value', 1, 28, 'a day is 24h'],
    ['event.channel in []', 'expression_value', 1, 18, 'at least one'],
    ['event.channel in ["a", 1]', 'expression_type', 1, 24, 'string'],
    ['event.channel in ["a", event.channel]', 'expression_unsupported', 1, 24, 'a literal'],
    ['event.channel in subscriber', 'expression_type', 1, 18, 'fields'],
    ['1 in subscriber.tags', 'expression_type', 1, 1, 'element of list<string>'],
    ['has(event)', 'expression_type', 1, 1, 'has(event.volumeMb)'],
    ['has(event.volumMb)', 'expression_unknown_field', 1, 5, 'event.volumeMb'],
    ['[1] == [1]', 'expression_unsupported', 1, 1, ''],
    ['{"a": 1} == 1', 'expression_unsupported', 1, 1, ''],
    ['9007199254740992 > event.count', 'expression_value', 1, 1, '9007199254740991'],
    ['event.nested.exists(x, true)', 'expression_unsupported', 1, 1, 'plain value'],
    ['subscriber.tags.exists(event, true)', 'expression_value', 1, 24, 'another name'],
    ['event.channel.matches(event.channel)', 'expression_unsupported', 1, 1, ''],
    ['event.channel.matches("(a+)+")', 'expression_value', 1, 23, ''],
    ['(event.late ? 1 : 2.0) > 1', 'expression_type', 1, 2, 'the same type'],
    ['event.volumeMb % 2.0 == 0.0', 'expression_type', 1, 1, 'int % int'],
  ])('%s', (source, code, line, column, expected) => {
    const problem = problemOf(source)
    expect(problem).toMatchObject({ code, line, column })
    expect(problem.expected ?? '').toContain(expected)
    expect(problem.message).toContain(problem.expected ?? '')
    expect(expressionErrorCodes).toContain(problem.code)
  })

  test.each([
    ['', 1, 1, 'empty'],
    ['event.count >', 1, 14, 'the end of the expression'],
    ['(event.count > 1', 1, 17, '`)`'],
    ['event.count = 1', 1, 13, '`==`'],
    ['event.late and event.late', 1, 12, '`&&`'],
    ['event.count <> 1', 1, 14, '`!=`'],
    ['event.late\n  || "abc', 2, 6, 'nterminated'],
  ])('syntax: %s', (source, line, column, message) => {
    const problem = problemOf(source)
    expect(problem).toMatchObject({ code: 'expression_syntax', line, column })
    expect(problem.message).toContain(message)
  })

  test('all of its problems at once', () => {
    const problems = checkExpression('event.volumMb > 1.0 && subscriber.tenure > 2', declarations)
    expect(problems.map(({ column, field }) => ({ column, field }))).toEqual([
      { column: 1, field: 'event.volumMb' },
      { column: 24, field: 'subscriber.tenure' },
    ])
  })

  test('compiling throws it as a domain error', () => {
    const attempt = (): unknown => compileExpression('event.volumMb > 1.0', declarations, 'bool')
    expect(attempt).toThrow(DomainError)
    expect(attempt).toThrow('line 1, column 1: unknown field `event.volumMb`; expected event.volumeMb')
  })

  test.each([
    ['operations', `${'event.count > 1 && '.repeat(110)}true`],
    ['operations inside each other', `${'event.count + '.repeat(70)}1 > 0`],
    ['nesting', `${'('.repeat(60)}true${')'.repeat(60)}`],
    ['unary signs', `${'!'.repeat(19_000)}true`],
    ['length', `event.channel == "${'x'.repeat(30_000)}"`],
    ['list elements', `event.count in [${Array.from({ length: 1200 }, (_, i) => i).join(', ')}]`],
  ])('too many %s', (_, source) => {
    expect(problemOf(source).code).toBe('expression_too_large')
  })
})

describe('errors travel as CEL says', () => {
  test.each([
    ['event.late', undefined],
    ['!event.late', undefined],
    ['true || event.late', true],
    ['event.late || true', true],
    ['false && event.late', false],
    ['event.late && false', false],
    ['event.late && true', undefined],
    ['event.late || false', undefined],
    ['event.late ? 1 : 2', undefined],
    ['true ? 1 : event.count', 1],
    ['1 / 0', undefined],
    ['1 % 0', undefined],
    ['1.0 / 0.0', undefined],
    ['9007199254740991 + 1', undefined],
    ['3037000500 * 3037000500', undefined],
    ['int("seven")', undefined],
    ['int(1e300)', undefined],
    ['event.channel in ["a"]', undefined],
    ['has(event.late)', false],
    ['has(subscriber.tags)', false],
    ['size(subscriber.tags)', 0],
  ])('%s', (source, answer) => {
    expect(evaluate(source)).toBe(answer)
  })

  test('a value of another type than declared is missing', () => {
    expect(evaluate('has(event.count)', { count: '5' })).toBe(false)
    expect(evaluate('event.count > 1', { count: 2.5 })).toBeUndefined()
    expect(evaluate('event.count > 1', { count: 5n })).toBe(true)
    expect(evaluate('has(event.channel)', { channel: null })).toBe(false)
    expect(evaluate('has(event.count) && event.count == 0', { count: 0 })).toBe(true)
  })

  test('a scope without the variable at all', () => {
    const expression = compileExpression('has(event.count)', declarations)
    expect(expression.toFunction()({})).toBe(false)
  })
})

describe('values', () => {
  test.each([
    ['-7 / 2', -3],
    ['-7 % 2', -1],
    ['1 < 1.5', true],
    ['"\uFFFD" < "😀"', true],
    ['size("a😀é")', 3],
    ['"ÀB".lowerAscii()', 'Àb'],
    ['string(1e21) + string(true) + string(-5)', '1e+21true-5'],
    ['timestamp("2026-01-01T00:00:00Z") - timestamp("2025-12-31T23:00:00+00:00") == duration("1h")', true],
    ['timestamp("2026-01-01T03:00:00.5+03:00")', Date.UTC(2026, 0, 1) + 500],
    ['int(timestamp(-1) - duration("1ms") + duration("1ms"))', -1],
    ['duration("1h30m") == duration("1.5h")', true],
    ['-duration("72h")', -259_200_000],
    ['"+79990001122".matches(r"^\\+7\\d{10}$")', true],
    ['"line\nbreak".matches("e.b")', false],
  ])('%s', (source, answer) => {
    expect(evaluate(source.replaceAll('\n', '\\n'))).toBe(answer)
  })

  test('lists', () => {
    const tags = { tags: ['vip', 'roaming'] }
    expect(evaluate('subscriber.tags.exists(t, t.startsWith("v"))', {}, tags)).toBe(true)
    expect(evaluate('subscriber.tags.all(t, size(t) == 3)', {}, tags)).toBe(false)
    expect(evaluate('"vip" in subscriber.tags', {}, tags)).toBe(true)
    expect(evaluate('subscriber.tags.all(t, false)')).toBe(true)
  })

  test('an expression tells its type and fields', () => {
    const expression = compileExpression(
      'event.at - subscriber.lastTopUpAt + (event.at - event.at)',
      declarations,
    )
    expect(expression).toMatchObject({ type: 'duration', fields: ['event.at', 'subscriber.lastTopUpAt'] })
  })
})

describe('the SQL is made of quoted literals and given columns', () => {
  const column = (variable: string, field: string): string => `${variable}_${field}`
  const sqlOf = (source: string): string => compileExpression(source, declarations).toSql(column)

  test.each([
    [`event.channel == "x' OR 1=1 --"`, String.raw`(event_channel = 'x\' OR 1=1 --')`],
    [String.raw`event.channel == "\\' OR 1=1 --"`, String.raw`(event_channel = '\\\' OR 1=1 --')`],
    [`event.channel == "a" && has(event.late)`, `((event_channel = 'a') AND isNotNull(event_late))`],
    [
      'event.at >= timestamp("2026-01-01T00:00:00Z")',
      `(event_at >= fromUnixTimestamp64Milli(toInt64(1767225600000), 'UTC'))`,
    ],
  ])('%s', (source, sql) => {
    expect(sqlOf(source)).toBe(sql)
  })

  test('nesting does not double the text', () => {
    const source = `${'double(string('.repeat(8)}1.0${'))'.repeat(8)}`
    expect(sqlOf(source).length).toBeLessThan(20_000)
  })
})

describe('the JavaScript is made of quoted literals and declared names', () => {
  test.each([
    '"; globalThis.broken = true; "',
    '\u2028globalThis.broken = true//',
    '${globalThis.broken = true}',
    "' + (globalThis.broken = true) + '",
    '</script>',
  ])('%s stays a string', (text) => {
    const source = `event.channel == ${JSON.stringify(text).replaceAll('$', '\\x24')}`
    expect(evaluate(source, { channel: text })).toBe(true)
    expect('broken' in globalThis).toBe(false)
  })

  test('names of JavaScript itself are unknown', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
      expect(problemOf(`event.${name} == 1`).code).toBe('expression_unknown_field')
      expect(problemOf(`${name}.x == 1`).code).toBe('expression_unknown_variable')
    }
    expect(problemOf('__proto__.x == 1').code).toBe('expression_syntax')
    expect(problemOf('event.__proto__ == 1').code).toBe('expression_unknown_field')
    for (const name of ['globalThis', 'process', 'scope', 'runtime', 'undefined']) {
      expect(problemOf(`${name} == 1`).code).toBe('expression_unknown_variable')
    }
    expect(problemOf('event.channel.constructor("x")').code).toBe('expression_unknown_function')
    expect(problemOf('toString(event.channel)').code).toBe('expression_unknown_function')
  })
})
