import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { balancesOf, verifyLedger } from '../ledger/index.ts'
import { createHttp, Documents, ManualClock, newId } from '../platform/index.ts'
import { earnRule, type Purchase, subscriberPoints } from './contract.ts'
import { earnRuleKind, pointsFor } from './earn-rule.ts'
import { loyaltyRoutes } from './http.ts'
import { createLoyalty, liabilityAccount, type Loyalty, memberAccount } from './service.ts'

let stores: TestDatabase
let documents: Documents
let loyalty: Loyalty
beforeAll(async () => {
  stores = await testDatabase()
  documents = new Documents(stores.database, [earnRuleKind])
  loyalty = createLoyalty({ clock: new ManualClock(Date.parse('2026-03-01T12:00:00Z')), documents })
})
afterAll(() => stores.close())

const at = Temporal.Instant.from('2026-03-01T10:00:00Z')
const purchase = (key: string, extra: Partial<Purchase> = {}): Purchase => ({
  key,
  subscriberId: 1,
  productId: 'data-500',
  priceMinor: 15_099n,
  onCredit: false,
  at,
  ...extra,
})
const freshTenant = async (...rules: object[]): Promise<string> => {
  const tenantId = `t-${newId()}`
  const results = await documents.apply(
    tenantId,
    rules.map((rule) => ({ kind: 'EarnRule', on: 'purchase', ...rule })),
  )
  expect(results.flatMap((result) => result.problems ?? [])).toEqual([])
  return tenantId
}
const award = (tenantId: string, purchases: Purchase[]) =>
  stores.database.tx(tenantId, (tx) => loyalty.awardForPurchases(tx, tenantId, purchases))
const balanceOf = async (tenantId: string, account: string): Promise<bigint | undefined> =>
  (await stores.database.tx(tenantId, (tx) => balancesOf(tx, [account]))).get(account)?.balanceMinor
const facts = (tenantId: string) =>
  stores.database.tx(tenantId, (tx) => tx.query('select * from platform.fact order by seq'))

describe('earn rules', () => {
  test('a rate by the major unit is rounded down; a fixed number is as it is', () => {
    const earned = (
      points: { perMajorUnit: string } | { fixed: string },
      priceMinor: bigint,
      currency?: string,
    ) => pointsFor(points, purchase('k', { priceMinor, ...(currency === undefined ? {} : { currency }) }))
    expect(earned({ perMajorUnit: '1' }, 15_099n)).toBe(150n)
    expect(earned({ perMajorUnit: '0.05' }, 199_999n)).toBe(99n)
    expect(earned({ perMajorUnit: '2.5' }, 1_000n, 'JPY')).toBe(2_500n)
    expect(earned({ perMajorUnit: '1' }, 99n)).toBe(0n)
    expect(earned({ perMajorUnit: '1' }, -500n)).toBe(0n)
    expect(earned({ fixed: '50' }, 1n)).toBe(50n)
  })

  test('two purchases never earn more than one of their sum, and at most a point less', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 12n),
        fc.bigInt(0n, 10n ** 12n),
        fc.integer({ min: 0, max: 999_999 }),
        (a, b, rate) => {
          const points = { perMajorUnit: `0.${String(rate).padStart(6, '0')}` }
          const earned = (priceMinor: bigint): bigint => pointsFor(points, purchase('k', { priceMinor }))
          const lost = earned(a + b) - earned(a) - earned(b)
          expect(lost === 0n || lost === 1n).toBe(true)
        },
      ),
    )
  })

  test('a condition that cannot be read is refused with its place', async () => {
    const [result] = await documents.apply('t-check', [
      { kind: 'EarnRule', id: 'r', on: 'purchase', points: { fixed: '1' }, where: 'purchase.prise > 1' },
    ])
    expect(result).toMatchObject({ outcome: 'refused', problems: [{ field: 'where', line: 1 }] })
    expect(
      earnRule.parse({ kind: 'EarnRule', id: 'r', on: 'purchase', points: { fixed: '1' } }).currency,
    ).toBe('points')
  })
})

