import { afterEach, describe, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { newId } from '../../../platform/index.ts'
import { type RbmPlatform, startRbm } from '../../../simulator/providers/index.ts'
import { packChoice } from '../choice-data.ts'
import { rcs } from './index.ts'

let rbm: RbmPlatform
let options: Parameters<typeof startRbm>[0] = {}
let settings: Record<string, unknown> = {}

const subject: ChannelSubject = {
  kind: rcs,
  receipts: ['delivered', 'seen'],
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  async start(misbehaviour, at) {
    const started = (rbm = await startRbm({ misbehaviour, ...at, ...options }))
    const { url, agentId, clientToken, serviceAccount } = started
    return {
      settings: { url, agentId, clientToken, serviceAccount, timeoutMs: 2_000, ...settings },
      port: started.port,
      taken: () => started.received.map((message) => message.messageId),
      close: () => started.close(),
    }
  },
  forge: (call) => ({
    ...call,
    headers: { ...call.headers, 'x-goog-signature': Buffer.alloc(64).toString('base64') },
  }),
}

channelSuite('rcs', {
  ...subject,
  answers: true,
  start(misbehaviour, at) {
    options = { answer: 'Да' }
    return subject.start(misbehaviour, at)
  },
})

afterEach(() => {
  options = {}
  settings = {}
})

const open = (): Promise<ChannelBench> => ChannelBench.start(subject)

const phone = '+79990000000'
const media = { url: 'https://example.org/a.jpg', contentType: 'image/jpeg' }
const link = 'https://example.org/a'
const choices = [
  { id: 'yes', label: 'Да' },
  { id: 'no', label: 'Очень длинный отказ, длиннее двадцати пяти' },
]

describe('RCS: messages', () => {
  test('a card with picture, replies and a link, with the time it has to live', async () => {
    const { messages, submit } = await open()
    const [message] = messages(1)
    const outcomes = await submit([{ ...message!, subject: 'Ещё?', media, choices, link }])
    const { messageId, text } = message!
    expect(outcomes).toEqual([{ outcome: 'accepted', providerMessageId: messageId }])
    expect(rbm.received).toEqual([
      {
        phone,
        messageId,
        ttl: '3600s',
        messageTrafficType: 'PROMOTION',
        contentMessage: {
          richCard: {
            standaloneCard: {
              cardOrientation: 'VERTICAL',
              cardContent: {
                title: 'Ещё?',
                description: text,
                media: { height: 'MEDIUM', contentInfo: { fileUrl: media.url, forceRefresh: false } },
              },
            },
          },
          suggestions: [
            { reply: { text: 'Да', postbackData: packChoice(messageId, 'yes') } },
            { reply: { text: 'Очень длинный отказ, дли…', postbackData: packChoice(messageId, 'no') } },
            {
              action: { text: 'Open', postbackData: packChoice(messageId, ''), openUrlAction: { url: link } },
            },
          ],
        },
      },
    ])
  })

  test('a phone that shows no cards and opens no addresses gets text', async () => {
    options = { features: [] }
    const { messages, submit } = await open()
    const [message] = messages(1)
    await submit([{ ...message!, media, link }])
    expect(rbm.received[0]!.contentMessage).toEqual({ text: `${message!.text}\n${link}` })
  })

  test('a phone without RCS refuses at once, and is asked again only when the answer is old', async () => {
    settings = { capabilityAgeS: 600 }
    const { messages, submit, clock, gone } = await open()
    rbm.without.add(phone)
    const refused = { outcome: 'refused', reason: 'not_rcs' }
    expect(await submit(messages(1))).toEqual([refused])
    expect(await submit(messages(1))).toEqual([refused])
    expect(rbm.stats.capabilityChecks).toBe(1)
    rbm.without.delete(phone)
    clock.setMs(clock.nowMs() + 599_999)
    expect(await submit(messages(1))).toEqual([refused])
    clock.setMs(clock.nowMs() + 1)
    expect(await submit(messages(1))).toMatchObject([{ outcome: 'accepted' }])
    expect(await submit(messages(1))).toMatchObject([{ outcome: 'accepted' }])
    expect(rbm.stats.capabilityChecks).toBe(2)
    expect(gone).toEqual([])
  })

  test('a phone that lost RCS since it was asked refuses, and that is remembered', async () => {
    const { messages, submit } = await open()
    await submit(messages(1))
    rbm.without.add(phone)
    expect(await submit(messages(1))).toEqual([{ outcome: 'refused', reason: 'not_rcs' }])
    const { requests } = rbm.stats
    expect(await submit(messages(1))).toEqual([{ outcome: 'refused', reason: 'not_rcs' }])
    expect(rbm.stats.requests).toBe(requests)
  })

  test.each([false, true])('a used id is the same message (told with 409: %s)', async (isStrict) => {
    options = { isStrict }
    const { messages, submit } = await open()
    const batch = messages(1)
    const first = await submit(batch)
    expect(await submit(batch)).toEqual(first)
    expect(rbm.received).toHaveLength(1)
  })

  test.each([
    [429, { outcome: 'retry', reason: 'rate_limited' }],
    [403, { outcome: 'retry', reason: 'agent_not_permitted' }],
    [400, { outcome: 'refused', reason: 'http 400' }],
    [500, { outcome: 'unknown', reason: 'http 500' }],
  ])('answered with %i', async (status, expected) => {
    const { messages, submit } = await open()
    rbm.statuses.set(phone, status)
    expect(await submit(messages(1))).toMatchObject([expected])
  })
})

describe('RCS: the token', () => {
  test('one is asked for, however many messages wait, and kept', async () => {
    const { messages, submit } = await open()
    await submit(messages(20))
    await submit(messages(20))
    expect(rbm.account.stats.tokens).toBe(1)
  })

  test('one that is no longer good costs a try, not a message', async () => {
    const { messages, submit } = await open()
    await submit(messages(1))
    rbm.account.revoke()
    const batch = messages(1)
    expect(await submit(batch)).toMatchObject([{ outcome: 'retry', reason: 'token_refused' }])
    expect(await submit(batch)).toMatchObject([{ outcome: 'accepted' }])
    expect(rbm.account.stats.tokens).toBe(2)
  })

  test('one that is about to end is renewed', async () => {
    options = { tokenLifeS: 60 }
    const { messages, submit } = await open()
    await submit(messages(1))
    await submit(messages(1))
    expect(rbm.account.stats.tokens).toBeGreaterThan(1)
  })

  test('a key that cannot be read, or of another account, sends nothing', async () => {
    const bench = await open()
    const file = rbm.serviceAccount
    settings = { serviceAccount: { ...file, private_key: 'nonsense' } }
    const unreadable = await open()
    expect(await unreadable.submit(bench.messages(1))).toMatchObject([
      { outcome: 'retry', reason: 'key_unreadable' },
    ])
    settings = { serviceAccount: { ...file, client_email: 'other@example.org' } }
    const other = await open()
    expect(await other.submit(bench.messages(1))).toMatchObject([{ outcome: 'retry' }])
    expect(rbm.received).toEqual([])
  })
})

describe('RCS: calls', () => {
  test('replies and texts are answers, a tap on the link is a click, typing is nothing', async () => {
    const { answers, receipts, calls } = await open()
    const messageId = newId()
    const from = { senderPhoneNumber: phone }
    const press = (choice: string, type: string): object => ({
      postbackData: packChoice(messageId, choice),
      text: 'Да',
      type,
    })
    await rbm.call({ ...from, messageId: 'u1', text: 'Привет' })
    await rbm.call({ ...from, messageId: 'u2', suggestionResponse: press('yes', 'REPLY') })
    await rbm.call({ ...from, messageId: 'u3', suggestionResponse: press('', 'ACTION') })
    await rbm.call({ ...from, eventType: 'IS_TYPING' })
    await rbm.call({ ...from, messageId: 'u4', text: 'to somebody else', agentId: 'another' })
    expect(answers).toMatchObject([
      { address: phone, text: 'Привет', dedupeKey: 'rcs:u1' },
      { address: phone, text: 'Да', choice: 'yes', messageId, dedupeKey: 'rcs:u2' },
    ])
    expect(receipts).toMatchObject([{ messageId, status: 'clicked' }])
    expect(calls.map((call) => call.reply?.status)).toEqual([200, 200, 200, 200, 200])
  })

  test('a message that ran out is taken back by Google, or by us when Google could not', async () => {
    const { receipts } = await open()
    const [a, b] = [newId(), newId()]
    await rbm.call({ phoneNumber: phone, eventType: 'TTL_EXPIRATION_REVOKED', messageId: a })
    expect(rbm.revoked).toEqual([])
    await rbm.call({ phoneNumber: phone, eventType: 'TTL_EXPIRATION_REVOKE_FAILED', messageId: b })
    expect(rbm.revoked).toEqual([b])
    expect(receipts).toMatchObject([
      { messageId: a, status: 'expired' },
      { messageId: b, status: 'expired' },
    ])
  })

  test('a message that cannot be taken back now is asked for again', async () => {
    const { receipts, calls } = await open()
    rbm.statuses.set(phone, 500)
    await rbm.call({ phoneNumber: phone, eventType: 'TTL_EXPIRATION_REVOKE_FAILED', messageId: newId() })
    expect(calls.map((call) => call.reply?.status)).toEqual([500, 500, 500])
    expect(receipts).toEqual([])
  })

  test("the webhook's address is confirmed with its secret, to Google alone", async () => {
    const { take } = await open()
    const call = { method: 'POST', headers: {}, query: {} }
    const body = (clientToken: string) => Buffer.from(JSON.stringify({ clientToken, secret: '1234567890' }))
    expect(await take({ ...call, body: body('client-token') })).toEqual({
      status: 200,
      contentType: 'text/plain',
      body: '1234567890',
    })
    expect(await take({ ...call, body: body('another') })).toEqual({ status: 401 })
  })
})
