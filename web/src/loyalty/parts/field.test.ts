import { describe, expect, it } from 'vitest'
import { inWay, valueAt, wayOf, withValue, type Way } from './field.ts'

const ways: readonly Way[] = [
  { name: 'free' },
  { name: 'points', mark: 'points', blank: { points: '100', months: 1 } },
  { name: 'moneyByEvent', mark: 'on', blank: { on: '', months: 1 } },
]

describe('a value', () => {
  const document = { id: 'a', reward: { points: '5' }, name: 'b' }

  it('goes to its place and leaves the others where they stand', () => {
    expect(JSON.stringify(withValue(document, 'reward.points', '7'))).toBe(
      '{"id":"a","reward":{"points":"7"},"name":"b"}',
    )
    expect(withValue(document, 'reward.badge', 'x').reward).toEqual({ points: '5', badge: 'x' })
    expect(valueAt(withValue(document, 'chain.shares', [1]), 'chain.shares')).toEqual([1])
    expect(document).toEqual({ id: 'a', reward: { points: '5' }, name: 'b' })
  })

  it('takes the part with it of which nothing is left', () => {
    expect(withValue(document, 'reward.points', undefined)).toEqual({ id: 'a', name: 'b' })
    expect(withValue(document, 'chain.shares', undefined)).toEqual(document)
  })

  it('is nothing where nothing stands', () => {
    expect(valueAt(document, 'reward.points.more')).toBeUndefined()
    expect(valueAt(document, 'none.more')).toBeUndefined()
  })
})

describe('a part with several forms', () => {
  it('is known by its mark, or by being left out', () => {
    expect(wayOf(undefined, ways)?.name).toBe('free')
    expect(wayOf({ on: 'paid', months: 2 }, ways)?.name).toBe('moneyByEvent')
    expect(wayOf({ other: 1 }, ways)).toBeUndefined()
  })

  it('takes along what both forms have', () => {
    expect(inWay({ points: '7', months: 12 }, ways[2]!)).toEqual({ on: '', months: 12 })
    expect(inWay({ points: '7', months: 12 }, ways[0]!)).toBeUndefined()
    expect(inWay(undefined, ways[1]!)).toEqual({ points: '100', months: 1 })
  })
})
