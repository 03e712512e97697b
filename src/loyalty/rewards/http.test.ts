import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../../test/loyalty-http.ts'
import { type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { clubsView, memberClubsView } from '../clubs/contract.ts'
import { quoteView, transferView } from '../exchange/contract.ts'
import {
  catalogueView,
  codesAnswer,
  redemptionsView,
  type RedemptionView,
  redemptionView,
  rewardsView,
  stockAnswer,
  useAnswer,
} from './contract.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: LoyaltyHttp
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  const offer = (id: string, gives: object): object => ({
    kind: 'Reward',
    id,
    name: same(id),
    price: { points: '100' },
    gives,
  })
  await world.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '1000' } }),
    programme({ id: 'game', currency: 'coins', enrolment: 'by_hand' }),
    offer('cinema', { voucher: { pool: 'cinema' } }),
    offer('kettle', { goods: {} }),
    offer('taxi', { discount: { partner: 'taxi', off: { percent: 15 } } }),
    { kind: 'TransferTerms', id: 'main', fee: { percent: '10' } },
    {
      kind: 'Exchange',
      id: 'to-game',
      name: same('to-game'),
      from: { programme: 'main' },
      to: { programme: 'game' },
      rate: '2',
    },
    { kind: 'Club', id: 'readers', name: same('readers'), fee: { points: '50' } },
  )
  http = await loyaltyHttp(world)
  await world.subscribers('ann', 'bob', 'eve')
  for (const programmeId of ['main', 'game']) {
    for (const subscriberId of await world.subscribers('ann', 'bob')) {
      await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId, subscriberId })
    }
  }
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const ask: LoyaltyHttp['ask'] = (...asked) => http.ask(...asked)
const ann = '/v1/members/external:ann'

test('codes and pieces come over the API, members redeem, agents hand out, cancel and refund with a reason', async () => {
  expect((await ask('POST', '/v1/loyalty/rewards/cinema/codes', { codes: ['A'] }, 'read')).status).toBe(403)
  const codes = await ask('POST', '/v1/loyalty/rewards/cinema/codes', { codes: ['A', 'B'] })
  expect(codesAnswer.parse(codes.body)).toEqual({ added: 2, known: 0, left: 2 })
  const stock = { add: 3, idempotencyKey: 's' }
  expect(stockAnswer.parse((await ask('POST', '/v1/loyalty/rewards/kettle/stock', stock)).body).left).toBe(3)
  expect((await ask('POST', '/v1/loyalty/rewards/cinema/stock', stock)).body).toMatchObject({
    code: 'reward_stock_not_kept',
  })
  const catalogue = catalogueView.parse((await ask('GET', `${ann}/rewards`, undefined, 'read')).body)
  expect(catalogue.available).toBe('1000')
  expect(catalogue.rewards.map(({ reward }) => reward)).toEqual(['cinema', 'kettle', 'taxi'])

  const redeem = (reward: string, idempotencyKey: string, rest: object = {}) =>
    ask('POST', `${ann}/redemptions`, { reward, idempotencyKey, ...rest })
  const voucher = redemptionView.parse((await redeem('cinema', 'k1')).body)
  expect(voucher).toMatchObject({ state: 'done', code: 'A', points: '100' })
  expect((await redeem('kettle', 'k1')).status).toBe(409)
  expect((await redeem('no-such', 'k2')).status).toBe(404)
  world.clock.setMs(world.clock.nowMs() + 1)
  const gift = redemptionView.parse((await redeem('cinema', 'k3', { recipient: 'external:eve' })).body)
  expect((await redeem('cinema', 'k4')).body).toMatchObject({ code: 'reward_out_of_stock', status: 422 })
  const mine = await ask('GET', `${ann}/redemptions`)
  expect(mine.body).toMatchObject({
    redemptions: [
      { redemptionId: gift.redemptionId, code: null },
      { redemptionId: voucher.redemptionId, code: 'A' },
    ],
  })
  expect((await ask('GET', '/v1/members/external:eve/redemptions')).body).toMatchObject({
    redemptions: [{ code: 'B' }],
  })

  const kettle = redemptionView.parse((await redeem('kettle', 'k5')).body)
  const path = `/v1/loyalty/redemptions/${kettle.redemptionId}`
  expect((await ask('POST', `${path}/refund`, { reason: 'broken' })).status).toBe(409)
  expect((await ask('POST', `${path}/refund`, {})).status).toBe(422)
  expect((await ask('POST', `${path}/hand-out`)).body).toMatchObject({ state: 'done' })
  const refunded = await ask('POST', `${path}/refund`, { reason: 'broken', restock: true })
  expect(redemptionView.parse(refunded.body)).toMatchObject({ state: 'refunded', note: 'broken' })
  const waiting = redemptionView.parse((await redeem('kettle', 'k6')).body)
  const cancelled = await ask('POST', `/v1/loyalty/redemptions/${waiting.redemptionId}/cancel`, {
    reason: 'ordered twice',
  })
  expect(redemptionView.parse(cancelled.body)).toMatchObject({
    state: 'cancelled',
    reason: 'agent_cancelled',
  })
  const open = await ask('GET', '/v1/loyalty/redemptions?state=cancelled&reward=kettle', undefined, 'read')
  expect(open.body).toMatchObject({ redemptions: [{ redemptionId: waiting.redemptionId }] })
  expect(rewardsView.parse((await ask('GET', '/v1/loyalty/rewards')).body).rewards).toMatchObject([
    { reward: 'cinema', left: 0, codes: { given: 2 }, done: 2 },
    { reward: 'kettle', left: 3, codes: null, open: 0, done: 0 },
    { reward: 'taxi', left: null },
  ])
  // All of them are of one moment, and page by page each is met once.
  const whole = redemptionsView.parse((await ask('GET', '/v1/loyalty/redemptions')).body)
  const paged: RedemptionView[] = []
  for (let before = ''; ;) {
    const query = `limit=2${before && `&before=${encodeURIComponent(before)}`}`
    const page = redemptionsView.parse((await ask('GET', `/v1/loyalty/redemptions?${query}`)).body)
    paged.push(...page.redemptions)
    if (page.next === null) break
    before = page.next
  }
  expect(paged.length).toBeGreaterThan(3)
  expect(whole).toEqual({ redemptions: paged, next: null })
  const { code } = redemptionView.parse((await redeem('taxi', 'k7')).body)
  const used = await ask('POST', '/v1/loyalty/discounts/use', { code, partner: 'taxi', idempotencyKey: 'u1' })
  expect(useAnswer.parse(used.body)).toMatchObject({ off: { percent: 15 } })
  expect(
    (await ask('POST', '/v1/loyalty/discounts/use', { code, partner: 'taxi', idempotencyKey: 'u2' })).status,
  ).toBe(409)
  const audit = await world.access.listAudit(world.tenantId, 20)
  expect(audit.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['codes_added', 'stock_changed', 'redemption_refunded', 'redemption_cancelled']),
  )
})

