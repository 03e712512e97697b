import { expect, test } from 'vitest'
import { type LoyaltyWorld, orderTypes, paid, programme } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'

const { openWorld } = loyaltyWorlds()

const DAY = 86_400_000
const rule = { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } }
/** Ann buys before she joins by hand, as a member, and after she has left. */
const lived = async (enrolment: unknown): Promise<{ world: LoyaltyWorld; ann: number }> => {
  const world = await openWorld()
  await world.apply(
    ...orderTypes,
    programme({ id: 'main', currency: 'points', ...(enrolment === undefined ? {} : { enrolment }) }),
    rule,
  )
  const [ann] = (await world.subscribers('ann')) as [number]
  const about = { tenantId: world.tenantId, programmeId: 'main', subscriberId: ann }
  const buy = async (order: string, amountMinor: number): Promise<void> => {
    await world.append(paid(ann, order, amountMinor))
    await world.run()
    world.clock.setMs(world.clock.nowMs() + DAY)
  }
  await buy('before', 10_000)
  await world.loyalty.members.enrol(about)
  world.clock.setMs(world.clock.nowMs() + DAY)
  await buy('within', 2_000)
  await world.loyalty.members.leave(about)
  world.clock.setMs(world.clock.nowMs() + DAY)
  await buy('after', 500)
  return { world, ann }
}

test.for([['by_hand', 20n] as const, [undefined, 120n] as const])(
  'a trial counts what somebody bought as a member, as it was: enrolment %s',
  async ([enrolment, points]) => {
    const { world, ann } = await lived(enrolment)
    expect(await world.balances(ann)).toEqual({ points })
    const tried = await world.loyalty.tryRule({ tenantId: world.tenantId, rule })
    expect(tried.points).toBe(String(points))
    const real = Map.groupBy(await world.judgements(), ({ reason }) => reason)
    expect(tried.reasons).toEqual(Object.fromEntries([...real].map(([reason, all]) => [reason, all.length])))
  },
)
