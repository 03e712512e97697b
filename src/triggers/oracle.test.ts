/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds data and is never called */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyData, conditions, stepConditions } from '../../test/trigger-arbitraries.ts'
import { acceptedOf, type Data, type OracleRule, standingFirings } from '../../test/trigger-oracle.ts'
import type { LoggedEvent } from '../events/index.ts'
import { compileExpression } from '../expressions/index.ts'
import { derivedId } from '../platform/index.ts'
import { type Trigger, triggerSchema } from './contract.ts'

/*
 * The oracle against which the engine is tested, itself tested by examples worked out by hand: a sentence of the
 * README's semantics each.
 */

const START = '2020-01-01T00:00:00Z'
type Moment = number | string
/** Minutes from the start, or a moment of its own. */
const msOf = (at: Moment): number => Date.parse(typeof at === 'string' ? at : START) + minutes(at)
const minutes = (at: Moment): number => (typeof at === 'string' ? 0 : at * 60_000)

const event = (type: string, id: string, at: Moment, data: Data = {}, rest: Partial<LoggedEvent> = {}) => ({
  id,
  source: 'test',
  type,
  atMs: msOf(at),
  receivedMs: 0,
  subscriberId: 1,
  isReplayed: false,
  data,
  ...rest,
})
const a = (id: string, at: Moment, data?: Data): LoggedEvent => event('a', id, at, data)
const b = (id: string, at: Moment, data?: Data): LoggedEvent => event('b', id, at, data)
/** Events `1`, `2`, … a minute apart with these amounts. */
const amounts = (...values: unknown[]): LoggedEvent[] =>
  values.map((amount, i) => a(`${i + 1}`, i, { amount }))

type Given = Partial<Trigger> & { meaning?: Omit<OracleRule, 'trigger'>; now?: Moment; zone?: string }

/** The ids of the causes in order of firing, each as `id`, or `id@minute` where it does not fire at its own time. */
function fires({ meaning, now, zone, ...body }: Given, events: LoggedEvent[]): string {
  const trigger = triggerSchema.parse({ kind: 'Trigger', id: 'rule', on: 'a', ...body })
  const surroundings = { nowMs: msOf(now ?? 0), zoneOf: () => zone ?? 'UTC' }
  return standingFirings({ trigger, ...meaning }, events, surroundings)
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ cause, atMs }) => {
      const found = events.find(({ source, id }) => derivedId(source, id) === cause)!
      return found.atMs === atMs ? found.id : `${found.id}@${(atMs - msOf(0)) / 60_000}`
    })
    .join(' ')
}

describe('what counts', () => {
  const at = (minute: number, id = `${minute}`): LoggedEvent => a(id, minute)
  const judged = (events: LoggedEvent[]): string[] =>
    acceptedOf(events, 30 * 60_000).tooLate.map(({ id }) => id)

  test('an event later than the bound behind the newest accepted of its subscriber does not', () => {
    expect(judged([at(0), at(60), at(30), at(29), at(90), at(59), at(60, 'again')])).toEqual(['29', '59'])
  })
  test('one that is too late moves nothing, and another subscriber either', () => {
    const other = { ...at(500, 'other'), subscriberId: 2 }
    expect(judged([at(60), other, at(30)])).toEqual([])
  })
  test('events of every type say how far a subscriber has come', () => {
    expect(judged([b('far', 60), at(10)])).toEqual(['10'])
  })
  test('a replayed event always does', () => {
    const again = { ...at(0), isReplayed: true }
    const { accepted, tooLate } = acceptedOf([at(60), at(0), again], 30 * 60_000)
    expect([accepted.map(({ place }) => place), tooLate.length]).toEqual([[0, 2], 1])
  })
  test('the same source and id do once, also where they came too late', () => {
    const { accepted, tooLate } = acceptedOf([at(60), at(60), at(0), at(0)], 30 * 60_000)
    expect([accepted.length, tooLate.length]).toEqual([1, 1])
  })
  test('an event without a subscriber is never late and fires nothing', () => {
    const nobody = [at(60), at(0)].map((one) => ({ ...one, subscriberId: null }))
    expect(judged(nobody)).toEqual([])
    expect(fires({ match: {} }, nobody)).toBe('')
  })
})