test('members send points, take quotes and join clubs', async () => {
  const sent = await ask('POST', `${ann}/transfers`, {
    recipient: 'external:bob',
    points: '100',
    note: 'for the trip',
    idempotencyKey: 't1',
  })
  expect(transferView.parse(sent.body)).toMatchObject({ points: '100', fee: '10', note: 'for the trip' })
  const bobs = await ask('GET', '/v1/members/external:bob/transfers')
  expect(bobs.body).toMatchObject({ transfers: [{ transferId: sent.body.transferId }] })
  const quote = await ask('POST', `${ann}/exchange-quotes`, { exchange: 'to-game', amount: '50' })
  expect(quoteView.parse(quote.body)).toMatchObject({
    from: '50',
    to: '100',
    toCurrency: 'coins',
    doneAt: null,
  })
  const { quoteId } = quote.body
  expect((await ask('POST', '/v1/members/external:bob/conversions', { quoteId })).status).toBe(404)
  const done = await ask('POST', `${ann}/conversions`, { quoteId })
  expect(quoteView.parse(done.body).doneAt).not.toBeNull()
  expect((await ask('GET', `${ann}/conversions`)).body.conversions).toHaveLength(1)

  const before = memberClubsView.parse((await ask('GET', `${ann}/clubs`, undefined, 'read')).body)
  expect(before.clubs).toMatchObject([{ club: 'readers', membership: null, refusal: null }])
  expect((await ask('POST', `${ann}/clubs/readers/join`)).body).toMatchObject({
    membership: { state: 'active', reason: 'club_joined' },
  })
  expect((await ask('POST', `${ann}/clubs/none/join`)).status).toBe(404)
  expect(clubsView.parse((await ask('GET', '/v1/loyalty/clubs')).body).clubs).toMatchObject([
    { club: 'readers', members: { active: 1 } },
  ])
  expect((await ask('POST', `${ann}/clubs/readers/leave`)).body).toMatchObject({
    membership: { state: 'left' },
  })
  expect(await world.verify()).toMatchObject({ ok: true })
})
