import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

let stores: TestDatabase
let world: LoyaltyWorld
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
})
afterAll(async () => {
  await world.close()
  await stores.close()
})

test('money of somebody who cannot be let in is judged and told, so that it can be given back', async () => {
  await world.apply(
    { kind: 'Attributes', id: 'subscriber', attributes: { vip: 'bool' } },
    eventType('fee.paid', { club: 'string' }),
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand' }),
    { kind: 'Club', id: 'vips', name: same('Vips'), who: 'subscriber.vip', fee: { on: 'fee.paid' } },
  )
  const { tenantId } = world
  const [ann, bob, eve] = (await world.subscribers('ann', 'bob', 'eve')) as [number, number, number]
  const vip = { identities: { external: 'bob' }, attributes: { vip: true } }
  await world.profiles.upsertSubscribers(tenantId, [vip])
  for (const subscriberId of [ann, bob])
    await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId })
  // Ann is no vip, bob has left meanwhile, eve never came.
  await world.loyalty.members.leave({ tenantId, programmeId: 'main', subscriberId: bob })
  const fee = (subscriberId: number) => ({ subscriberId, type: 'fee.paid', id: `fee-${subscriberId}` })
  await world.append(fee(ann), fee(bob), fee(eve))
  await world.run()
  await world.rewind()
  await world.run()
  const refused = await world.logged('loyalty.club_fee_refused')
  expect(refused.map(({ club, reason, payment }) => `${club} ${reason} ${payment}`).toSorted()).toEqual(
    [ann, bob, eve].map((id) => `vips club_not_for_member fee-${id}`).toSorted(),
  )
  const judged = (await world.judgements()).filter(({ rule }) => rule === 'club:vips')
  expect(judged.map(({ reason }) => reason)).toEqual(Array(3).fill('club_not_for_member'))
  expect(await world.logged('loyalty.club_joined')).toEqual([])
  expect(await world.loyalty.clubs.ofMember(tenantId, 'main', ann)).toMatchObject([{ membership: null }])
})