describe('match and conditions', () => {
  test('fires on each event of its type for which the condition is true; an error is not', () => {
    const where = (data: Data): boolean => {
      if (data['amount'] === undefined) throw new Error('missing')
      return (data['amount'] as number) > 1
    }
    const events = [a('1', 0, { amount: 2 }), a('2', 1), b('3', 2, { amount: 2 }), a('4', 3, { amount: 1 })]
    expect(fires({ match: {}, meaning: { where } }, events)).toBe('1')
  })
  test('the order is that of time, not of arrival', () => {
    expect(fires({ match: {}, cooldown: 'PT5M' }, [a('late', 5), a('early', 1), a('last', 6)])).toBe(
      'early last',
    )
  })
  test('equal times: the same order whatever the order of arrival', () => {
    const three = ['1', '2', '3'].map((id) => a(id, 0, { kind: id }))
    const rule: Given = { change: { field: 'event.kind' } }
    expect(fires(rule, three)).toBe(fires(rule, three.toReversed()))
    expect(fires(rule, three).split(' ')).toHaveLength(2)
  })
})

describe('change', () => {
  const kinds = (...values: unknown[]): LoggedEvent[] => values.map((kind, i) => a(`${i + 1}`, i, { kind }))
  const field = 'event.kind'

  test('differs from the previous one, which must exist; missing and not scalar are not seen', () => {
    expect(fires({ change: { field } }, kinds('x', 'x', 'y', undefined, null, 'y', ['x'], 'x'))).toBe('3 8')
  })
  test('from and to', () => {
    expect(fires({ change: { field, from: 'x', to: ['y', 'z'] } }, kinds('x', 'y', 'z', 'x', 'z'))).toBe(
      '2 5',
    )
  })
  test('a number is not its text', () => {
    expect(fires({ change: { field } }, kinds(1, '1', 1, 1.0))).toBe('2 3')
  })
})

describe('threshold', () => {
  const of = 'event.amount'
  const window = 'PT10M'

  test('count: reaches once per crossing', () => {
    const events = [0, 1, 2, 3, 13, 14, 15].map((minute) => a(`${minute}`, minute))
    expect(fires({ threshold: { aggregate: 'count', window, reaches: 3 } }, events)).toBe('2 15')
  })
  test('the window is open at its far end: (t − w, t]', () => {
    const rule: Given = { threshold: { aggregate: 'count', window, reaches: 2 } }
    expect(fires(rule, [a('1', 0), a('2', 10)])).toBe('')
    expect(fires(rule, [a('1', 0), a('2', 9.999)])).toBe('2')
  })
  test('sum is exact in millionths', () => {
    const rule: Given = { threshold: { aggregate: 'sum', of, window, reaches: 0.3 } }
    expect(fires(rule, amounts(0.1, 0.2))).toBe('2')
    expect(fires(rule, amounts(0.1, 0.1999994))).toBe('')
    expect(fires(rule, amounts(0.1, 0.1999995))).toBe('2')
    expect(fires(rule, amounts(1, -1, 0.3))).toBe('1 3')
  })
  test('what is no finite number, or beyond 1e12, is not seen', () => {
    const rule: Given = { threshold: { aggregate: 'sum', of, window, reaches: 1 } }
    expect(fires(rule, amounts('5', null, undefined, true, 1e13, -1e13, 1))).toBe('7')
    expect(fires(rule, amounts(1e12))).toBe('1')
  })
  test('average, and it has no value of nothing', () => {
    const rule: Given = { threshold: { aggregate: 'average', of, window, fallsTo: 1 } }
    expect(fires(rule, amounts(3, 0, 0, 2, 0))).toBe('3 5')
  })
  test('min, max and last', () => {
    const events = amounts(2, 5, 1, 5)
    expect(fires({ threshold: { aggregate: 'min', of, window, fallsTo: 1 } }, events)).toBe('3')
    expect(fires({ threshold: { aggregate: 'max', of, window, reaches: 5 } }, events)).toBe('2')
    expect(fires({ threshold: { aggregate: 'last', of, window, reaches: 5 } }, events)).toBe('2 4')
    const apart = [a('1', 0, { amount: 5 }), a('2', 20, { amount: 5 })]
    expect(fires({ threshold: { aggregate: 'last', of, window, reaches: 5 } }, apart)).toBe('1 2')
  })
  test('distinct counts different scalars, 1 and "1" apart', () => {
    const rule: Given = { threshold: { aggregate: 'distinct', of, window, reaches: 2 } }
    expect(fires(rule, amounts('x', 'x', null, 'y', 'z'))).toBe('4')
    expect(fires(rule, amounts(1, 1, '1'))).toBe('3')
    expect(fires(rule, amounts(1, 1e13, 2))).toBe('2')
  })
  test('fallsTo crosses downwards; an event can be the first to show it', () => {
    const rule: Given = { threshold: { aggregate: 'last', of, window, fallsTo: 10 } }
    expect(fires(rule, amounts(50, 10, 9, 11, 3))).toBe('2 5')
    expect(fires(rule, amounts(5))).toBe('1')
  })
  test('hysteresis: armed again only beyond rearm', () => {
    const falls: Given = { threshold: { aggregate: 'last', of, window, fallsTo: 10, rearm: 20 } }
    expect(fires(falls, amounts(5, 15, 5, 20, 5, 21, 5))).toBe('1 7')
    const reaches: Given = { threshold: { aggregate: 'sum', of, window, reaches: 10, rearm: 5 } }
    expect(fires(reaches, amounts(10, -5, 5, -6, 6))).toBe('1 5')
  })
  test('hysteresis: the window alone may bring it back before an event', () => {
    const rule: Given = { threshold: { aggregate: 'count', window, reaches: 3, rearm: 1 } }
    const of = (...at: number[]): LoggedEvent[] => at.map((minute) => a(`${minute}`, minute))
    expect(fires(rule, of(0, 1, 2, 11.5, 11.6))).toBe('2')
    expect(fires(rule, of(0, 1, 2, 12, 12.5, 13))).toBe('2 13')
  })
  test('an empty window is below every positive count and within fallsTo zero', () => {
    const rule: Given = { threshold: { aggregate: 'sum', of, window, fallsTo: 0, rearm: 1 } }
    expect(fires(rule, [...amounts(0), a('x', 15, { amount: 0 }), a('y', 16, { amount: 2 })])).toBe('1')
  })
})

