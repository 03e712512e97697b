import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Menu, Product } from './contract.ts'
import { chooseOffer, findItemByAnswer } from './offer.ts'

const product = (volumeMb: number, priceMinor: string, extra: Partial<Product> = {}): Product => ({
  kind: 'Product',
  id: `data-${volumeMb}`,
  name: { en: `${volumeMb} MB`, ru: `${volumeMb} МБ`, uk: `${volumeMb} МБ` },
  volumeMb,
  priceMinor,
  currency: 'RUB',
  answerCode: `*111*${volumeMb}#`,
  ...extra,
})
const byId = (products: Product[]): Map<string, Product> => new Map(products.map((each) => [each.id, each]))
const packages = [
  product(100, '5000', { keyword: '1' }),
  product(200, '8000', { keyword: '2' }),
  product(500, '15000', { keyword: '3' }),
  product(1000, '25000', { keyword: '4' }),
]
const menu: Menu = {
  kind: 'Menu',
  id: 'packages',
  products: packages.map((each) => each.id),
  order: 'largest',
}
const means = (balanceMinor: bigint, creditMinor: bigint) => ({ balanceMinor, creditMinor, currency: 'RUB' })

describe('the offer', () => {
  test('holds what balance and credit pay for, the largest first, and says why not more', () => {
    const offer = chooseOffer(menu, byId(packages), means(6_000n, 9_000n))
    expect(offer.items.map(({ productId, creditMinor }) => [productId, creditMinor])).toEqual([
      ['data-500', 9_000n],
      ['data-200', 2_000n],
      ['data-100', 0n],
    ])
    expect(offer.refused).toEqual([
      { productId: 'data-1000', reason: 'beyond_balance_and_credit', priceMinor: 25_000n, keyword: '4' },
    ])
  })

  test('a balance below zero has to be made up by credit too', () => {
    const offer = chooseOffer(menu, byId(packages), means(-1_000n, 6_000n))
    expect(offer.items).toMatchObject([{ productId: 'data-100', creditMinor: 6_000n }])
  })

  test('other currencies, lost products and a full menu have their own reasons', () => {
    const some = { ...menu, products: [...menu.products, 'data-7', 'data-9'], atMost: 1 }
    const products = byId([...packages, product(9, '1', { currency: 'UAH' })])
    const offer = chooseOffer(some, products, means(100_000n, 0n))
    expect(offer.items.map((item) => item.productId)).toEqual(['data-1000'])
    expect(offer.refused.map(({ productId, reason }) => [productId, reason])).toEqual([
      ['data-7', 'unknown_product'],
      ['data-500', 'menu_full'],
      ['data-200', 'menu_full'],
      ['data-100', 'menu_full'],
      ['data-9', 'other_currency'],
    ])
  })

  test('any means: each product is in or out, credit never exceeds what is approved, order is by size', () => {
    const volumes = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 8 })
    const prices = fc.array(fc.bigInt(0n, 50_000n), { minLength: 8, maxLength: 8 })
    const money = fc.bigInt(-5_000n, 60_000n)
    fc.assert(
      fc.property(volumes, prices, money, fc.bigInt(0n, 60_000n), (sizes, costs, balance, credit) => {
        const products = sizes.map((size, at) => product(size, String(costs[at])))
        const all = { ...menu, products: products.map((each) => each.id) }
        const { items, refused } = chooseOffer(all, byId(products), means(balance, credit))
        expect(items.length + refused.length).toBe(products.length)
        for (const item of items) {
          const lacking = item.priceMinor - balance
          expect(item.creditMinor).toBe(lacking > 0n ? lacking : 0n)
          expect(item.creditMinor <= credit).toBe(true)
        }
        for (const each of refused) expect(each.priceMinor! - balance > credit).toBe(true)
        const order = items.map((item) => item.volumeMb)
        expect(order).toEqual([...order].sort((a, b) => b - a))
      }),
    )
  })
})

describe('an answer', () => {
  const offer = chooseOffer(menu, byId(packages), means(6_000n, 9_000n))
  const bought = (answer: string): string | undefined => findItemByAnswer(offer, answer)?.productId

  test.each([
    ['*111*500#', 'data-500'],
    [' * 111 * 200 # ', 'data-200'],
    ['*111*100', 'data-100'],
    ['data-500', 'data-500'],
    ['3', 'data-500'],
    [' 1 ', 'data-100'],
    ['500', 'data-500'],
    ['200 МБ', 'data-200'],
    ['100mb', 'data-100'],
  ])('"%s" buys %s', (answer, productId) => expect(bought(answer)).toBe(productId))

  test.each(['', '   ', 'да', '*111*1000#', '1000', '4', '7', '*111#', '0', '-1', '3 МБ'])(
    '"%s" buys nothing of this offer',
    (answer) => expect(bought(answer)).toBeUndefined(),
  )

  test('without keywords the place in the offer is the keyword', () => {
    const plain = packages.map(({ keyword: _keyword, ...rest }) => rest)
    const numbered = chooseOffer(menu, byId(plain), means(6_000n, 9_000n))
    expect(numbered.items.map((item) => item.keyword)).toEqual(['1', '2', '3'])
    expect(findItemByAnswer(numbered, '1')?.productId).toBe('data-500')
    expect(findItemByAnswer(numbered, '4')).toBeUndefined()
  })

  test('a keyword in words is known in any case', () => {
    const worded = chooseOffer(menu, byId([product(500, '1', { keyword: 'Хочу' })]), means(1n, 0n))
    expect(findItemByAnswer(worded, 'хочу ')?.productId).toBe('data-500')
    expect(findItemByAnswer(worded, '1')?.productId).toBe('data-500')
  })
})
