import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, same } from '../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { eventTypeKind } from '../events/index.ts'
import { loyaltyDocuments } from '../loyalty/index.ts'
import { createMessaging, type Messaging, messagingDocuments, messagingRoutes } from '../messaging/index.ts'
import { createOperator } from '../operator/index.ts'
import { createHttp, Documents, freePort, type FastifyInstance, Loop, newId } from '../platform/index.ts'
import { attributesKind } from '../profiles/index.ts'
import { startTelegramBotApi, type TelegramBotApi } from '../simulator/providers/index.ts'
import { createCampaigns } from './service.ts'

const CHAT = 7_000_001
const button = (id: string, label: string): object => ({ id, label: same(label) })
const chatText = (id: string, text: string, ...choices: object[]): object => {
  return { kind: 'Template', id, channel: 'telegram', text: same(text), missing: 'default', choices }
}
const chat = { choose: 'choose', question: 'question', result: 'result', noRound: 'no-round' }
const once = { free: { period: 'day', rounds: 1 }, chat }
const option = (n: number): object =>
  button(
    `play:{{ game }}:{{ step }}:${n}`,
    `{% if options[${n - 1}] %}{{ options[${n - 1}].text.en }}{% endif %}`,
  )
const configuration: object[] = [
  eventType('topup', { amount: 'integer' }),
  { kind: 'EarnRule', id: 'any', on: 'topup', points: { fixed: '1' } },
  chatText(
    'choose',
    '{{ name.en }}: {{ seedHash }}',
    ...[1, 2, 3].map((n) => button(`play:{{ game }}:{{ step }}:${n}`, `${n}`)),
  ),
  chatText('question', '{{ number }}/{{ of }} {{ text.en }}', option(1), option(2), option(3)),
  {
    ...chatText('result', '{{ turn }} {{ prizeName.en }}{{ correct }} {{ serverSeed }}'),
    variables: {
      turn: { type: 'string' },
      prizeName: { type: 'object', required: false },
      correct: { type: 'integer', required: false },
      serverSeed: { type: 'string' },
    },
  },
  chatText('no-round', '{{ turn }}'),
  chatText(
    'doors',
    'Doors {{ seedHash }}',
    ...[1, 2, 3].map((n) => button(`play:{{ game }}:{{ step }}:${n}`, `${n}`)),
  ),
  {
    kind: 'Wheel',
    id: 'fortune',
    name: same('Fortune'),
    ...once,
    prizes: [
      { id: 'ten', name: same('Ten'), weight: 1, reward: { points: '10' } },
      { id: 'five', name: same('Five'), weight: 1, reward: { points: '5' } },
    ],
  },
  {
    kind: 'Quiz',
    id: 'brains',
    name: same('Brains'),
    ...once,
    perRound: 2,
    questions: [
      {
        id: 'sum',
        text: same('2 + 2?'),
        options: [
          { id: 'four', text: same('4') },
          { id: 'five', text: same('5') },
        ],
        answer: 'four',
      },
      {
        id: 'sea',
        text: same('Which is a sea?'),
        options: [
          { id: 'volga', text: same('Volga') },
          { id: 'kara', text: same('Kara') },
          { id: 'ural', text: same('Ural') },
        ],
        answer: 'kara',
      },
    ],
    rewards: [{ correct: 2, reward: { points: '20' } }],
  },
  {
    kind: 'BotGame',
    id: 'doors',
    name: same('Doors'),
    ...once,
    chat: { ...chat, choose: 'doors' },
    reward: { points: '9' },
  },
]

