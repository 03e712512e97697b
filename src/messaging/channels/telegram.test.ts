import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { TelegramServer } from 'telegram-test-api/lib/telegramServer.js'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../test/channel-suite.ts'
import { DomainError, freePort, ManualClock, newId } from '../../platform/index.ts'
import { startTelegramBotApi, type TelegramBotApi } from '../../simulator/providers/index.ts'
import type { InboundAnswer, SubmitOutcome } from '../channel.ts'
import { packChoice, unpackChoice } from './choice-data.ts'
import { telegram } from './telegram.ts'

const WEBHOOK_SECRET = 'the-secret-of-the-bot'
let api: TelegramBotApi
/** What the next simulator is started with beside its misbehaviour. */
let options: Parameters<typeof startTelegramBotApi>[0] = {}
let settings: Record<string, unknown> = {}

const subject: ChannelSubject = {
  kind: telegram,
  receipts: [],
  content: { choices: [{ id: 'data-500', label: '500 МБ' }] },
  address: (index) => String(7_000_000 + index),
  async start(misbehaviour, at) {
    const started = (api = await startTelegramBotApi({ misbehaviour, ...at, ...options }))
    return {
      settings: {
        apiRoot: started.url,
        token: started.token,
        webhookSecret: WEBHOOK_SECRET,
        timeoutMs: 2_000,
        ratePerS: 1_000,
        chatIntervalMs: 0,
        ...settings,
      },
      port: started.port,
      taken: () =>
        started.received.map(
          (each) => unpackChoice(each.reply_markup!.inline_keyboard[0]![0]!.callback_data!)!.messageId,
        ),
      close: () => started.close(),
    }
  },
}

channelSuite('telegram', subject)

afterEach(() => {
  options = {}
  settings = {}
})

async function open(): Promise<ChannelBench> {
  const bench = await ChannelBench.start(subject)
  await expect.poll(() => api.stats.requests).toBeGreaterThan(0)
  return bench
}

const accepted = (outcome: SubmitOutcome | undefined): string =>
  outcome?.outcome === 'accepted' ? outcome.providerMessageId : JSON.stringify(outcome)

describe('a Telegram bot: messages', () => {
  test('a text has its choices and its link as buttons and is known by chat and number', async () => {
    const { messages, submit } = await open()
    const [message] = messages(1)
    const choices = [
      { id: 'data-500', label: '500 МБ' },
      { id: 'no', label: 'Нет' },
    ]
    const outcomes = await submit([{ ...message!, choices, link: 'https://example.org/a' }])
    expect(outcomes).toEqual([{ outcome: 'accepted', providerMessageId: '7000000:1' }])
    expect(api.received).toEqual([
      {
        method: 'sendMessage',
        chat_id: '7000000',
        text: message!.text,
        reply_markup: {
          inline_keyboard: [
            [{ text: '500 МБ', callback_data: packChoice(message!.messageId, 'data-500') }],
            [{ text: 'Нет', callback_data: packChoice(message!.messageId, 'no') }],
            [{ text: 'Open', url: 'https://example.org/a' }],
          ],
        },
      },
    ])
  })

  test('a picture goes with a caption of up to 1024 characters; a longer text goes without it', async () => {
    const { messages, submit } = await open()
    const media = { url: 'https://example.org/a.jpg', contentType: 'image/jpeg' }
    const texts = ['я'.repeat(1_024), 'я'.repeat(1_025), 'я'.repeat(4_096), 'я'.repeat(4_097)]
    const outcomes = await submit(messages(4).map((each, i) => ({ ...each, media, text: texts[i]! })))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted', 'refused'])
    expect(outcomes[3]).toEqual({ outcome: 'refused', reason: 'text_too_long' })
    const shown = Object.fromEntries(api.received.map((each) => [each.chat_id, each]))
    expect(shown['7000000']).toMatchObject({ method: 'sendPhoto', photo: media.url, caption: texts[0] })
    expect(shown['7000001']).toMatchObject({ method: 'sendMessage', text: texts[1] })
    expect(shown['7000002']).toMatchObject({ method: 'sendMessage', text: texts[2] })
  })

  test('a picture that Telegram cannot fetch leaves the text', async () => {
    const { messages, submit } = await open()
    const media = { url: 'https://example.org/gone.jpg', contentType: 'image/jpeg' }
    api.unreachablePhotos.add(media.url)
    const [message] = messages(1)
    expect(accepted((await submit([{ ...message!, media }]))[0])).toBe('7000000:1')
    expect(api.received).toMatchObject([{ method: 'sendMessage', text: message!.text }])
  })

  test('a choice whose id fits into no button is refused unsent', async () => {
    const { messages, submit, peer } = await open()
    const [a, b] = messages(2)
    const outcomes = await submit([
      { ...a!, choices: [{ id: 'x'.repeat(41), label: 'fits' }] },
      { ...b!, choices: [{ id: 'x'.repeat(42), label: 'does not' }] },
    ])
    expect(outcomes).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'refused', reason: 'choice_id_too_long' },
    ])
    expect(peer.taken()).toEqual([a!.messageId])
  })

  test('a blocked bot and an unknown chat are refused and gone', async () => {
    const { messages, submit, gone } = await open()
    api.blocked.add('7000000')
    api.unknown.add('7000001')
    expect(await submit(messages(3))).toMatchObject([
      { outcome: 'refused', reason: 'bot_blocked' },
      { outcome: 'refused', reason: 'chat_not_found' },
      { outcome: 'accepted' },
    ])
    expect(gone.toSorted((a, b) => a.address.localeCompare(b.address))).toMatchObject([
      { address: '7000000', reason: 'bot_blocked' },
      { address: '7000001', reason: 'chat_not_found' },
    ])
  })

  test('a wrong token refuses nobody for good', async () => {
    settings = { token: '42:another' }
    const { messages, submit } = await open()
    expect(await submit(messages(1))).toMatchObject([{ outcome: 'retry', reason: 'token_refused' }])
  })
})

