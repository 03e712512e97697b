import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inWay, rescaled, valueAt, wayOf, withValue, type Field, type Way } from './field.ts'

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

describe('points of a part', () => {
  const fields: readonly Field[] = [
    { name: 'price', at: 'price.points', as: 'points' },
    { name: 'priceByTier', at: 'price.byTier', as: 'pointsByTier' },
    { name: 'reach', as: 'amount' },
    {
      name: 'levels',
      as: 'rows',
      stem: 'level',
      blank: {},
      fields: [{ name: 'rewardPoints', at: 'reward.points', as: 'points' }],
    },
    { name: 'fee', as: 'either', ways: [{ ...ways[1]!, fields: [{ name: 'points', as: 'points' }] }] },
  ]
  const part = {
    price: { points: '150', byTier: { gold: '100', '1.vip': '5' } },
    reach: '150',
    levels: [{ reward: { points: '1', badge: 'b' } }, {}],
    fee: { points: '20', months: 1 },
  }

  it('read the same with other decimals, wherever they stand, and nothing else changes', () => {
    expect(rescaled(part, fields, 1, 3)).toEqual({
      price: { points: '15000', byTier: { gold: '10000', '1.vip': '500' } },
      reach: '150',
      levels: [{ reward: { points: '100', badge: 'b' } }, {}],
      fee: { points: '2000', months: 1 },
    })
    expect(rescaled(part, fields, 1, 0).price).toEqual({
      points: '15',
      byTier: { gold: '10', '1.vip': '0.5' },
    })
    expect(rescaled({}, fields, 0, 2)).toEqual({})
  })

  it('are what they were with the decimals that they had', () => {
    const points = fc.bigInt(1n, 10n ** 15n - 1n).map(String)
    const decimals = fc.integer({ min: 0, max: 4 })
    const parts = fc.record(
      {
        price: fc.record({ points, byTier: fc.dictionary(fc.stringMatching(/^[a-z][a-z.]{0,5}$/), points) }),
        levels: fc.array(fc.record({ reward: fc.record({ points }) })),
        fee: fc.record({ points, months: fc.nat() }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(parts, decimals, decimals, (one, from, to) => {
        expect(rescaled(rescaled(one, fields, from, to), fields, to, from)).toEqual(one)
      }),
    )
  })
})
