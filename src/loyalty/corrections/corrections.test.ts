import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../../test/loyalty-http.ts'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, paid, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { historyPage } from '../earning/contract.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: LoyaltyHttp
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  await world.apply(
    ...orderTypes,
    programme({ id: 'main', currency: 'points', expiry: { after: 'earn', days: 30 } }),
    { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } },
  )
  http = await loyaltyHttp(world)
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const ask: LoyaltyHttp['ask'] = (...asked) => http.ask(...asked)

test('an agent gives and takes points once a key, and the member reads why', async () => {
  const [ann = 0] = await world.subscribers('ann')
  await world.append(paid(ann, 'o1', 10_000))
  await world.run()
  const url = `/v1/members/${ann}/points/corrections`
  const gift = { programme: 'main', points: '50', reason: 'a call that was cut off', key: 'k1' }
  expect(await ask('POST', url, gift)).toEqual({ status: 200, body: { available: '150' } })
  expect(await ask('POST', url, gift)).toEqual({ status: 200, body: { available: '150' } })
  for (const other of [{ points: '51' }, { reason: 'another one' }])
    expect(await ask('POST', url, { ...gift, ...other })).toMatchObject({
      status: 409,
      body: { code: 'loyalty_key_mismatch' },
    })
  const taken = { programme: 'main', points: '-120', reason: 'credited twice' }
  expect(await ask('POST', url, taken)).toEqual({ status: 200, body: { available: '30' } })
  expect(await world.balances(ann)).toEqual({ points: 30n })
  const history = historyPage.parse((await ask('GET', `/v1/members/${ann}/points?language=en`)).body)
  const told = history.events.flatMap(({ judgements }) => judgements)
  expect(told.map(({ text, points }) => [text, points])).toEqual(
    expect.arrayContaining([
      ['Points credited by hand: 50. Reason: a call that was cut off', '50'],
      ['Points taken off by hand: 120. Reason: credited twice', '-120'],
    ]),
  )
  await world.run()
  expect(await world.logged('loyalty.points_corrected')).toMatchObject([
    { pointsMinor: 50 },
    { pointsMinor: -120 },
  ])
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('the same key answers the same after a merge, and is refused to anybody else', async () => {
  const [dan = 0, eve = 0, fay = 0] = await world.subscribers('dan', 'eve', 'fay')
  for (const subscriber of [dan, eve, fay])
    await ask('POST', '/v1/loyalty/members', { programme: 'main', subscriber })
  const gift = { programme: 'main', points: '5', reason: 'r', key: 'merged' }
  const give = (subscriber: number) => ask('POST', `/v1/members/${subscriber}/points/corrections`, gift)
  const first = await give(dan)
  await world.loyalty.members.merge({
    tenantId: world.tenantId,
    programmeId: 'main',
    subscriberId: eve,
    from: dan,
  })
  expect(first).toEqual({ status: 200, body: { available: '5' } })
  expect([await give(dan), await give(eve)]).toEqual([first, first])
  expect(await give(fay)).toMatchObject({ body: { code: 'loyalty_key_mismatch' } })
})

test('what is given expires as the programme says', async () => {
  const [bob = 0] = await world.subscribers('bob')
  await ask('POST', '/v1/loyalty/members', { programme: 'main', subscriber: bob })
  await ask('POST', `/v1/members/${bob}/points/corrections`, { programme: 'main', points: '7', reason: 'r' })
  world.clock.setMs(world.clock.nowMs() + 32 * 86_400_000)
  await world.run()
  expect(await world.balances(bob)).toEqual({ points: 0n })
})

test('what cannot be is refused and leaves no trace', async () => {
  const [cid = 0] = await world.subscribers('cid')
  const url = `/v1/members/${cid}/points/corrections`
  const gift = { programme: 'main', points: '5', reason: 'r' }
  expect(await ask('POST', url, gift, 'read')).toMatchObject({ status: 403 })
  expect(await ask('POST', url, gift)).toMatchObject({ body: { code: 'member_not_found' } })
  await ask('POST', '/v1/loyalty/members', { programme: 'main', subscriber: cid })
  for (const wrong of [{ points: '0' }, { points: '1.5' }, { reason: ' ' }])
    expect((await ask('POST', url, { ...gift, ...wrong })).status).toBe(422)
  expect(await ask('POST', url, { ...gift, programme: 'none' })).toMatchObject({
    body: { code: 'programme_not_found' },
  })
  const tooMuch = await ask('POST', url, { ...gift, points: '-6' })
  expect(tooMuch.status).toBeGreaterThanOrEqual(400)
  expect(tooMuch.body.code).toMatch(/^ledger_/)
  expect((await ask('GET', `/v1/members/${cid}/points`)).body).toEqual({ events: [], next: null })
})