describe('calendar periods', () => {
  const counted = (window: string, reaches = 2): Given => ({
    threshold: { aggregate: 'count', window: window as 'day', reaches },
  })
  const at = (...moments: string[]): LoggedEvent[] => moments.map((moment, i) => a(`${i + 1}`, moment))

  test('begin at the local boundary', () => {
    const events = at('2020-06-01T21:59:00Z', '2020-06-01T22:00:00Z', '2020-06-02T21:59:59Z')
    expect(fires({ ...counted('day'), zone: 'Europe/Berlin' }, events)).toBe('3')
    expect(fires({ ...counted('day'), zone: 'UTC' }, events)).toBe('2')
  })
  test('begin armed', () => {
    const events = at('2020-06-01T08:00:00Z', '2020-06-01T09:00:00Z', '2020-06-02T08:00:00Z')
    expect(fires(counted('day', 1), events)).toBe('1 3')
    const rule: Given = { threshold: { aggregate: 'sum', of: 'event.amount', window: 'day', fallsTo: 0 } }
    expect(
      fires(
        rule,
        events.map((one) => ({ ...one, data: { amount: 0 } })),
      ),
    ).toBe('1 3')
  })
  test('a day has 23 hours when clocks go forward and 25 when they go back', () => {
    const rule = { ...counted('day'), zone: 'Europe/Berlin' }
    expect(fires(rule, at('2020-03-28T23:00:00Z', '2020-03-29T21:59:59Z'))).toBe('2')
    expect(fires(rule, at('2020-03-28T23:00:00Z', '2020-03-29T22:00:00Z'))).toBe('')
    expect(fires(rule, at('2020-10-24T22:00:00Z', '2020-10-25T22:59:59Z'))).toBe('2')
  })
  test('the hour that comes twice is two hours', () => {
    const rule = { ...counted('hour'), zone: 'Europe/Berlin' }
    expect(fires(rule, at('2020-10-25T00:30:00Z', '2020-10-25T01:30:00Z'))).toBe('')
    expect(fires(rule, at('2020-10-25T01:00:00Z', '2020-10-25T01:59:00Z'))).toBe('2')
  })
  test('hours and days of zones off by parts of an hour', () => {
    const hour = at('2020-06-01T10:29:00Z', '2020-06-01T10:30:00Z', '2020-06-01T11:29:00Z')
    expect(fires({ ...counted('hour'), zone: 'America/St_Johns' }, hour)).toBe('3')
    const day = at('2020-06-01T18:14:00Z', '2020-06-01T18:15:00Z', '2020-06-02T18:14:00Z')
    expect(fires({ ...counted('day'), zone: 'Asia/Kathmandu' }, day)).toBe('3')
  })
  test('a week begins on Monday, across the turn of the year too', () => {
    expect(fires(counted('week'), at('2020-12-28T00:00:00Z', '2021-01-03T23:59:00Z'))).toBe('2')
    expect(fires(counted('week'), at('2021-01-03T23:59:00Z', '2021-01-04T00:00:00Z'))).toBe('')
  })
  test('a month ends with its last day, in a leap year the 29th of February', () => {
    expect(fires(counted('month'), at('2020-02-01T00:00:00Z', '2020-02-29T23:59:59Z'))).toBe('2')
    expect(fires(counted('month'), at('2020-02-29T12:00:00Z', '2020-03-01T00:00:00Z'))).toBe('')
    expect(fires(counted('month'), at('2021-02-28T12:00:00Z', '2021-03-01T00:00:00Z'))).toBe('')
  })
})