let stores: TestDatabase
let world: LoyaltyWorld
let bot: TelegramBotApi
let http: FastifyInstance
let messaging: Messaging
let loop: Loop
let ann: number
const errors: unknown[] = []
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  stores = await testDatabase()
})
beforeEach(async () => {
  world = await loyaltyWorld(stores)
  bot = await startTelegramBotApi()
  http = createHttp((error) => errors.push(error))
  const port = await freePort()
  const { clock, database, tenantId, profiles } = world
  const kinds = [eventTypeKind, attributesKind, ...loyaltyDocuments, ...messagingDocuments]
  const documents = new Documents(database, kinds)
  const base = { database, clock, documents }
  loop = new Loop(clock, (_stage, error) => errors.push(error))
  messaging = createMessaging({
    ...base,
    profiles,
    publicUrl: `http://127.0.0.1:${port}`,
    wake: (id, stage) => loop.wake(id, stage),
    onError: (error) => errors.push(error),
  })
  messagingRoutes(http, messaging, database, clock)
  await http.listen({ host: '127.0.0.1', port })
  const settings = {
    token: bot.token,
    apiRoot: bot.url,
    chatIntervalMs: 0,
    callbackSecret: 'a secret of the bot',
  }
  const channel = { kind: 'Channel', id: 'telegram', priceMinor: '0', ...settings }
  const results = await documents.apply(tenantId, [channel, ...configuration])
  assert.deepEqual(
    results.flatMap(({ problems = [] }) => problems),
    [],
  )
  // What loyalty has read before is read anew.
  world.kill()
  const operator = createOperator({ ...base, accountsOf: async () => new Map(), onFinished: () => undefined })
  const campaigns = createCampaigns({
    ...base,
    operator,
    messaging,
    loyalty: world.loyalty,
    profiles,
    wakeOperator: () => undefined,
    wakeJourneys: (id) => loop.wake(id, 'journeys'),
  })
  await profiles.upsertSubscribers(tenantId, [
    { identities: { external: 'ann', telegram: String(CHAT) }, consents: { '*': true } },
  ])
  ann = (await world.subscribers('ann'))[0]!
  loop.addTenant(tenantId, [...campaigns.stages, messaging.stage])
  await messaging.gateways.channelsOf(tenantId)
  await vi.waitUntil(() => bot.stats.webhook, { timeout: 5_000 })
  await world.append({ subscriberId: ann, type: 'topup', data: { amount: 1 } })
  await world.run()
  ends.push(async () => {
    await http.close()
    await loop.stop()
    await messaging.stop()
    await operator.close()
    await bot.close()
    await world.close()
  })
})
afterAll(async () => {
  for (const end of ends) await end()
  await stores.close()
  assert.deepEqual(errors, [])
})

/** What the chat shows last: words, and what its buttons say when they are pressed. */
const shown = (): { text: string; buttons: { text: string; data: string }[] } => {
  const { text, reply_markup: markup } = bot.received.at(-1)!
  const rows = markup?.inline_keyboard ?? []
  return {
    text: text!,
    buttons: rows.flat().map((one) => ({ text: one.text, data: one.callback_data! })),
  }
}
/** The subscriber presses a button; the loop runs until nothing is left. */
const press = async (data: string): Promise<void> => {
  await bot.press(CHAT, data)
  await loop.drain()
  await expect.poll(() => loop.drain().then(() => bot.answered.length), { timeout: 5_000 }).toBeGreaterThan(0)
}
const say = async (text: string): Promise<void> => {
  const before = bot.received.length
  await bot.say(CHAT, text)
  await loop.drain()
  await expect.poll(() => bot.received.length).toBe(before + 1)
}
/** Presses a button and waits for what is said to it. */
const pressData = async (data: string): Promise<void> => {
  const before = bot.received.length
  await press(data)
  await expect.poll(() => bot.received.length).toBe(before + 1)
}
const pressShown = (text: string): Promise<void> =>
  pressData(shown().buttons.find((one) => one.text === text)!.data)
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const points = async (): Promise<bigint> => (await world.balances(ann))['points']!

test('a wheel: the hash first, a number of one’s own, then the prize with the seed; pressed twice it turns once', async () => {
  await say('play:fortune')
  const { text, buttons } = shown()
  const hash = text.split(': ')[1]!
  expect(text).toMatch(/^Fortune: [0-9a-f]{64}$/)
  expect(buttons.map((one) => one.text)).toEqual(['1', '2', '3'])
  await pressShown('3')
  const [turn, prize, seed] = shown().text.split(' ')
  expect(turn).toBe('won')
  expect(hashOf(seed!)).toBe(hash)
  const won = { Ten: 11n, Five: 6n }[prize!]
  expect(await points()).toBe(won)
  for (const { data } of buttons) {
    await pressData(data)
    expect(shown().text).toBe('past_round')
  }
  expect(await points()).toBe(won)
  const [round] = await world.loyalty.play.rounds(world.tenantId, ann)
  expect(round).toMatchObject({ clientSeed: '3', serverSeed: seed, isVerified: true })
  await say('play:fortune')
  expect(shown().text).toBe('no_right')
})

test('a quiz: questions come one after the other with their own options, old buttons change nothing', async () => {
  await say('play:brains')
  const first = shown()
  await pressShown('2')
  for (let n = 1; n <= 2; n++) {
    expect(shown().text.startsWith(`${n}/2 `)).toBe(true)
    const isSum = shown().text.includes('2 + 2?')
    expect(
      shown()
        .buttons.map((one) => one.text)
        .toSorted(),
    ).toEqual(isSum ? ['4', '5'] : ['Kara', 'Ural', 'Volga'])
    const { buttons } = shown()
    await pressShown(isSum ? '4' : 'Kara')
    if (n === 2) break
    const sent = bot.received.length
    for (const { data } of [...buttons, ...first.buttons]) await press(data)
    expect(bot.received.length).toBe(sent)
  }
  const [turn, correct, seed] = shown().text.split(' ')
  expect([turn, correct]).toEqual(['finished', '2'])
  expect(hashOf(seed!)).toBe(first.text.split(': ')[1])
  expect(await points()).toBe(21n)
  await pressData(first.buttons[0]!.data)
  expect(shown().text).toBe('past_round')
})