describe('awards', () => {
  test('every rule judges every purchase, with its reason; points go from the liability to the member', async () => {
    const tenantId = await freshTenant(
      { id: 'a-rate', points: { perMajorUnit: '1' } },
      { id: 'b-debt', points: { fixed: '50' }, where: 'purchase.onCredit' },
      { id: 'c-campaign', points: { fixed: '7' }, where: 'purchase.campaignId == "spring"' },
    )
    const awards = await award(tenantId, [
      purchase('one', { campaignId: 'spring', arm: 'dstk' }),
      purchase('two', { subscriberId: 2, onCredit: true, priceMinor: 99n }),
    ])
    expect(awards.map((a) => [a.purchaseKey, a.ruleId, a.points, a.reason])).toEqual([
      ['one', 'a-rate', 150n, 'credited'],
      ['one', 'b-debt', 0n, 'condition_not_met'],
      ['one', 'c-campaign', 7n, 'credited'],
      ['two', 'a-rate', 0n, 'rounds_to_zero'],
      ['two', 'b-debt', 50n, 'credited'],
      ['two', 'c-campaign', 0n, 'condition_failed'],
    ])
    expect(await balanceOf(tenantId, memberAccount(1, 'points'))).toBe(157n)
    expect(await balanceOf(tenantId, memberAccount(2, 'points'))).toBe(50n)
    expect(await balanceOf(tenantId, liabilityAccount('points'))).toBe(-207n)
    expect(await facts(tenantId)).toMatchObject([
      { kind: 'awarded', subscriber_id: 1, quantity: 150, campaign_id: 'spring', arm: 'dstk', ref: 'one' },
      { kind: 'awarded', subscriber_id: 1, quantity: 7 },
      { kind: 'awarded', subscriber_id: 2, quantity: 50, campaign_id: null },
    ])
  })

  test('a purchase is awarded once: repeated, at once by many, and after the rule changed', async () => {
    const tenantId = await freshTenant({ id: 'rate', points: { perMajorUnit: '1' } })
    const purchases = Array.from({ length: 40 }, (_, i) => purchase(`p${i}`, { subscriberId: i % 5 }))
    await Promise.all(
      [0, 7, 13, 22, 31, 39].map((turn) =>
        award(tenantId, [...purchases.slice(turn), ...purchases.slice(0, turn)]),
      ),
    )
    await documents.apply(tenantId, [
      { kind: 'EarnRule', id: 'rate', on: 'purchase', points: { fixed: '999' } },
    ])
    const again = await award(tenantId, [...purchases, purchases[0]!])
    expect(again).toHaveLength(40)
    expect(new Set(again.map((a) => a.ruleVersion))).toEqual(new Set([1]))
    expect(await facts(tenantId)).toHaveLength(40)
    expect(await balanceOf(tenantId, liabilityAccount('points'))).toBe(-40n * 150n)
    expect(await stores.database.tx(tenantId, verifyLedger)).toMatchObject({ ok: true, transfers: 40 })
  })

  test('what the ledger refuses is recorded with its code and reported as no award', async () => {
    const tenantId = await freshTenant({ id: 'huge', points: { perMajorUnit: '999999999' } })
    const awards = await award(tenantId, [purchase('dear', { priceMinor: 9_000_000_000_000_000n })])
    expect(awards).toMatchObject([
      { reason: 'refused_by_ledger', points: 0n, saw: { ledger: 'ledger_request_invalid' } },
    ])
    expect(await facts(tenantId)).toEqual([])
  })

  test('without rules nothing is recorded', async () => {
    expect(await award(await freshTenant(), [purchase('x')])).toEqual([])
  })

  test('the page shows balance and judgements with the values that decided', async () => {
    const tenantId = await freshTenant(
      { id: 'rate', points: { perMajorUnit: '1' } },
      { id: 'debt', points: { fixed: '5' }, where: 'purchase.onCredit' },
    )
    await award(tenantId, [purchase('one')])
    const http = createHttp((error) => {
      throw error
    })
    http.decorateRequest('principal', null)
    http.addHook('onRequest', async (request) => {
      request.principal = { tenantId, keyId: 'k', role: 'read' } as typeof request.principal
    })
    loyaltyRoutes(http, { database: stores.database, loyalty })
    const page = subscriberPoints.parse((await http.inject('/v1/subscribers/1/points')).json())
    expect(page.balances).toEqual([{ currency: 'points', balance: '150', reserved: '0' }])
    expect(page.awards).toMatchObject([
      {
        ruleId: 'debt',
        reason: 'condition_not_met',
        points: '0',
        saw: { onCredit: false, where: 'purchase.onCredit' },
      },
      { ruleId: 'rate', reason: 'credited', points: '150', saw: { priceMinor: '15099' } },
    ])
    const empty = subscriberPoints.parse((await http.inject('/v1/subscribers/9/points')).json())
    expect(empty).toEqual({ subscriberId: 9, balances: [], awards: [] })
    await http.close()
  })
})