describe('sequence', () => {
  const then = (...types: string[]): Given => ({
    sequence: { then: types.map((on) => ({ on })), within: 'PT10M' },
  })

  test('fires at its last step when the first lies at most `within` back', () => {
    expect(fires(then('b'), [a('1', 0), b('2', 10)])).toBe('2')
    expect(fires(then('b'), [a('1', 0), b('2', 10.001)])).toBe('')
    expect(fires(then('b'), [b('2', 0), a('1', 1)])).toBe('')
  })
  test('uses up every event to its last one', () => {
    expect(fires(then('b'), [a('1', 0), a('2', 1), b('3', 2), b('4', 3), a('5', 4), b('6', 5)])).toBe('3 6')
  })
  test('an event is one step only', () => {
    expect(fires(then('a'), [a('1', 0), a('2', 1), a('3', 2), a('4', 3)])).toBe('2 4')
    expect(fires(then('a', 'a'), [a('1', 0), a('2', 1), a('3', 2)])).toBe('3')
  })
  test('any first that fits will do, and other events between do not matter', () => {
    const steps = [(data: Data, first: Data) => data['order'] === first['order']]
    const rule: Given = { ...then('b'), meaning: { steps } }
    const events = [a('1', 0, { order: 1 }), a('2', 1, { order: 2 }), b('3', 2, { order: 1 })]
    expect(fires(rule, events)).toBe('3')
    expect(fires(rule, [...events, b('4', 3, { order: 2 })])).toBe('3')
  })
  test('a step may look at the previous one', () => {
    const rises = (data: Data, _: Data, previous: Data): boolean =>
      (data['amount'] as number) > (previous['amount'] as number)
    const rule: Given = { ...then('a', 'a'), meaning: { steps: [rises, rises] } }
    expect(fires(rule, amounts(1, 5, 2, 3))).toBe('4')
    expect(fires(rule, amounts(1, 5, 2, 2))).toBe('')
  })
  test('a key keeps histories apart', () => {
    const events = [a('1', 0, { order: 1 }), b('2', 1, { order: 2 }), b('3', 2), b('4', 3, { order: 1 })]
    expect(fires({ ...then('b'), key: 'event.order' }, events)).toBe('4')
  })
})

describe('absence', () => {
  const within = 'PT10M'

  test('fires at its end, when the clock or a later event is there', () => {
    const rule: Given = { absence: { then: 'b', within } }
    expect(fires({ ...rule, now: 10 }, [a('1', 0)])).toBe('1@10')
    expect(fires({ ...rule, now: 9.999 }, [a('1', 0)])).toBe('')
    expect(fires(rule, [a('1', 0), b('2', 10)])).toBe('1@10')
    expect(fires({ ...rule, now: 99 }, [a('1', 0), b('2', 9.999)])).toBe('')
  })
  test('a newer start replaces an older one and waits its own time', () => {
    const events = [a('1', 0), a('2', 5)]
    expect(fires({ absence: { then: 'b', within }, now: 14 }, events)).toBe('')
    expect(fires({ absence: { then: 'b', within }, now: 15 }, events)).toBe('2@15')
  })
  test('without `then` it is the same sort that must not come', () => {
    const where = (data: Data): boolean => data['amount'] === 1
    const events = [a('1', 0, { amount: 1 }), a('2', 5, { amount: 2 })]
    expect(fires({ absence: { within }, now: 10, meaning: { where } }, events)).toBe('1@10')
    expect(fires({ absence: { within }, now: 10 }, events)).toBe('')
  })
  test('thenWhere narrows what ends the wait', () => {
    const thenWhere = (data: Data): boolean => data['amount'] === 1
    const rule: Given = { absence: { then: 'b', thenWhere: 'x', within }, now: 10, meaning: { thenWhere } }
    expect(fires(rule, [a('1', 0), b('2', 5, { amount: 2 })])).toBe('1@10')
    expect(fires(rule, [a('1', 0), b('2', 5, { amount: 1 })])).toBe('')
  })
})

