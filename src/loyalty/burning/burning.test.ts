import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, orderTypes, paid, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

let stores: TestDatabase
let world: LoyaltyWorld
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  await world.apply(
    ...orderTypes,
    programme({ id: 'main', currency: 'points' }),
    { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } },
    {
      kind: 'AbusePolicy',
      id: 'main',
      hold: 50,
      refuse: 60,
      signals: { velocity: [{ of: 'redeemed', withinHours: 1, times: 2, score: 60 }] },
    },
  )
})
afterAll(async () => {
  await world.close()
  await stores.close()
})

const burn = (subscriberId: number, points: bigint, key: string, reason = 'till 7') =>
  world.loyalty.burning.burn({
    tenantId: world.tenantId,
    programmeId: 'main',
    subscriberId,
    points,
    reason,
    key,
  })

test('a till spends once a key, and hears the same again even when the member may spend no more', async () => {
  const [ann = 0, bob = 0] = await world.subscribers('ann', 'bob')
  await world.append(paid(ann, 'o1', 10_000), paid(bob, 'o2', 5_000))
  await world.run()
  expect(await burn(ann, 30n, 'k1')).toBe(70n)
  expect(await burn(ann, 30n, 'k1')).toBe(70n)
  await expect(burn(ann, 31n, 'k1')).rejects.toMatchObject({ code: 'loyalty_key_mismatch' })
  await expect(burn(ann, 30n, 'k1', 'till 8')).rejects.toMatchObject({ code: 'loyalty_key_mismatch' })
  await expect(burn(ann, 71n, 'k2')).rejects.toMatchObject({ code: 'ledger_balance_insufficient' })
  expect(await burn(bob, 50n, 'k1')).toBe(0n)
  // The key of what was refused is free.
  expect(await burn(ann, 20n, 'k2')).toBe(50n)
  await expect(burn(ann, 1n, 'k3')).rejects.toMatchObject({ code: 'abuse_refused' })
  expect(await burn(ann, 20n, 'k2')).toBe(50n)
  expect((await world.account('programme:main:redeemed:points'))?.balanceMinor).toBe(100n)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('a till that asks again after a merge spends nothing twice', async () => {
  const [cid = 0, dan = 0] = await world.subscribers('cid', 'dan')
  await world.append(paid(cid, 'o3', 10_000), paid(dan, 'o4', 5_000))
  await world.run()
  expect(await burn(cid, 30n, 'k1')).toBe(70n)
  const merge = { tenantId: world.tenantId, programmeId: 'main', subscriberId: dan, from: cid }
  await world.loyalty.members.merge(merge)
  expect(await burn(cid, 30n, 'k1')).toBe(120n)
  expect(await world.balances(dan)).toEqual({ points: 120n })
})
