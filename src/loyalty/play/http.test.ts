import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { guard } from '../../access/index.ts'
import { createHttp, type FastifyInstance } from '../../platform/index.ts'
import { referralCodeOf } from '../members.ts'
import { referralRoutes } from '../referrals/http.ts'
import { gameRoutes, playRoutes } from './http.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: FastifyInstance
let key: string
const bugs: unknown[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  http = createHttp((error) => bugs.push(error))
  guard(http, world.access)
  playRoutes(http, world.loyalty.play)
  gameRoutes(http, world.loyalty.play, world.access)
  referralRoutes(http, world.loyalty.referrals)
  key = (await world.access.createKey(world.tenantId, { name: 'k', role: 'admin' })).apiKey
  await world.apply(
    eventType('visit', { n: 'integer' }),
    { kind: 'Programme', id: 'main', name: same('M'), currency: 'points', enrolment: { on: 'any' } },
    {
      kind: 'Quest',
      id: 'q',
      name: same('Q'),
      join: 'by_hand',
      steps: [{ id: 's', name: same('S'), on: 'visit' }],
    },
    { kind: 'Leaderboard', id: 'l', name: same('L'), on: 'visit', sum: 'event.n' },
    {
      kind: 'Wheel',
      id: 'w',
      name: same('W'),
      free: { period: 'day', rounds: 1 },
      prizes: [
        { id: 'a', name: same('A'), weight: 1 },
        { id: 'b', name: same('B'), weight: 2, reward: { points: '3' } },
      ],
    },
    {
      kind: 'Referral',
      id: 'r',
      name: same('R'),
      rewards: [{ id: 'x', name: same('X'), when: { on: 'visit' }, referee: { points: '1' } }],
    },
  )
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

type Answer = { status: number; body: Record<string, never> & Record<string, unknown> }
const call = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object): Promise<Answer> => {
  const headers = { authorization: `Bearer ${key}` }
  const answer = await http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.body === '' ? {} : JSON.parse(answer.body) }
}

test('a member plays, is seen and checks it; what is wrong is said with its code', async () => {
  const [ann, bob] = (await world.subscribers('ann', 'bob')) as [number, number]
  await world.append(
    { subscriberId: ann, type: 'visit', data: { n: 5 } },
    { subscriberId: bob, type: 'visit', data: { n: 7 } },
  )
  await world.run()
  expect(await call('POST', `/v1/members/${ann}/quests/q/join`)).toMatchObject({
    status: 200,
    body: { run: 1 },
  })
  expect(await call('POST', `/v1/members/${ann}/quests/q/join`)).toMatchObject({ status: 409 })
  expect(await call('POST', `/v1/members/${ann}/quests/none/join`)).toMatchObject({ status: 404 })
  expect(await call('GET', `/v1/members/${ann}/play`)).toMatchObject({
    status: 200,
    body: { quests: [{ id: 'q', state: 'open', steps: [{ amount: '0', reach: '1' }] }] },
  })
  expect(await call('PUT', `/v1/members/${bob}/player`, { displayName: '+7 999 123-45-67' })).toMatchObject({
    status: 422,
    body: { code: 'display_name_invalid', field: 'displayName' },
  })
  expect(await call('PUT', `/v1/members/${bob}/player`, { displayName: 'Боб' })).toMatchObject({
    status: 204,
  })
  const board = await call('GET', `/v1/members/${ann}/leaderboards/l`)
  expect(board.body).toMatchObject({
    members: 2,
    top: [{ rank: 1, name: 'Боб', score: '7' }, { isMe: true }],
    me: { rank: 2 },
  })
  expect(JSON.stringify(board.body)).not.toContain('subscriber')

  const committed = await call('POST', `/v1/members/${ann}/games/Wheel/w/commitment`)
  const roundId = String(committed.body['roundId'])
  const spun = await call('POST', `/v1/members/${ann}/rounds/${roundId}/spin`, { clientSeed: 'mine' })
  expect(spun).toMatchObject({ status: 200, body: { seedHash: committed.body['seedHash'] } })
  const again = await call('POST', `/v1/members/${ann}/games/Wheel/w/commitment`)
  expect(
    await call('POST', `/v1/members/${ann}/rounds/${String(again.body['roundId'])}/spin`, {
      clientSeed: 'x',
    }),
  ).toMatchObject({ status: 422, body: { code: 'play_right_missing' } })
  const { serverSeed, prize } = spun.body as unknown as { serverSeed: string; prize: string }
  const checked = await call('POST', '/v1/rounds/verify', {
    serverSeed,
    clientSeed: 'mine',
    roundId,
    weights: [1, 2],
  })
  expect(checked.body).toMatchObject({ seedHash: committed.body['seedHash'], item: prize === 'a' ? 0 : 1 })
  expect(await call('GET', `/v1/rounds/${roundId}`)).toMatchObject({ body: { isVerified: true, serverSeed } })
  expect(await call('GET', `/v1/rounds/${String(again.body['roundId'])}`)).toMatchObject({
    body: { serverSeed: null },
  })

  const asked = { referral: 'r', code: referralCodeOf('main', ann), idempotencyKey: '1' }
  expect(await call('POST', `/v1/members/${bob}/referrals`, asked)).toMatchObject({
    body: { reason: 'referral_linked' },
  })
  expect(await call('POST', `/v1/members/${ann}/referrals`, asked)).toMatchObject({
    body: { reason: 'self_referral' },
  })
  expect(await call('GET', '/v1/referrals/refusals')).toMatchObject({
    body: { refusals: [{ reason: 'self_referral' }] },
  })
  await world.run()
  expect(await call('GET', `/v1/members/${ann}/referrals`)).toMatchObject({
    body: { code: referralCodeOf('main', ann), brought: [{ refereeId: bob }] },
  })
  expect(bugs).toEqual([])
})