describe('gates', () => {
  const at = (...moments: number[]): LoggedEvent[] => moments.map((minute) => a(`${minute}`, minute))

  test('cool-down counts from the last that was kept', () => {
    expect(fires({ match: {}, cooldown: 'PT10M' }, at(0, 9, 10, 15, 19, 20))).toBe('0 10 20')
  })
  test('validity: from, and up to but without its end', () => {
    const rule: Given = { match: {}, validFrom: '2020-01-01T00:02:00Z', validTo: '2020-01-01T00:04:00Z' }
    expect(fires(rule, at(1, 2, 3, 4))).toBe('2 3')
  })
  test('what a gate held back starts no cool-down and uses up no limit', () => {
    const validFrom = '2020-01-01T00:02:00Z'
    expect(fires({ match: {}, validFrom, cooldown: 'PT10M' }, at(1, 2, 3))).toBe('2')
    expect(fires({ match: {}, validFrom, limit: { times: 1, per: 'ever' } }, at(1, 2, 3))).toBe('2')
    expect(fires({ match: {}, cooldown: 'PT2M', limit: { times: 2, per: 'hour' } }, at(0, 1, 2, 4))).toBe(
      '0 2',
    )
  })
  test('a pause leaves out what falls into it, and the history goes on', () => {
    const pauses = [{ fromMs: msOf(1), toMs: msOf(3) }]
    expect(fires({ match: {}, meaning: { pauses } }, at(0, 1, 2, 3))).toBe('0 3')
    const counted = { aggregate: 'count', window: 'PT1H', reaches: 3 } as const
    expect(fires({ threshold: counted, meaning: { pauses } }, at(0, 1, 2, 3))).toBe('')
    expect(fires({ threshold: { ...counted, reaches: 4 }, meaning: { pauses } }, at(0, 1, 2, 3))).toBe('3')
  })
  test('limit: by local calendar period or for good', () => {
    const rule: Given = { match: {}, limit: { times: 1, per: 'hour' } }
    expect(fires(rule, at(0, 59, 60, 61))).toBe('0 60')
    expect(fires({ ...rule, zone: 'Asia/Kathmandu' }, at(0, 14, 15, 59, 60))).toBe('0 15')
    expect(fires({ match: {}, limit: { times: 2, per: 'ever' } }, at(0, 100, 200))).toBe('0 100')
  })
  test('absence is gated at the time it fires', () => {
    const rule: Given = { absence: { within: 'PT10M' }, validFrom: '2020-01-01T00:10:00Z' }
    expect(fires({ ...rule, now: 99 }, at(0, 20))).toBe('0@10 20@30')
    expect(fires({ ...rule, cooldown: 'PT30M', now: 99 }, at(0, 20, 40))).toBe('0@10 40@50')
  })
  test('the subscriber’s condition', () => {
    expect(fires({ match: {}, meaning: { subscriber: (id) => id === 2 } }, at(0))).toBe('')
    expect(fires({ match: {}, meaning: { subscriber: (id) => id === 1 } }, at(0))).toBe('0')
  })
  test('cool-down and limit are for each subscriber and key', () => {
    const events = [a('1', 0, { order: 1 }), a('2', 1, { order: 2 }), a('3', 2, { order: 1 }), a('4', 3)]
    expect(fires({ match: {}, key: 'event.order', cooldown: 'PT10M' }, events)).toBe('1 2')
    const others = events.map((one, i) => ({ ...one, subscriberId: i }))
    expect(fires({ match: {}, limit: { times: 1, per: 'ever' } }, others)).toBe('1 2 3 4')
  })
})

/** What throws is an error, and an error is not true. */
function isTrue(meaning: () => boolean): boolean {
  try {
    return meaning()
  } catch {
    return false
  }
}

test('the meanings beside the random expressions are theirs', () => {
  const fields = { amount: 'double', kind: 'string', order: 'int', flag: 'bool' } as const
  const declarations = { event: fields, first: fields, previous: fields }
  for (const [source, meaning] of [...conditions, ...stepConditions]) {
    if (source === undefined || meaning === undefined) continue
    const holds = compileExpression(source, declarations, 'bool').toFunction()
    fc.assert(
      fc.property(anyData, anyData, anyData, (event, first, previous) => {
        const holdsHere = holds({ event, first, previous }) === true
        expect([source, holdsHere]).toEqual([source, isTrue(() => meaning(event, first, previous))])
      }),
    )
  }
})
