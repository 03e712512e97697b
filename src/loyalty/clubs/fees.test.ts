import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

let stores: TestDatabase
let world: LoyaltyWorld
const worlds: LoyaltyWorld[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
})
afterAll(async () => {
  for (const one of [world, ...worlds]) await one.close()
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

describe('a fee that is changed', () => {
  const joinedFor = async (fee: object | undefined, rest: object = {}) => {
    const one = await loyaltyWorld(stores, { startMs: Date.parse('2026-01-15T12:00:00Z') })
    worlds.push(one)
    const club = (fee: object | undefined): object => {
      return { kind: 'Club', id: 'readers', name: same('Readers'), ...rest, ...(fee ? { fee } : {}) }
    }
    await one.apply(
      programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '2000' } }),
      club(fee),
    )
    const { tenantId } = one
    const [ann] = (await one.subscribers('ann')) as [number]
    await one.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: ann })
    await one.loyalty.clubs.join({ tenantId, clubId: 'readers', subscriberId: ann })
    const at = async (moment: string) => {
      one.clock.setMs(Date.parse(moment))
      await one.run()
      const [line] = await one.loyalty.clubs.ofMember(tenantId, 'main', ann)
      const { state, paidUntilMs } = line!.membership!
      const paidUntil = paidUntilMs === null ? null : new Date(paidUntilMs).toISOString().slice(0, 10)
      return { state, paidUntil, points: (await one.balances(ann))['points'] }
    }
    return { at, change: (fee: object | undefined) => one.apply(club(fee)) }
  }

  test('pays for its own months from where the former one ended', async () => {
    const { at, change } = await joinedFor({ points: '120', months: 12 })
    await change({ points: '10', months: 1 })
    expect(await at('2027-01-16T12:00:00Z')).toEqual({
      state: 'active',
      paidUntil: '2027-02-15',
      points: 1870n,
    })
    await change({ points: '120', months: 12 })
    expect(await at('2027-02-16T12:00:00Z')).toEqual({
      state: 'active',
      paidUntil: '2028-02-15',
      points: 1750n,
    })
  })

  test('is not taken from those who came in while there was none', async () => {
    const { at, change } = await joinedFor(undefined, { who: 'member.daysInProgramme >= 0' })
    await change({ points: '100' })
    expect(await at('2026-06-16T12:00:00Z')).toEqual({ state: 'active', paidUntil: null, points: 2000n })
  })
})
