import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../../test/loyalty-http.ts'
import { eventType, type LoyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { tryAnswer } from '../rehearsal-contract.ts'

const { openWorld } = loyaltyWorlds()

const DAY = 86_400_000
const start = Date.parse('2026-03-01T12:00:00Z')
const quest = {
  kind: 'Quest',
  id: 'q',
  name: same('Q'),
  steps: [
    { id: 'often', name: same('often'), on: 'visit', reach: '3' },
    { id: 'far', name: same('far'), on: 'visit', where: 'event.shop == "c"' },
  ],
  deadline: { days: 4 },
  times: 2,
  reward: { points: '70' },
}
const achievement = {
  kind: 'Achievement',
  id: 'a',
  name: same('A'),
  on: 'visit',
  distinct: 'event.shop',
  levels: [
    { at: '2', name: same('2'), reward: { points: '3' } },
    { at: '3', name: same('3'), reward: { points: '5' } },
  ],
}
const streak = {
  kind: 'Streak',
  id: 's',
  name: same('S'),
  on: 'visit',
  every: 'day',
  milestones: [{ at: 2, reward: { points: '11' } }],
}
const documents = [quest, achievement, streak]

async function newWorld(...saved: object[]): Promise<LoyaltyWorld> {
  const world = await openWorld({ startMs: start })
  await world.apply(
    eventType('visit', { shop: 'string' }),
    programme({ id: 'main', currency: 'points', enrolment: { on: 'any' } }),
    { kind: 'PointCost', id: 'main', currency: 'RUB', perPoint: '0.5' },
    ...saved,
  )
  return world
}

const visits = fc.array(
  fc.record({ who: fc.nat({ max: 5 }), day: fc.nat({ max: 9 }), shop: fc.constantFrom('a', 'b', 'c') }),
  { minLength: 1, maxLength: 60 },
)

test('a trial gives what the documents have really given to each member, and stores nothing', async () => {
  await fc.assert(
    fc.asyncProperty(visits, async (all) => {
      const world = await newWorld(...documents)
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const ids = await world.subscribers(...names)
      const inOrder = all.toSorted((one, other) => one.day - other.day)
      await world.append(
        ...inOrder.map(({ who, day, shop }) => ({
          subscriberId: ids[who]!,
          type: 'visit',
          data: { shop },
          atMs: start + day * DAY,
        })),
      )
      await world.run()
      const real = await Promise.all(ids.map(async (id) => (await world.balances(id))['points'] ?? 0n))
      const given = new Map<number, bigint>()
      for (const document of documents) {
        const answer = await world.loyalty.play.tryOut({ tenantId: world.tenantId, document })
        let total = 0n
        for (const { subscriberId, points } of answer.winners) {
          given.set(subscriberId, (given.get(subscriberId) ?? 0n) + BigInt(points))
          total += BigInt(points)
        }
        expect(answer.points).toBe(total.toString())
        expect(answer.cost).toEqual({ amountMinor: (total * 50n).toString(), currency: 'RUB', decimals: 2 })
      }
      expect(ids.map((id) => given.get(id) ?? 0n)).toEqual(real)
      expect(await Promise.all(ids.map(async (id) => (await world.balances(id))['points'] ?? 0n))).toEqual(
        real,
      )
    }),
    { numRuns: 12 },
  )
})

test('what is not saved yet is tried as if it had always been there, within a span, with what decided', async () => {
  const world = await newWorld()
  const http: LoyaltyHttp = await loyaltyHttp(world)
  const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  const visit = (subscriberId: number, day: number, shop: string) => ({
    subscriberId,
    type: 'visit',
    data: { shop },
    atMs: start + day * DAY,
  })
  await world.append(visit(ann, 0, 'a'), visit(ann, 1, 'c'), visit(bob, 1, 'c'), visit(ann, 2, 'a'))
  const ask = (body: object, role: 'admin' | 'read' = 'read') =>
    http.ask('POST', '/v1/loyalty/play/try', body, role)
  const next = { ...quest, join: 'by_hand', validFrom: '2030-01-01T00:00:00Z' }
  const answer = tryAnswer.parse((await ask({ document: next })).body)
  expect(answer).toMatchObject({
    events: 4,
    seen: 4,
    awards: 1,
    points: '70',
    subscribers: 1,
    winners: [{ subscriberId: ann, points: '70', awards: 1 }],
    months: [{ month: '2026-03', points: '70', awards: 1 }],
    reasons: { quest_completed: 1, quest_step_advanced: 3, quest_step_done: 3 },
  })
  expect(answer.sample).toContainEqual(
    expect.objectContaining({
      subscriberId: ann,
      reason: 'quest_completed',
      points: '70',
      saw: { run: 1, times: 1 },
    }),
  )
  const from = new Date(start + DAY).toISOString()
  expect((await ask({ document: next, from })).body).toMatchObject({ seen: 3, awards: 0 })
  expect(
    await ask({ document: { ...quest, steps: [{ ...quest.steps[0], where: 'event.no > 1' }] } }),
  ).toMatchObject({
    status: 422,
    body: { code: 'play_document_invalid', field: 'document.steps.0.where' },
  })
  expect(await ask({ document: { ...quest, steps: [] } })).toMatchObject({
    status: 422,
    body: { code: 'play_document_invalid', field: 'document.steps' },
  })
  await http.close()
})
