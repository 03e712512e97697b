import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../../test/loyalty-http.ts'
import { eventType, type LoyaltyWorld, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { referralCodeOf } from '../members.ts'
import { referralOperations } from '../referrals/contract.ts'
import { playOperations } from './contract.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: LoyaltyHttp
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  http = await loyaltyHttp(world)
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
    { kind: 'Achievement', id: 'a', name: same('A'), on: 'visit', levels: [{ at: '1', name: same('1') }] },
    { kind: 'Streak', id: 's', name: same('S'), on: 'visit', every: 'day' },
    { kind: 'Badge', id: 'b', name: same('B') },
    {
      kind: 'Quiz',
      id: 'z',
      name: same('Z'),
      free: { period: 'ever', rounds: 1 },
      questions: [
        {
          id: 'one',
          text: same('?'),
          options: [
            { id: 'yes', text: same('yes') },
            { id: 'no', text: same('no') },
          ],
          answer: 'yes',
        },
      ],
      perRound: 1,
      rewards: [{ correct: 1, reward: { points: '7', badge: 'b' } }],
    },
    { kind: 'Leaderboard', id: 'l', name: same('L'), on: 'visit', sum: 'event.n' },
    {
      kind: 'Wheel',
      id: 'w',
      name: same('W'),
      free: { period: 'day', rounds: 1 },
      price: '5',
      prizes: [
        { id: 'a', name: same('A'), weight: 1 },
        { id: 'b', name: same('B'), weight: 2, reward: { points: '3' } },
      ],
    },
    {
      kind: 'Referral',
      id: 'r',
      name: same('R'),
      link: 'https://t.me/bot?start={code}',
      rewards: [{ id: 'x', name: same('X'), when: { on: 'visit' }, referrer: { points: '1' } }],
    },
  )
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const call: LoyaltyHttp['ask'] = (...asked) => http.ask(...asked)

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
    body: {
      serverSeed: null,
      odds: [
        { id: 'a', weight: 1 },
        { id: 'b', weight: 2 },
      ],
    },
  })
  expect(await call('GET', '/v1/loyalty/games/Wheel/w/rounds')).toMatchObject({
    body: {
      rounds: [
        { roundId: again.body['roundId'], state: 'committed', subscriberId: ann, serverSeed: null },
        { roundId, state: 'finished', subscriberId: ann, outcome: { drawn: prize } },
      ],
    },
  })
  expect(await call('GET', '/v1/loyalty/games/Quiz/w/rounds')).toMatchObject({ body: { rounds: [] } })

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
  await world.append({ subscriberId: bob, type: 'visit', data: { n: 1 } })
  await world.run()
  expect(await call('GET', '/v1/referrals/rewards')).toMatchObject({
    body: { rewards: [{ beneficiaryId: ann, what: { points: '1' }, state: 'granted' }] },
  })
  const picture = await call('GET', `/v1/members/${ann}/referrals/r/qr.svg`)
  expect([picture.status, picture.body]).toEqual([200, expect.stringContaining('<svg')])
})

test('a quiz is played, its reward buys a spin, and every route has answered as it is described', async () => {
  const [eve] = (await world.subscribers('eve')) as [number]
  await world.append({ subscriberId: eve, type: 'visit', data: { n: 1 } })
  await world.run()
  const committed = await call('POST', `/v1/members/${eve}/games/Quiz/z/commitment`)
  const round = `/v1/members/${eve}/rounds/${committed.body.roundId}`
  expect(await call('POST', `${round}/start`, { clientSeed: 'mine' })).toMatchObject({
    body: { questions: 1 },
  })
  expect(await call('POST', `${round}/question`)).toMatchObject({
    body: { state: 'open', question: { number: 1, of: 1, question: 'one' } },
  })
  expect(await call('POST', `${round}/answers`, { question: 'one', option: 'yes' })).toMatchObject({
    body: { isInTime: true, isLast: true },
  })
  expect(await call('POST', `${round}/question`)).toMatchObject({ body: { state: 'finished', correct: 1 } })
  expect(await call('GET', `/v1/members/${eve}/play`)).toMatchObject({
    body: {
      badges: [{ id: 'b' }],
      achievements: [{ level: 1, nextAt: null }],
      streaks: [{ isKeptNow: true }],
    },
  })
  const rights = `/v1/members/${eve}/games/Wheel/w/rights`
  expect(await call('POST', rights, { idempotencyKey: '1' })).toMatchObject({ status: 200 })
  expect(await call('GET', `/v1/members/${eve}/games`)).toMatchObject({
    body: {
      games: [
        { id: 'w', rounds: 2, price: '5' },
        { id: 'z', rounds: 0, price: null },
      ],
    },
  })
  expect(await call('GET', `/v1/members/${eve}/rounds`)).toMatchObject({
    body: { rounds: [{ game: 'z', isVerified: true }] },
  })
  const document = { kind: 'Streak', id: 't', name: same('T'), on: 'visit', every: 'day' }
  expect(await call('POST', '/v1/loyalty/play/try', { document })).toMatchObject({
    body: { seen: 4, awards: 0 },
  })
  expect(await call('GET', '/v1/leaderboards/l')).toMatchObject({ body: { members: 3, me: null } })
  const operations = { ...playOperations, ...referralOperations }
  const silent = Object.entries(operations).filter(([, operation]) => !http.answered.has(operation))
  expect(silent.map(([name]) => name)).toEqual([])
})
