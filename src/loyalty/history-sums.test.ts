import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type LoyaltyWorld,
  loyaltyWorld,
  orderTypes,
  paid,
  programme,
  same,
} from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { DomainError } from '../platform/index.ts'
import { createLedger } from '../ledger/index.ts'
import { accountOf, householdOwner, memberAccount, programmeAccount } from './accounts.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const DAY = 86_400_000
const programmes = [
  { id: 'main', currency: 'points' },
  { id: 'game', currency: 'coins' },
] as const

const exchangeOf = (id: string, from: object, to: object): object => ({
  kind: 'Exchange',
  id,
  name: same(id),
  from,
  to,
  rate: '0.7',
  spreadPercent: '3',
})
const acme = { partner: 'acme', currency: 'GEM' }

const documents = [
  ...orderTypes,
  programme({
    id: 'main',
    currency: 'points',
    welcome: { points: '120' },
    expiry: { after: 'earn', days: 30 },
    returns: { onSpent: 'debt' },
    households: { maxMembers: 3, sharesBalance: true },
  }),
  programme({
    id: 'game',
    currency: 'coins',
    decimals: 2,
    expiry: { after: 'activity', days: 20 },
    returns: { onSpent: 'forgive' },
    leaving: { points: 'forfeit' },
  }),
  // What waits for the delivery, what can be spent after some days, and what can be spent at once.
  ...programmes.map(({ id }) => ({
    kind: 'EarnRule',
    id: `earn-${id}`,
    programme: id,
    on: 'order.paid',
    points: { perMajorUnit: '0.5' },
    reference: 'event.orderId',
    returns: { on: 'order.returned', reference: 'event.orderId', amount: 'event.amountMinor' },
  })),
  {
    kind: 'EarnRule',
    id: 'later',
    on: 'order.paid',
    points: { fixed: '30' },
    pending: { days: 9 },
    reference: 'event.orderId',
    returns: { on: 'order.returned', reference: 'event.orderId' },
  },
  {
    kind: 'EarnRule',
    id: 'delivered',
    on: 'order.paid',
    points: { fixed: '40' },
    pending: { event: 'order.delivered', days: 12, key: 'event.orderId', eventKey: 'event.orderId' },
  },
  {
    kind: 'Quest',
    id: 'two',
    name: same('two'),
    steps: [{ id: 'buy', name: same('buy'), on: 'order.paid', reach: '2' }],
    reward: { points: '55' },
  },
  {
    kind: 'Reward',
    id: 'cinema',
    name: same('cinema'),
    price: { points: '60' },
    gives: { discount: { partner: 'kino', off: { percent: 10 } } },
  },
  {
    kind: 'Reward',
    id: 'mug',
    name: same('mug'),
    price: { points: '80' },
    gives: { goods: { handOutWithinDays: 25 } },
  },
  { kind: 'TransferTerms', id: 'main', fee: { fixed: '3' } },
  exchangeOf('to-game', { programme: 'main' }, { programme: 'game' }),
  exchangeOf('to-acme', { programme: 'main' }, acme),
  exchangeOf('from-acme', acme, { programme: 'main' }),
  { kind: 'Club', id: 'gold', name: same('gold'), fee: { points: '35', graceDays: 3 } },
  {
    kind: 'AbusePolicy',
    id: 'main',
    programme: 'main',
    hold: 50,
    confirmed: { forfeit: true },
    signals: { velocity: [{ of: 'earned', times: 10, withinHours: 480, score: 60 }] },
  },
  { kind: 'ProgrammeMigration', id: 'over', from: 'main', to: 'game', rate: '0.5', expiry: 'keep' },
]

const PEOPLE = 4
const who = fc.nat(PEOPLE - 1)
const of = fc.nat(1)
const amount = fc.integer({ min: 1, max: 30_000 })
const order = fc.nat(5)
const points = fc.integer({ min: 1, max: 150 })

