import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { openAccounts, postTransfers } from '../../ledger/index.ts'
import { derivedId } from '../../platform/index.ts'
import { memberAccount, memberOwner, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import type { TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty } from '../members-store.ts'
import type { Programme } from '../programmes.ts'
import { abuseVerdicts, refuseAbuse, type Subject } from './gate.ts'

const DAY_MS = 86_400_000
let stores: TestDatabase
let world: LoyaltyWorld
let given = 0

beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(async () => {
  world = await loyaltyWorld(stores)
  await world.apply(
    programme({ id: 'club', currency: 'stars', enrolment: { on: 'any' } }),
    eventType('visit', { deviceId: 'string', card: 'string' }),
  )
  return () => world.close()
})

const advance = (ms: number): void => world.clock.setMs(world.clock.nowMs() + ms)

const policy = (rest: Record<string, unknown>): object => ({
  kind: 'AbusePolicy',
  id: 'club',
  programme: 'club',
  hold: 50,
  ...rest,
})
const manyToOne = { senders: 3, withinDays: 30, score: 60 }
const account = (id: number): string => memberAccount('club', id, 'stars')

/** Members with points of their own, long enough in the programme to be nobody fresh. */
async function members(count: number, points = 100n, ageDays = 400): Promise<number[]> {
  const names = Array.from({ length: count }, () => `m${++given}`)
  const ids = await world.subscribers(...names)
  const now = world.clock.nowMs()
  await world.append(
    ...ids.map((subscriberId) => ({ subscriberId, type: 'visit', atMs: now - ageDays * DAY_MS })),
  )
  await world.run()
  if (points > 0n) await Promise.all(ids.map((id) => give(id, points)))
  return ids
}

async function give(id: number, amountMinor: bigint): Promise<void> {
  const club = (await world.documents.get<Programme>(world.tenantId, 'Programme', 'club'))!
  await world.tx(async (tx) => {
    lockLoyalty(tx)
    await openAccounts(tx, [
      programmeOpening(club, 'liability'),
      ownerOpening(memberOwner('club', id), 'stars'),
    ])
    const at = world.clock.now()
    const debitAccount = programmeAccount(club, 'liability')
    const lot = { expiresAt: at.add({ hours: 24 * 100 }) }
    const transfer = {
      key: `give-${++given}`,
      kind: 'post' as const,
      debitAccount,
      creditAccount: account(id),
    }
    await postTransfers(tx, [{ ...transfer, amountMinor, currency: 'stars', at, lot }], at)
  })
}

const told = (type: string, subscriberId: number, data: Record<string, unknown>): TakenEvent => {
  const id = `${type} ${++given}`
  const atMs = world.clock.nowMs()
  return {
    eventId: derivedId(LOYALTY_SOURCE, id),
    id,
    source: LOYALTY_SOURCE,
    type,
    atMs,
    subscriberId,
    concerns: typeof data['to'] === 'number' ? [data['to']] : [],
    data: { ...data, programme: 'club' },
    depth: 0,
  }
}

/** Moves points from member to member and tells it, as the exchange does, in one transaction. */
async function send(from: number, to: number, points: bigint): Promise<void> {
  const now = world.clock.now()
  await world.tx(async (tx) => {
    lockLoyalty(tx)
    await openAccounts(tx, [ownerOpening(memberOwner('club', to), 'stars')])
    const [result] = await postTransfers(
      tx,
      [
        {
          key: `send-${++given}`,
          kind: 'post',
          debitAccount: account(from),
          creditAccount: account(to),
          amountMinor: points,
          currency: 'stars',
          at: now,
        },
      ],
      now,
    )
    expect(result?.outcome).toBe('booked')
    const data = { to, pointsMinor: Number(points) }
    await world.loyalty.take(tx, world.tenantId, [told('loyalty.points_transferred', from, data)])
  })
}

const earn = (id: number, points: number): Promise<unknown> =>
  world.tx((tx) =>
    world.loyalty.take(tx, world.tenantId, [told('loyalty.points_earned', id, { pointsMinor: points })]),
  )
const redeem = (id: number, points: number): Promise<unknown> =>
  world.tx((tx) =>
    world.loyalty.take(tx, world.tenantId, [told('loyalty.reward_redeemed', id, { pointsMinor: points })]),
  )
const openCases = async () =>
  (await world.loyalty.abuse.queue({ tenantId: world.tenantId, state: 'open', limit: 50 })).cases
const decide = (caseId: string, decision: 'confirm' | 'release') =>
  world.loyalty.abuse.decide({ tenantId: world.tenantId, caseId, decision, by: 'agent', note: 'seen' })
const held = async (id: number) => {
  const { availableMinor, pendingDebitsMinor } = (await world.account(account(id)))!
  return [availableMinor, pendingDebitsMinor]
}
const may = (id: number, points: bigint, doing: Subject['doing'] = 'redeem') => {
  const subject = { programmeId: 'club', subscriberId: id, doing, points }
  return world.tx<Awaited<ReturnType<typeof abuseVerdicts>>>((tx) =>
    abuseVerdicts(tx, [subject], world.clock.now()),
  )
}

test('the third sender to one member opens a case, and all that came from them is held', async () => {
  await world.apply(policy({ signals: { manyToOne } }))
  const [to, ...from] = (await members(4)) as [number, number, number, number]
  await send(from[0]!, to, 10n)
  await send(from[1]!, to, 20n)
  await send(from[1]!, to, 5n)
  expect(await openCases()).toEqual([])
  await send(from[2]!, to, 30n)
  expect(await openCases()).toMatchObject([
    {
      subscriberId: to,
      level: 'hold',
      score: 60,
      findings: [{ reason: 'many_to_one', saw: { others: 3, days: 30, who: from } }],
    },
  ])
  expect(await held(to)).toEqual([100n, 65n])
  // What comes from them later is held as well, what is earned is not.
  await send(from[0]!, to, 7n)
  await give(to, 3n)
  await earn(to, 3)
  expect(await held(to)).toEqual([103n, 72n])
  expect(await may(to, 50n)).toMatchObject([{ isAllowed: true, level: 'hold' }])
  expect((await world.verify()).ok).toBe(true)
  await world.run()
  expect(await world.logged('loyalty.abuse_suspected')).toHaveLength(1)
})

test('what the exchange and the tills do is seen, and what a case forbids they refuse', async () => {
  const { tenantId, loyalty } = world
  await world.apply(policy({ signals: { manyToOne }, refuse: 60 }), { kind: 'TransferTerms', id: 'club' })
  const [to, ...from] = (await members(4)) as [number, number, number, number]
  const transfer = (fromId: number, toId: number) =>
    loyalty.exchanges.send(tenantId, 'club', { key: `k${++given}`, fromId, toId, points: 10n, note: null })
  const burn = (subscriberId: number) =>
    loyalty.burning.burn({ tenantId, programmeId: 'club', subscriberId, points: 1n, reason: 'till' })
  await transfer(from[0]!, to)
  await transfer(from[1]!, to)
  expect(await burn(to)).toBe(119n)
  await transfer(from[2]!, to)
  expect(await openCases()).toMatchObject([{ subscriberId: to, level: 'refuse' }])
  expect(await held(to)).toEqual([99n, 30n])
  const refused = [() => transfer(to, from[0]!), () => transfer(from[0]!, to), () => burn(to)]
  for (const attempt of refused) await expect(attempt()).rejects.toMatchObject({ code: 'abuse_refused' })
  expect(await held(to)).toEqual([99n, 30n])
})

test('senders of another window, and of a programme without a policy, are nobody’s sign', async () => {
  await world.apply(policy({ signals: { manyToOne } }))
  const [to, ...from] = (await members(4)) as [number, number, number, number]
  await send(from[0]!, to, 10n)
  await send(from[1]!, to, 10n)
  advance(31 * DAY_MS)
  await send(from[2]!, to, 10n)
  expect(await openCases()).toEqual([])
})

test('a released case gives everything back with its expiry, and its reason does not strike again', async () => {
  await world.apply(policy({ signals: { manyToOne }, refuse: 60, exemptForDays: 100 }))
  const [to, ...from] = (await members(5)) as [number, number, number, number, number]
  for (const id of from.slice(0, 3)) await send(id, to, 10n)
  const [found] = await openCases()
  expect(found).toMatchObject({ level: 'refuse' })
  expect(await may(to, 1n)).toMatchObject([{ isAllowed: false, code: 'abuse_refused' }])
  const before = (await world.account(account(to)))!.expiring
  expect(await decide(found!.caseId, 'release')).toMatchObject({
    state: 'released',
    decidedBy: 'agent',
    note: 'seen',
  })
  expect(await held(to)).toEqual([130n, 0n])
  const after = (await world.account(account(to)))!.expiring
  expect(after.map(({ expiresAt }) => expiresAt)).toEqual(before.map(({ expiresAt }) => expiresAt))
  expect(await may(to, 130n)).toEqual([{ isAllowed: true }])
  // Once more the same way, and the same decision again.
  await send(from[3]!, to, 10n)
  expect(await openCases()).toEqual([])
  expect(await decide(found!.caseId, 'release')).toMatchObject({ state: 'released' })
  await expect(decide(found!.caseId, 'confirm')).rejects.toMatchObject({ code: 'abuse_case_conflict' })
  // The exemption has an end.
  advance(101 * DAY_MS)
  await Promise.all(from.map((id) => give(id, 10n)))
  for (const id of from.slice(0, 3)) await send(id, to, 10n)
  expect(await openCases()).toHaveLength(1)
})

test('a confirmed case forfeits what was held and refuses; releasing it afterwards undoes both', async () => {
  await world.apply(policy({ signals: { manyToOne } }))
  const [to, ...from] = (await members(5)) as [number, number, number, number, number]
  for (const id of from.slice(0, 3)) await send(id, to, 10n)
  const [found] = await openCases()
  await decide(found!.caseId, 'confirm')
  expect(await held(to)).toEqual([100n, 0n])
  expect((await world.account('programme:club:breakage:stars'))?.balanceMinor).toBe(30n)
  expect(await may(to, 1n, 'receive')).toMatchObject([{ isAllowed: false, level: 'refuse' }])
  await decide(found!.caseId, 'release')
  expect(await held(to)).toEqual([130n, 0n])
  expect((await world.account('programme:club:breakage:stars'))?.balanceMinor).toBe(0n)
  expect(await may(to, 1n)).toEqual([{ isAllowed: true }])
  expect((await world.verify()).ok).toBe(true)
})

test('only what is still there can be held, and the case says how much that is', async () => {
  await world.apply(policy({ signals: { manyToOne } }))
  const [to, ...from] = (await members(4, 10n)) as [number, number, number, number]
  await send(from[0]!, to, 10n)
  await send(from[1]!, to, 10n)
  await world.spend(to, 25n, 'club')
  await send(from[2]!, to, 10n)
  const [found] = await openCases()
  expect(found!.holds.reduce((sum, { points }) => sum + points, 0n)).toBe(15n)
  expect(await held(to)).toEqual([0n, 15n])
})

test('above the limit’s score a member spends and sends no more a day than the policy lets', async () => {
  const velocity = [{ of: 'redeemed', withinHours: 1, times: 3, score: 70 }]
  await world.apply(policy({ signals: { velocity }, limit: { from: 70, pointsPerDay: '50' } }))
  const [id] = (await members(1)) as [number]
  await redeem(id, 5)
  await redeem(id, 5)
  expect(await may(id, 90n)).toEqual([{ isAllowed: true }])
  await redeem(id, 5)
  expect(await may(id, 35n)).toMatchObject([{ isAllowed: true, leftPoints: 35n }])
  expect(await may(id, 36n)).toMatchObject([{ isAllowed: false, code: 'abuse_limited' }])
  const subject: Subject = { programmeId: 'club', subscriberId: id, doing: 'send', points: 36n }
  await expect(world.tx((tx) => refuseAbuse(tx, [subject], world.clock.now()))).rejects.toMatchObject({
    code: 'abuse_limited',
    details: { expected: 'up to 35' },
  })
  advance(DAY_MS)
  expect(await may(id, 50n)).toMatchObject([{ isAllowed: true }])
})

test('a young account that is given points and earns none is one; one that earns enough is not', async () => {
  const freshReceiver = { youngerThanDays: 14, points: '20', ownBelowPercent: 30, score: 60 }
  await world.apply(policy({ signals: { freshReceiver } }))
  const [old, sender] = (await members(2)) as [number, number]
  const [fresh, busy] = (await members(2, 0n, 2)) as [number, number]
  await earn(busy, 20)
  for (const id of [old, fresh, busy]) await send(sender, id, 20n)
  expect(await openCases()).toMatchObject([
    {
      subscriberId: fresh,
      findings: [{ reason: 'fresh_receiver', saw: { ageDays: 2, given: '20', own: '0' } }],
    },
  ])
  expect(await held(fresh)).toEqual([0n, 20n])
})

test('members who share a device are found; one release clears the device for all of them', async () => {
  const shared = [{ kind: 'device', on: ['visit'], field: 'deviceId', members: 3, withinDays: 30, score: 60 }]
  await world.apply(policy({ signals: { shared } }))
  const ids = await members(4)
  const visit = async (id: number, deviceId: string) => {
    await world.append({ subscriberId: id, type: 'visit', data: { deviceId } })
    await world.run()
  }
  await visit(ids[0]!, 'tablet')
  await visit(ids[0]!, 'tablet')
  await visit(ids[1]!, 'tablet')
  await visit(ids[1]!, 'other')
  expect(await openCases()).toEqual([])
  await visit(ids[2]!, 'tablet')
  const cases = await openCases()
  expect(cases).toMatchObject([{ subscriberId: ids[2], findings: [{ reason: 'shared_device' }] }])
  expect(
    JSON.stringify(cases, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain('tablet')
  // Whoever shares it is found with the next thing that they do.
  await earn(ids[0]!, 5)
  expect(await openCases()).toHaveLength(2)
  await decide(cases[0]!.caseId, 'release')
  await visit(ids[3]!, 'tablet')
  await earn(ids[1]!, 5)
  expect(await openCases()).toMatchObject([{ subscriberId: ids[0] }])
})

test('signs add up, and a case gets worse but never better by itself', async () => {
  const velocity = [{ of: 'sent', withinHours: 24, points: '50', score: 30 }]
  const oneToMany = { recipients: 2, withinDays: 7, score: 40 }
  await world.apply(policy({ signals: { velocity, oneToMany }, refuse: 70 }))
  const [from, ...to] = (await members(3)) as [number, number, number]
  await send(from, to[0]!, 50n)
  expect(await openCases()).toEqual([])
  await send(from, to[1]!, 1n)
  expect(await openCases()).toMatchObject([{ subscriberId: from, score: 70, level: 'refuse' }])
  advance(2 * DAY_MS)
  await earn(from, 1)
  expect(await openCases()).toMatchObject([{ score: 70, level: 'refuse' }])
})

test('a case that nobody decides lapses and gives back; its deeds open no other one', async () => {
  await world.apply(policy({ signals: { manyToOne: { ...manyToOne, withinDays: 90 } }, openForDays: 5 }))
  const [to, ...from] = (await members(4)) as [number, number, number, number]
  for (const id of from) await send(id, to, 10n)
  advance(4 * DAY_MS)
  await world.run()
  expect(await openCases()).toHaveLength(1)
  advance(2 * DAY_MS)
  await world.run()
  expect(await openCases()).toEqual([])
  expect(await held(to)).toEqual([130n, 0n])
  await send(from[0]!, to, 10n)
  expect(await openCases()).toEqual([])
  expect(await world.logged('loyalty.abuse_lapsed')).toHaveLength(1)
})

const merge = (from: number, into: number): Promise<unknown> =>
  world.loyalty.members.merge({ tenantId: world.tenantId, programmeId: 'club', subscriberId: into, from })

test('what was forfeited by a member who is another one now goes back to that one', async () => {
  await world.apply(policy({ signals: { manyToOne } }))
  const [first, second, ...from] = (await members(5)) as [number, number, ...number[]]
  for (const id of from) await send(id, first, 10n)
  const [found] = await openCases()
  await expect(merge(first, second)).rejects.toMatchObject({ code: 'member_merge_conflict' })
  await decide(found!.caseId, 'confirm')
  await merge(first, second)
  expect(await held(second)).toEqual([200n, 0n])
  expect(await may(second, 1n)).toMatchObject([{ isAllowed: false, caseId: found!.caseId }])
  await decide(found!.caseId, 'release')
  expect([await held(first), await held(second)]).toEqual([
    [0n, 0n],
    [230n, 0n],
  ])
  // The reasons of the case strike the one who goes on no more.
  for (const id of from) await send(id, second, 10n)
  expect(await openCases()).toEqual([])
  expect((await world.verify()).ok).toBe(true)
})

test('deeds, instruments and cases of two members who become one are those of one', async () => {
  const velocity = [{ of: 'redeemed', withinHours: 1, times: 3, score: 60 }]
  const shared = [{ kind: 'device', on: ['visit'], field: 'deviceId', members: 2, withinDays: 9, score: 60 }]
  await world.apply(policy({ signals: { velocity, shared } }))
  const [first, second, third] = (await members(3)) as [number, number, number]
  for (const id of [first, first, second]) await redeem(id, 1)
  await merge(first, second)
  await redeem(second, 1)
  const [one] = await openCases()
  expect(one).toMatchObject({ subscriberId: second, findings: [{ saw: { times: 4 } }] })
  for (const id of [third, third, third]) await redeem(id, 1)
  await merge(third, second)
  expect(await openCases()).toMatchObject([{ subscriberId: second }, { subscriberId: second }])
  for (const id of [first, second, third]) {
    await world.append({ subscriberId: id, type: 'visit', data: { deviceId: 'tablet' } })
    await world.run()
  }
  // One person with three numbers is no ring.
  for (const { findings } of await openCases())
    expect(findings).toMatchObject([{ reason: 'velocity_redeemed' }])
})

test('a young account’s case that lapsed is not opened again by what was before', async () => {
  const freshReceiver = { youngerThanDays: 60, points: '20', ownBelowPercent: 30, score: 60 }
  await world.apply(policy({ signals: { freshReceiver }, openForDays: 5 }))
  const [sender] = (await members(1)) as [number]
  const [fresh] = (await members(1, 0n, 2)) as [number]
  await send(sender, fresh, 20n)
  expect(await openCases()).toHaveLength(1)
  advance(6 * DAY_MS)
  await world.run()
  await earn(fresh, 1)
  expect(await openCases()).toEqual([])
  await send(sender, fresh, 20n)
  expect(await openCases()).toHaveLength(1)
})

test('an event that comes late adds to the time in which it happened, not to the present', async () => {
  await world.apply(
    policy({ signals: { velocity: [{ of: 'earned', withinHours: 2, times: 3, score: 60 }] } }),
  )
  const [id] = (await members(1)) as [number]
  const earnAt = (hoursAgo: number): Promise<unknown> => {
    const event = told('loyalty.points_earned', id, { pointsMinor: 1 })
    const atMs = event.atMs - hoursAgo * 3_600_000
    return world.tx((tx) => world.loyalty.take(tx, world.tenantId, [{ ...event, atMs }]))
  }
  await earnAt(0)
  await earnAt(1)
  await earnAt(90)
  expect(await openCases()).toEqual([])
  await earnAt(1)
  expect(await openCases()).toHaveLength(1)
})

test('a policy that holds more than it limits, or names a field nobody declared, is refused', async () => {
  const shared = [{ kind: 'payment', on: ['visit'], field: 'cart', members: 3, withinDays: 30, score: 60 }]
  await expect(world.apply(policy({ signals: { shared } }))).rejects.toThrow('signals.shared.0.field')
  await expect(world.apply(policy({ signals: {}, limit: { from: 40, pointsPerDay: '1' } }))).rejects.toThrow(
    'limit.from',
  )
})