describe('a Telegram bot: pace', () => {
  test('"too many requests" holds everything for exactly as long as Telegram says', async () => {
    options = { misbehaviour: { throttled: 0.5 }, retryAfterS: 1 }
    const bench = await open()
    const [first, second, third] = bench.messages(3)
    expect(await bench.submit([first!])).toMatchObject([{ outcome: 'accepted' }])
    const startedMs = performance.now()
    expect(await bench.submit([second!])).toEqual([
      { outcome: 'retry', afterMs: 1_000, reason: 'rate_limited' },
    ])
    expect(bench.channel.room()).toBe(0)
    expect(await bench.submit([third!])).toMatchObject([{ outcome: 'retry', reason: 'channel_down' }])
    const before = api.stats.requests
    await expect.poll(() => bench.channel.room(), { interval: 10, timeout: 3_000 }).toBeGreaterThan(0)
    expect(performance.now() - startedMs).toBeGreaterThan(990)
    expect(api.stats.requests).toBe(before)
    expect(await bench.submit([second!])).toMatchObject([{ outcome: 'accepted' }])
  })

  test('a chat gets its messages at the pace that Telegram allows, other chats do not wait for it', async () => {
    options = { chatIntervalMs: 150 }
    settings = { chatIntervalMs: 300 }
    const { messages, submit } = await open()
    const batch = messages(8)
    const same = batch.map((each, i) => (i < 4 ? { ...each, address: '7000000' } : each))
    const startedMs = performance.now()
    const others = submit(same.slice(4)).then(() => performance.now() - startedMs)
    const outcomes = await submit(same.slice(0, 4))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'accepted'))
    expect(performance.now() - startedMs).toBeGreaterThan(890)
    expect(await others).toBeLessThan(850)
    expect(api.stats.tooFast).toBe(0)
  })

  test('a chat with too many messages gives the rest back', async () => {
    settings = { chatIntervalMs: 2_000 }
    const bench = await open()
    const same = bench.messages(4).map((each) => ({ ...each, address: '7000000' }))
    const { outcomes } = bench.start(same)
    await expect.poll(() => api.received.length).toBe(1)
    await expect.poll(() => outcomes.get(3), { timeout: 3_000 }).toMatchObject({ reason: 'chat_busy' })
    expect((outcomes.get(3) as { afterMs: number }).afterMs).toBeGreaterThan(3_000)
    // Stopping does not wait for the chat's turn.
    await bench.channel.stop()
    expect(outcomes.size).toBe(4)
    expect(api.received).toHaveLength(1)
  })
})