/** Whatever can happen to points; what is refused is refused and changes nothing. */
const deed = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('buy' as const), who, order, amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('return' as const), who, order, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver' as const), who, order }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 14 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      who,
      reward: fc.constantFrom('cinema', 'mug'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      how: fc.constantFrom('handOut' as const, 'cancel' as const, 'refund' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), who, to: who, points }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('convert' as const),
      who,
      exchange: fc.constantFrom('to-game', 'to-acme', 'from-acme'),
      points,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('club' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('correct' as const), who, of, points, isGift: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('burn' as const), who, of, points }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('post' as const), who, of, points, isGift: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), who, of }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('enrol' as const), who, of }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('joinHousehold' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leaveHousehold' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const), who, from: who, of }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      decision: fc.constantFrom('confirm' as const, 'release' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('migrate' as const) }) },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

/** A history in which everything happens, whatever chance does besides. */
const everything: Deed[] = [
  { do: 'buy', who: 0, order: 0, amount: 20_000 },
  { do: 'buy', who: 0, order: 1, amount: 20_000 },
  { do: 'deliver', who: 0, order: 0 },
  { do: 'return', who: 0, order: 1, amount: 5_000 },
  { do: 'redeem', who: 0, reward: 'cinema' },
  { do: 'settle', how: 'refund' },
  { do: 'redeem', who: 0, reward: 'cinema' },
  { do: 'redeem', who: 0, reward: 'mug' },
  { do: 'settle', how: 'cancel' },
  { do: 'redeem', who: 0, reward: 'mug' },
  { do: 'settle', how: 'handOut' },
  { do: 'buy', who: 1, order: 2, amount: 20_000 },
  { do: 'wait', days: 1 },
  { do: 'send', who: 0, to: 1, points: 20 },
  { do: 'convert', who: 0, exchange: 'to-game', points: 20 },
  { do: 'club', who: 0 },
  { do: 'correct', who: 0, of: 0, points: 9, isGift: true },
  { do: 'correct', who: 0, of: 0, points: 4, isGift: false },
  { do: 'burn', who: 0, of: 0, points: 5 },
  { do: 'post', who: 0, of: 0, points: 8, isGift: true },
  { do: 'leave', who: 0, of: 1 },
  { do: 'joinHousehold', who: 1 },
  ...[0, 1, 2, 3].map((order) => ({ do: 'buy' as const, who: 2, order, amount: 20_000 })),
  { do: 'decide', decision: 'confirm' },
  { do: 'decide', decision: 'release' },
  ...[14, 14, 14].map((days) => ({ do: 'wait' as const, days })),
  { do: 'buy', who: 3, order: 0, amount: 20_000 },
  { do: 'migrate' },
]

/** Reasons of all lines, over all histories. */
const seen = new Set<string>()

test('whatever happens to points, the lines of a history add up to the balance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 70, size: 'max' }), async (deeds) => {
      const world = await loyaltyWorld(stores)
      try {
        await world.apply(...documents)
        await world.loyalty.rewards.addStock(world.tenantId, 'mug', 100, 'stock')
        const ids = await world.subscribers(...Array.from({ length: PEOPLE }, (_, i) => `m${i}`))
        for (const [i, one] of deeds.entries()) await happen(world, ids, one, i)
        await world.run()
        await compare(world, ids)
      } finally {
        await world.close()
      }
    }),
    { examples: [[everything]], numRuns: 25, interruptAfterTimeLimit: 150_000 },
  )
  expect(everyReason.filter((reason) => !seen.has(reason))).toEqual([])
}, 300_000)

/** Each of these has to have happened, or the test says nothing of it. */
const everyReason = [
  'credited',
  'pending',
  'released',
  'returned',
  'welcome',
  'quest_completed',
  'expired',
  'reward_reserved',
  'reward_redeemed',
  'redemption_cancelled',
  'redemption_refunded',
  'points_sent',
  'transfer_fee',
  'points_received_expiring',
  'points_converted',
  'club_fee_charged',
  'given_by_hand',
  'taken_by_hand',
  'spent_outside',
  'posted_directly',
  'forfeited',
  'moved_out',
  'moved_in',
  'abuse_held',
  'abuse_forfeited',
  'abuse_given_back',
  'migrated_out',
  'migrated',
]

async function compare(world: LoyaltyWorld, ids: number[]): Promise<void> {
  const members = await stores.database.tx(world.tenantId, (tx) =>
    tx.query<{
      id: number
      programme: string
      into: number | null
      household: string | null
      shares: boolean
    }>(
      `select m.subscriber_id as id, m.programme_id as programme, m.merged_into as into,
              m.household_id as household, coalesce(h.shares_balance, false) as shares
       from loyalty.member m left join loyalty.household h using (tenant_id, programme_id, household_id)`,
    ),
  )
  for (const id of ids) {
    for (const line of await world.history(id)) {
      expect(line.text).not.toMatch(/[{}]|undefined|^[a-z_]+$/)
      seen.add(line.reason)
    }
    for (const { id: programmeId, currency } of programmes) {
      const own = members.find((one) => one.id === id && one.programme === programmeId)
      const root = own?.into ?? id
      const persons = members.filter(
        (one) => one.programme === programmeId && (one.id === root || one.into === root),
      )
      const accounts = persons.map((one) => memberAccount(programmeId, one.id, currency))
      const { told, held } = await world.toldAndHeld(id, ...accounts)
      expect(`${accounts.join()} ${told}`).toBe(`${accounts.join()} ${held}`)
      const goesOn = persons.find((one) => one.id === root)
      if (goesOn?.household == null || !goesOn.shares) continue
      const shared = accountOf(householdOwner(programmeId, goesOn.household), currency)
      const together = await world.toldAndHeld(id, shared)
      expect(`${shared} ${together.told}`).toBe(`${shared} ${together.held}`)
    }
  }
}

