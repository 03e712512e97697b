import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createHttp, Documents, newId } from '../platform/index.ts'
import type { Product } from './contract.ts'
import { subscriberOffers } from './contract.ts'
import { menuKind, productKind } from './documents.ts'
import { offersRoutes } from './http.ts'
import { chooseOffer } from './offer.ts'
import { type Offer, offersByIds, saveOffers } from './store.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const product = (id: string, extra: object = {}): Product => ({
  kind: 'Product',
  id,
  name: { en: id, ru: id, uk: id },
  volumeMb: Number(id.replace(/\D/g, '')),
  priceMinor: '15000',
  currency: 'RUB',
  ...extra,
})
const menuOf = (...products: string[]) => ({
  kind: 'Menu' as const,
  id: 'packages',
  products,
  order: 'largest' as const,
})

const offerFor = (subscriberId: number, decidedAt: string): Offer => {
  const products = new Map(
    [product('data-500'), product('data-9', { priceMinor: '99000' })].map((p) => [p.id, p]),
  )
  const means = { balanceMinor: 10_000n, creditMinor: 5_000n, currency: 'RUB' }
  return {
    ...chooseOffer(menuOf('data-500', 'data-9', 'data-gone'), products, means),
    ...means,
    offerId: newId(),
    subscriberId,
    menuId: 'packages',
    menuVersion: 2,
    decidedAt: Temporal.Instant.from(decidedAt),
    reference: 'enrolment-1',
  }
}

test('offers come back exactly as they were decided, behind the tenant wall', async () => {
  const offers = [offerFor(1, '2026-03-01T10:00:00Z'), offerFor(2, '2026-03-01T10:00:00Z')]
  const ids = offers.map((offer) => offer.offerId)
  const { database, tenantId, otherTenantId } = stores
  await database.tx(tenantId, (tx) => saveOffers(tx, offers))
  await database.tx(tenantId, (tx) => saveOffers(tx, [{ ...offers[0]!, balanceMinor: 1n }]))
  const stored = await database.tx(tenantId, (tx) => offersByIds(tx, [...ids, newId()]))
  expect(stored).toEqual(new Map(offers.map((offer) => [offer.offerId, offer])))
  expect(await database.tx(otherTenantId, (tx) => offersByIds(tx, ids))).toEqual(new Map())
})

test('the page of a subscriber shows the latest offer first, with what decided it', async () => {
  const offers = [offerFor(7, '2026-03-01T10:00:00Z'), offerFor(7, '2026-03-02T10:00:00Z')]
  await stores.database.tx(stores.tenantId, (tx) => saveOffers(tx, offers))
  const http = createHttp((error) => {
    throw error
  })
  http.decorateRequest('principal', null)
  http.addHook('onRequest', async (request) => {
    request.principal = { tenantId: stores.tenantId, keyId: 'k', role: 'read' } as typeof request.principal
  })
  offersRoutes(http, stores)
  const answer = await http.inject('/v1/subscribers/7/offers')
  const page = subscriberOffers.parse(answer.json())
  expect(page.offers.map((offer) => offer.offerId)).toEqual([offers[1]!.offerId, offers[0]!.offerId])
  expect(page.offers[0]).toMatchObject({
    balanceMinor: '10000',
    items: [{ productId: 'data-500', priceMinor: '15000', creditMinor: '5000', keyword: '1' }],
    refused: [
      { productId: 'data-gone', reason: 'unknown_product' },
      { productId: 'data-9', reason: 'beyond_balance_and_credit' },
    ],
  })
  expect((await http.inject('/v1/subscribers/seven/offers')).statusCode).toBe(422)
  await http.close()
})

test('a menu of unknown, repeated, mixed or ambiguous products is refused', async () => {
  const documents = new Documents(stores.database, [productKind, menuKind])
  const codesOf = async (given: object[]): Promise<string[]> => {
    const results = await documents.apply(stores.tenantId, given, { dryRun: true })
    return results.flatMap((result) => result.problems ?? []).map((problem) => problem.code)
  }
  const a = product('data-500', { answerCode: '*111*500#', keyword: '100' })
  const b = product('data-100', { answerCode: '*111*500#' })
  expect(await codesOf([a, menuOf('data-500')])).toEqual([])
  expect(await codesOf([a, menuOf('data-500', 'data-500', 'data-77')])).toEqual([
    'menu_product_repeated',
    'menu_product_unknown',
  ])
  expect(await codesOf([a, b, menuOf('data-500', 'data-100')])).toEqual(
    Array(2).fill('menu_answer_ambiguous'),
  )
  expect(await codesOf([a, product('data-3', { currency: 'UAH' }), menuOf('data-500', 'data-3')])).toEqual([
    'menu_currencies_differ',
  ])
})