describe('a Telegram bot: what comes back', () => {
  test('a pressed button names its message and choice, and is answered when it is kept', async () => {
    const { messages, submit, answers, fail } = await open()
    const [message] = messages(1)
    await submit([message!])
    fail(new Error('the database is away'))
    const pressing = api.press(7_000_000, packChoice(message!.messageId, 'data-500'))
    await expect.poll(() => api.stats.requests).toBeGreaterThan(1)
    expect(api.answered).toEqual([])
    fail(undefined)
    await pressing
    expect(answers).toMatchObject([
      { address: '7000000', text: 'data-500', choice: 'data-500', messageId: message!.messageId },
    ])
    await expect.poll(() => api.answered.length).toBe(1)
  })

  test('texts, commands and the parameter of a link come up as words', async () => {
    const { answers } = await open()
    for (const said of ['Да', '/start abc-123', '/start', '/stop@our_bot', '/offer me']) {
      await api.say(7_000_001, said)
    }
    expect(answers.map((each) => each.text)).toEqual(['Да', 'start:abc-123', 'start', 'stop', '/offer me'])
    expect(new Set(answers.map((each) => each.dedupeKey)).size).toBe(5)
    expect(new Set(answers.map((each) => each.address))).toEqual(new Set(['7000001']))
  })

  test('a subscriber who blocks the bot is gone', async () => {
    const { gone, clock } = await open()
    await api.block(7_000_002)
    expect(gone).toEqual([{ address: '7000002', reason: 'bot_blocked', atMs: clock.nowMs() }])
  })

  test('calls without the secret are refused, of groups and unknown kinds left alone', async () => {
    const { take, answers, fail } = await open()
    const body = Buffer.from(
      JSON.stringify({ update_id: 1, message: { chat: { id: 5, type: 'private' }, text: 'yes' } }),
    )
    const call = { method: 'POST', query: {}, body }
    expect(await take({ ...call, headers: {} })).toEqual({ status: 401 })
    const wrong = { 'x-telegram-bot-api-secret-token': 'another' }
    expect(await take({ ...call, headers: wrong })).toEqual({ status: 401 })
    expect(answers).toEqual([])
    const headers = { 'x-telegram-bot-api-secret-token': WEBHOOK_SECRET }
    expect(await take({ ...call, headers })).toEqual({ status: 200 })
    expect(answers).toHaveLength(1)
    const group = { update_id: 2, message: { chat: { id: -5, type: 'group' }, text: 'yes' } }
    for (const other of [group, { update_id: 3, poll: { id: '1' } }]) {
      expect(await take({ ...call, headers, body: Buffer.from(JSON.stringify(other)) })).toEqual({
        status: 200,
      })
    }
    expect(answers).toHaveLength(1)
    expect(await take({ ...call, headers, body: Buffer.from('nonsense') })).toMatchObject({ status: 400 })
    fail(new DomainError('sender_unknown', 'nobody'))
    expect(await take({ ...call, headers })).toEqual({ status: 200 })
  })
})

describe('a Telegram bot: an independent server', () => {
  test('sends to it, and hears from it what its client says', async () => {
    const server = new TelegramServer({ port: await freePort(), host: '127.0.0.1' })
    await server.start()
    onTestFinished(async () => void (await server.stop()))
    let isAnnounced = false
    const setWebhook = server.setWebhook.bind(server)
    server.setWebhook = (...given) => void (setWebhook(...given), (isAnnounced = true))
    const answers: InboundAnswer[] = []
    const webhook = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const { method = '', headers } = request
        const reply = await channel.callback!({ method, headers, query: {}, body: Buffer.concat(chunks) })
        response.writeHead(reply.status).end()
      })
    })
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void (webhook.closeAllConnections(), webhook.close()))
    const { port } = webhook.address() as AddressInfo
    const token = '7:token'
    const parsed = telegram.settings.parse({
      kind: 'Channel',
      id: 'telegram',
      priceMinor: '0',
      token,
      apiRoot: server.config.apiURL,
    })
    const clock = new ManualClock(Date.UTC(2026, 0, 5))
    const channel = telegram.create(parsed, { clock, callbackUrl: `http://127.0.0.1:${port}/` })
    onTestFinished(() => channel.stop())
    await channel.start({
      onReceipts: () => Promise.resolve(),
      onAnswer: async (answer) => void answers.push(answer),
      onAddressGone: () => Promise.resolve(),
    })
    await expect.poll(() => isAnnounced).toBe(true)

    const client = server.getClient(token, { chatId: 77, userId: 77 })
    const messageId = newId()
    const outcome = await new Promise<SubmitOutcome>((resolve) => {
      const choices = [{ id: 'yes', label: 'Да' }]
      const expiresAtMs = clock.nowMs() + 60_000
      const message = { messageId, address: '77', text: 'Привет', choices, reference: 1, expiresAtMs }
      channel.submit([message], (_, each) => resolve(each))
    })
    expect(outcome).toMatchObject({
      outcome: 'accepted',
      providerMessageId: expect.stringMatching(/^77:\d+$/),
    })
    const { result } = await client.getUpdates()
    const { text, reply_markup: markup } = result[0]!.message
    expect(text).toBe('Привет')
    await client.sendCallback(client.makeCallbackQuery(markup.inline_keyboard[0][0].callback_data))
    await client.sendMessage(client.makeMessage('/start ref-9'))
    await expect.poll(() => answers.length).toBe(2)
    expect(answers).toMatchObject([
      { address: '77', messageId, choice: 'yes' },
      { address: '77', text: 'start:ref-9' },
    ])
  })
})
