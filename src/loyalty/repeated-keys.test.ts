import { beforeEach, expect, test } from 'vitest'
import { type LoyaltyWorld, programme, same } from '../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()
let world: LoyaltyWorld
let ann: number
let bob: number
beforeEach(async () => {
  world = await openWorld()
  await world.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '1000' } }),
    {
      kind: 'Reward',
      id: 'mug',
      name: same('Mug'),
      price: { points: '10' },
      gives: { donation: { to: 'x' } },
    },
    { kind: 'TransferTerms', id: 'main' },
    {
      kind: 'Exchange',
      id: 'acme',
      name: same('Acme'),
      from: { programme: 'main' },
      to: { partner: 'acme', currency: 'GEM', decimals: 1 },
      rate: '0.5',
    },
    { kind: 'Club', id: 'cinema', name: same('Cinema'), fee: { points: '50' } },
    {
      kind: 'Wheel',
      id: 'luck',
      name: same('Luck'),
      price: '20',
      prizes: [{ id: 'none', name: same('Nothing'), weight: 1 }],
    },
    {
      kind: 'Referral',
      id: 'friends',
      name: same('Friends'),
      rewards: [{ id: 'r', name: same('r'), when: { stayedDays: 90 }, referrer: { points: '1' } }],
    },
  )
  ;[ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  for (const id of [ann, bob]) await world.loyalty.members.enrol(asMember(id))
})

const asMember = (subscriberId: number) => ({ tenantId: world.tenantId, programmeId: 'main', subscriberId })
type Act = (id: number, key: string) => Promise<unknown>
const burn: Act = (id, key) =>
  world.loyalty.burning.burn({ ...asMember(id), points: 5n, reason: 'till', key })
const correct: Act = (id, key) =>
  world.loyalty.corrections.correct({ ...asMember(id), points: 7n, reason: 'r', by: 'agent', key })
const redeem: Act = (id, key) => world.loyalty.rewards.redeem({ ...asMember(id), rewardId: 'mug', key })
const send: Act = (fromId, key) => {
  const gift = { fromId, toId: bob, points: 30n, note: null, key }
  return world.loyalty.exchanges.send(world.tenantId, 'main', gift)
}
const buyRound: Act = (id, key) => world.loyalty.play.buyRight(world.tenantId, 'Wheel', 'luck', id, key)
const atClub = (subscriberId: number, key: string) => ({
  tenantId: world.tenantId,
  clubId: 'cinema',
  subscriberId,
  key,
})
const joinClub = (id: number, key: string) => world.loyalty.clubs.join(atClub(id, key))
const leaveClub = (id: number, key: string) => world.loyalty.clubs.leave(atClub(id, key))

test.each([
  ['a burning', burn],
  ['a correction', correct],
  ['a redemption', redeem],
  ['a transfer', send],
  ['a bought round', buyRound],
])('the key of %s answers as before when its member has left, and a new one is refused', async (_, act) => {
  const first = await act(ann, 'k')
  const held = await world.balances(ann)
  await world.loyalty.members.leave(asMember(ann))
  expect(await act(ann, 'k')).toEqual(first)
  await expect(act(ann, 'another')).rejects.toMatchObject({ code: 'member_not_active' })
  expect(await world.balances(ann)).toEqual(held)
})

test('the key of a club’s door answers with what became of it when its member has left', async () => {
  expect(await joinClub(ann, 'in')).toMatchObject({ state: 'active' })
  expect(await leaveClub(ann, 'out')).toMatchObject({ state: 'left' })
  const held = await world.balances(ann)
  await world.loyalty.members.leave(asMember(ann))
  expect(await joinClub(ann, 'in')).toMatchObject({ state: 'left' })
  expect(await leaveClub(ann, 'out')).toMatchObject({ state: 'left' })
  await expect(joinClub(ann, 'again')).rejects.toMatchObject({ code: 'member_not_active' })
  expect(await world.balances(ann)).toEqual(held)
})

test('a club that was joined is not refused to its own key when the points are spent', async () => {
  const first = await joinClub(ann, 'in')
  await leaveClub(ann, 'out')
  await world.loyalty.corrections.correct({
    ...asMember(ann),
    points: -950n,
    reason: 'r',
    by: 'agent',
  })
  expect(await joinClub(ann, 'in')).toMatchObject({ joinedAtMs: first.joinedAtMs, state: 'left' })
})

test('a quote that was taken is told as taken to its member who has left, and to nobody else', async () => {
  const { tenantId, loyalty } = world
  const { quoteId } = await loyalty.exchanges.quote(tenantId, 'acme', ann, 100n)
  const open = await loyalty.exchanges.quote(tenantId, 'acme', ann, 100n)
  const first = await loyalty.exchanges.convert(tenantId, ann, quoteId)
  await loyalty.members.leave(asMember(ann))
  expect(await loyalty.exchanges.convert(tenantId, ann, quoteId)).toEqual(first)
  const convert = (id: number, quote: string) => loyalty.exchanges.convert(tenantId, id, quote)
  await expect(convert(bob, quoteId)).rejects.toMatchObject({ code: 'quote_not_found' })
  await expect(convert(ann, open.quoteId)).rejects.toMatchObject({ code: 'member_not_active' })
})

test('the key of a code answers as before when its member has left', async () => {
  const { tenantId, loyalty } = world
  const code = (await loyalty.referrals.view(tenantId, 'main', bob)).code
  const use = () =>
    loyalty.referrals.useCode(tenantId, { referralId: 'friends', subscriberId: ann, code, key: 'k' })
  const first = await use()
  await loyalty.members.leave(asMember(ann))
  expect(await use()).toEqual(first)
})

test('what was done once is done no second time when its member was merged in between', async () => {
  for (const act of [burn, correct, redeem, send, buyRound, joinClub]) await act(ann, 'k')
  const [cat = 0] = await world.subscribers('cat')
  await world.loyalty.members.enrol(asMember(cat))
  await world.loyalty.members.merge({ ...asMember(cat), from: ann })
  const held = await world.balances(cat)
  for (const act of [burn, correct, redeem, send, buyRound, joinClub]) await act(ann, 'k')
  expect(await world.balances(cat)).toEqual(held)
  expect(await world.verify()).toMatchObject({ ok: true })
})