test('doors: what is behind them was fixed before, and is shown with its seed', async () => {
  await say('play:doors')
  const hash = shown().text.split(' ')[1]
  await pressShown('2')
  const [turn, seed] = shown().text.split(/ +/)
  expect(hashOf(seed!)).toBe(hash)
  const won = turn === 'won' ? 10n : 1n
  expect(await points()).toBe(won)
  const messages = await world.tx<{ purpose: string; campaign: string }[]>((tx) =>
    tx.query(`select r.campaign_id as campaign from messaging.cascade_run r`),
  )
  expect(messages).toEqual([{ campaign: 'play' }, { campaign: 'play' }])
  const handled = await world.tx<{ as: string }[]>((tx) =>
    tx.query('select handled_as as "as" from messaging.answer'),
  )
  expect(handled).toEqual([{ as: 'played' }, { as: 'played' }])
})

test('two games that are played in chats do not share an id, because a button says no more', async () => {
  const documents = new Documents(world.database, [...loyaltyDocuments, ...messagingDocuments])
  const quiz = configuration.find((one) => (one as { kind: string }).kind === 'Quiz')!
  const applied = await documents.apply(world.tenantId, [{ ...quiz, id: 'fortune' }], { dryRun: true })
  expect(applied).toMatchObject([{ outcome: 'refused', problems: [{ field: 'id', found: 'fortune' }] }])
  const { chat: _chat, ...quiet } = quiz as { chat: object }
  const silent = await documents.apply(world.tenantId, [{ ...quiet, id: 'fortune' }], { dryRun: true })
  expect(silent).toMatchObject([{ outcome: 'created' }])
})

test('moves of many members are asked for together, and each is answered by itself', async () => {
  const { tenantId } = world
  const names = Array.from({ length: 12 }, (_, i) => `friend-${i}`)
  const ids = await world.subscribers(...names)
  await world.append(...ids.map((subscriberId) => ({ subscriberId, type: 'topup', data: { amount: 1 } })))
  await world.run()
  const [stranger] = (await world.subscribers('stranger')) as [number]
  const play = (
    subscribers: number[],
    choiceOf: (subscriberId: number, game: string) => string | undefined,
  ) => {
    const answers = subscribers.flatMap((subscriberId) =>
      ['fortune', 'brains', 'doors'].flatMap((game) => {
        const choice = choiceOf(subscriberId, game)
        if (choice === undefined) return []
        return {
          answerId: newId(),
          subscriberId,
          channel: 'telegram',
          text: '',
          choice,
          at: world.clock.now(),
        }
      }),
    )
    return world.tx<{ said: Map<string, Record<string, unknown>>; statements: number }>(async (tx) => {
      let statements = 0
      const counting = {
        ...tx,
        query: <T>(...call: Parameters<typeof tx.query>) => {
          statements++
          return tx.query<T>(...call)
        },
      }
      const replies = await world.loyalty.play.takeAnswers(counting as typeof tx, tenantId, answers)
      const said = answers.map(({ answerId, subscriberId, choice }): [string, Record<string, unknown>] => [
        `${subscriberId} ${choice.split(':')[1]}`,
        replies.get(answerId)!.variables,
      ])
      return { said: new Map(said), statements }
    })
  }
  const [one, ...others] = ids as [number, ...number[]]
  const begin = (_: number, game: string) => `play:${game}`
  const first = [await play([one], begin), await play([...others, stranger], begin)]
  const steps = new Map(first.flatMap(({ said }) => [...said]))
  const turns = (subscriberId: number, told = steps) =>
    ['fortune', 'brains', 'doors'].map((game) => told.get(`${subscriberId} ${game}`)!['turn'])
  for (const id of ids) expect(turns(id)).toEqual(['choose', 'choose', 'choose'])
  expect(turns(stranger)).toEqual(['not_open', 'not_open', 'not_open'])
  const press = (id: number, game: string) => `play:${game}:${String(steps.get(`${id} ${game}`)!['step'])}:2`
  const second = [await play([one], press), await play(others, press)]
  const outcomes = new Map(second.flatMap(({ said }) => [...said]))
  for (const id of ids) {
    expect(turns(id, outcomes)).toEqual(['won', 'question', expect.stringMatching(/won|lost/)])
    const prize = BigInt({ ten: 10, five: 5 }[String(outcomes.get(`${id} fortune`)!['prize'])]!)
    const door = turns(id, outcomes)[2] === 'won' ? 9n : 0n
    expect(await world.balances(id)).toEqual({ points: 1n + prize + door })
  }
  expect(first[1]!.statements).toBe(first[0]!.statements)
  expect(second[1]!.statements).toBe(second[0]!.statements)
})