/** Somebody posts by the ledger's API to or from a member's account, and that of the household where there is one. */
async function postDirectly(
  world: LoyaltyWorld,
  subscriberId: number,
  { of, points, isGift }: { of: number; points: number; isGift: boolean },
  key: string,
): Promise<void> {
  const { id, currency } = programmes[of]!
  const { tenantId, database, clock, loyalty } = world
  const liability = programmeAccount({ id, currency }, 'liability')
  const household = await database.tx(tenantId, (tx) => loyalty.members.household(tx, id, 'home'))
  const accounts = [
    memberAccount(id, subscriberId, currency),
    ...(household.length > 0 ? [accountOf(householdOwner(id, 'home'), currency)] : []),
  ]
  await createLedger({ database, clock }).post(
    tenantId,
    accounts.map((account) => ({
      key: `${key} ${account}`,
      kind: 'post',
      debitAccount: isGift ? liability : account,
      creditAccount: isGift ? account : liability,
      amountMinor: BigInt(points),
      currency,
    })),
  )
}

async function happen(world: LoyaltyWorld, ids: number[], one: Deed, i: number): Promise<void> {
  const { tenantId, loyalty } = world
  const key = `deed-${i}`
  const at = (who: number, of = 0) => ({
    tenantId,
    programmeId: programmes[of]!.id,
    subscriberId: ids[who]!,
    key,
  })
  if (['wait', 'redeem', 'migrate', 'decide'].includes(one.do)) await world.run()
  try {
    switch (one.do) {
      case 'buy':
        return await world.append({ ...paid(ids[one.who]!, `${one.order}`, one.amount), id: key })
      case 'return':
        return await world.append({
          subscriberId: ids[one.who]!,
          type: 'order.returned',
          id: key,
          data: { orderId: `${one.order}`, amountMinor: one.amount },
        })
      case 'deliver':
        return await world.append({
          subscriberId: ids[one.who]!,
          type: 'order.delivered',
          id: key,
          data: { orderId: `${one.order}` },
        })
      case 'wait':
        return void world.clock.setMs(world.clock.nowMs() + one.days * DAY)
      case 'redeem':
        return void (await loyalty.rewards.redeem({ ...at(one.who), rewardId: one.reward }))
      case 'settle': {
        const all = { subscriberId: null, rewardId: null, before: null, limit: 1 }
        const state = one.how === 'refund' ? 'done' : 'reserved'
        const [latest] = await loyalty.rewards.redemptions(tenantId, { ...all, state })
        if (!latest) return
        const { redemptionId } = latest
        if (one.how === 'handOut') await loyalty.rewards.handOut(tenantId, redemptionId)
        else if (one.how === 'cancel') await loyalty.rewards.cancel({ tenantId, redemptionId, note: 'x' })
        else await loyalty.rewards.refund({ tenantId, redemptionId, note: 'x', restock: true })
        return
      }
      case 'send': {
        const request = {
          fromId: ids[one.who]!,
          toId: ids[one.to]!,
          points: BigInt(one.points),
          note: null,
          key,
        }
        return void (await loyalty.exchanges.send(tenantId, 'main', request))
      }
      case 'convert': {
        const id = ids[one.who]!
        const { quoteId } = await loyalty.exchanges.quote(tenantId, one.exchange, id, BigInt(one.points))
        return void (await loyalty.exchanges.convert(tenantId, id, quoteId))
      }
      case 'club':
        return void (await loyalty.clubs.join({ ...at(one.who), clubId: 'gold' }))
      case 'correct': {
        const change = BigInt(one.isGift ? one.points : -one.points)
        return void (await loyalty.corrections.correct({
          ...at(one.who, one.of),
          points: change,
          reason: 'x',
          by: 'y',
        }))
      }
      case 'burn':
        return void (await loyalty.burning.burn({
          ...at(one.who, one.of),
          points: BigInt(one.points),
          reason: 'x',
        }))
      case 'post':
        return await postDirectly(world, ids[one.who]!, one, key)
      case 'leave':
      case 'enrol':
        return void (await loyalty.members[one.do](at(one.who, one.of)))
      case 'joinHousehold':
        return void (await loyalty.members.joinHousehold({ ...at(one.who), householdId: 'home' }))
      case 'leaveHousehold':
        return void (await loyalty.members.leaveHousehold(at(one.who)))
      case 'merge':
        return void (await loyalty.members.merge({ ...at(one.who, one.of), from: ids[one.from]! }))
      case 'migrate':
        return void (await loyalty.migrations.runMigration(tenantId, 'over', { dryRun: false }))
      case 'decide': {
        const state = one.decision === 'confirm' ? 'open' : 'confirmed'
        const { cases } = await loyalty.abuse.queue({ tenantId, state, limit: 1 })
        const open =
          one.decision === 'release' && cases.length === 0
            ? (await loyalty.abuse.queue({ tenantId, state: 'open', limit: 1 })).cases
            : cases
        if (open[0])
          await loyalty.abuse.decide({ tenantId, caseId: open[0].caseId, decision: one.decision, by: 'y' })
      }
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
  }
}
