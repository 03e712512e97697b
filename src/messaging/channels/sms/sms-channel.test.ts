import { afterEach, describe, expect, test } from 'vitest'
import { DomainError, ManualClock } from '../../../platform/index.ts'
import {
  startSmsc,
  type IncomingMessage,
  type Smsc,
  type SmscOptions,
} from '../../../simulator/smsc/index.ts'
import type { ChannelEvents, DeliveryReceipt, InboundAnswer, OutboundMessage } from '../../channel.ts'
import { outcomesOf } from '../../../../test/peers/outcomes.ts'
import { createSmsChannel, type SmsChannel, type SmsOptions } from './sms-channel.ts'

const startMs = Date.UTC(2026, 0, 5, 12)
const long =
  'Интернет закончился. Ответьте цифрой: 1 — 100 МБ, 2 — 200 МБ, 3 — 500 МБ, 4 — 1000 МБ. Ёлка 🎁. '.repeat(3)

type World = {
  smsc: Smsc
  channel: SmsChannel
  messages: IncomingMessage[]
  receipts: DeliveryReceipt[]
  answers: InboundAnswer[]
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

function listener(world: Pick<World, 'receipts' | 'answers'>, reply?: string): ChannelEvents {
  return {
    async onReceipts(receipts) {
      world.receipts.push(...receipts)
    },
    onAddressGone: async () => {},
    async onAnswer(answer) {
      world.answers.push(answer)
      return reply
    },
  }
}

function connect(port: number, more: Partial<SmsOptions> = {}): SmsChannel {
  const options = {
    host: '127.0.0.1',
    port,
    systemId: 'tenure',
    password: 'secret',
    reconnectMinMs: 20,
    ...more,
  }
  const channel = createSmsChannel(
    { responseTimeoutMs: 2_000, throttleMinMs: 10, ...options },
    new ManualClock(startMs),
  )
  closing.push(() => channel.stop())
  return channel
}

async function world(options: Partial<SmscOptions> = {}, reply?: string): Promise<World> {
  const messages: IncomingMessage[] = []
  const smsc = await startSmsc({ onMessage: (message) => messages.push(message), ...options })
  closing.push(() => smsc.close())
  const channel = connect(smsc.port)
  const made: World = { smsc, channel, messages, receipts: [], answers: [] }
  await channel.start(listener(made, reply))
  await channel.whenReady()
  return made
}

function message(reference: number, text: string, address = '+79990000001'): OutboundMessage {
  return { messageId: `m${reference}`, address, text, reference, expiresAtMs: startMs + 3_600_000 }
}

describe('the sms channel against the simulated SMSC', () => {
  test('a long Cyrillic text arrives whole and is delivered once all of its parts are', async () => {
    const { channel, smsc, messages, receipts } = await world()
    const [outcome] = await outcomesOf(channel, [message(70_001, long)])
    expect(messages).toMatchObject([
      { address: '+79990000001', text: long, parts: 5, reference: 70_001 & 0xffff },
    ])
    const messageId = messages[0]!.messageId
    expect(outcome).toEqual({ outcome: 'accepted', providerMessageId: messageId })
    expect(messageId.split(',').length).toBe(5)
    await smsc.sendReceipt({ messageId, address: '+79990000001', status: 'DELIVRD', atMs: startMs })
    expect(receipts).toEqual([
      {
        providerMessageId: messageId,
        messageId: 'm70001',
        reference: 70_001,
        status: 'delivered',
        atMs: startMs,
      },
    ])
  })

  test('many messages in one submission keep their order and their outcomes', async () => {
    const { channel, messages } = await world()
    const batch = Array.from({ length: 500 }, (_, index) =>
      message(index, `n ${index}`, `+7999${1_000_000 + index}`),
    )
    const outcomes = await outcomesOf(channel, batch)
    expect(messages.map((received) => received.text)).toEqual(batch.map((sent) => sent.text))
    expect(outcomes.map((outcome) => 'providerMessageId' in outcome && outcome.providerMessageId)).toEqual(
      messages.map((received) => received.messageId),
    )
  })

  test('throttled parts go again in order, and each message arrives once', async () => {
    let asked = 0
    const { channel, smsc, messages } = await world({ shouldThrottle: () => ++asked % 7 === 3 })
    const batch = Array.from({ length: 60 }, (_, index) => message(index, `n ${index}`))
    const outcomes = await outcomesOf(channel, batch)
    expect(new Set(outcomes.map((outcome) => outcome.outcome))).toEqual(new Set(['accepted']))
    expect(messages.map((received) => received.reference).sort((a, b) => a! - b!)).toEqual(
      batch.map((sent) => sent.reference),
    )
    expect(smsc.stats().partsThrottled).toBeGreaterThan(5)
  })

  test('a failure is told with its reason, a receipt that overtakes the response is matched', async () => {
    let early: Promise<void> = Promise.resolve()
    const made = await world({
      onMessage: (received) => {
        early = made.smsc.sendReceipt({
          messageId: received.messageId,
          address: received.address,
          status: 'UNDELIV',
          atMs: startMs,
        })
        // The response leaves well after the receipt.
        return new Promise((resolve) => setTimeout(resolve, 50))
      },
    })
    const [outcome] = await outcomesOf(made.channel, [message(99_999, 'hello')])
    await early
    expect(outcome!.outcome).toBe('accepted')
    expect(made.receipts).toMatchObject([
      { reference: 99_999, status: 'failed', reason: 'undelivered_error_001' },
    ])
  })

  test('a receipt for a message of an earlier life goes up part by part', async () => {
    const { smsc, receipts } = await world()
    await smsc.sendReceipt({
      messageId: 'old-1,old-2',
      address: '+79990000001',
      status: 'DELIVRD',
      reference: 5,
      atMs: startMs,
    })
    expect(receipts.map((receipt) => receipt.providerMessageId).sort()).toEqual(['old-1', 'old-2'])
    expect(receipts[0]).toMatchObject({ reference: 5, status: 'delivered', atMs: startMs })
  })

  test('a receipt is acknowledged only when it is durable', async () => {
    const { channel, smsc, messages } = await world()
    await outcomesOf(channel, [message(1, 'x')])
    await channel.stop()
    let kept = false
    let attempts = 0
    const second = connect(smsc.port)
    await second.start({
      onAddressGone: async () => {},
      async onReceipts() {
        attempts += 1
        if (attempts === 1) throw new Error('the database is away')
        await new Promise((resolve) => setTimeout(resolve, 50))
        kept = true
      },
      onAnswer: async () => {},
    })
    await smsc.sendReceipt({
      messageId: messages[0]!.messageId,
      address: '+79990000001',
      status: 'DELIVRD',
      atMs: startMs,
    })
    expect({ kept, attempts }).toEqual({ kept: true, attempts: 2 })
  })

  test('answers by SMS arrive decoded, long ones whole', async () => {
    const { smsc, answers } = await world()
    await smsc.sendMobileOriginated({ address: '+79990000007', text: '3' })
    await smsc.sendMobileOriginated({ address: '+79990000007', text: long })
    await smsc.sendMobileOriginated({ address: '+79990000007', text: '3' })
    expect(answers.map((answer) => answer.text)).toEqual(['3', long, '3'])
    expect(answers[0]).toMatchObject({ address: '+79990000007', channel: 'sms', atMs: startMs })
    expect(new Set(answers.map((answer) => answer.dedupeKey)).size).toBe(3)
  })

  test('a USSD request is answered in its session, in silence too', async () => {
    const { smsc, answers } = await world({}, 'Подключено 500 МБ')
    expect(await smsc.sendUssd({ address: '+79990000008', text: '*111*500#', session: 's1' })).toBe(
      'Подключено 500 МБ',
    )
    expect(answers).toMatchObject([
      { address: '+79990000008', channel: 'ussd', text: '*111*500#', session: '0000' },
    ])
    const silent = await world()
    expect(await silent.smsc.sendUssd({ address: '+79990000008', text: '*111#', session: 's2' })).toBe('')
    const dialogues = Array.from({ length: 600 }, (_, index) =>
      smsc.sendUssd({ address: `+7999${2_000_000 + index}`, text: '*111*1#', session: `${index}` }),
    )
    expect(new Set(await Promise.all(dialogues))).toEqual(new Set(['Подключено 500 МБ']))
  })

  test('what was not acknowledged when the process died comes again, with the same key', async () => {
    const { channel, smsc, answers } = await world()
    await channel.stop()
    const seen: InboundAnswer[] = []
    const dying = connect(smsc.port, { responseTimeoutMs: 100 })
    // It takes the answer and dies before it is durable.
    const taken = new Promise<void>((resolve) => {
      void dying.start({
        onReceipts: async () => {},
        onAddressGone: async () => {},
        onAnswer: (answer) => {
          seen.push(answer)
          resolve()
          return new Promise(() => {})
        },
      })
    })
    const sent = smsc.sendMobileOriginated({ address: '+79990000009', text: 'да' })
    await taken
    await dying.stop()
    const next = connect(smsc.port)
    await next.start(listener({ receipts: [], answers }))
    await sent
    expect(answers.length).toBe(1)
    expect(answers[0]!.dedupeKey).toBe(seen[0]!.dedupeKey)
  })

  test('what the platform refuses is refused for good, what fails is asked for again', async () => {
    const { channel, smsc } = await world()
    await channel.stop()
    let tries = 0
    const strict = connect(smsc.port)
    await strict.start({
      onReceipts: async () => {},
      onAddressGone: async () => {},
      onAnswer: async ({ text }) => {
        if (text === 'stranger') throw new DomainError('sender_unknown', 'nobody')
        if (++tries < 3) throw new Error('store away')
      },
    })
    await strict.whenReady()
    await expect(smsc.sendMobileOriginated({ address: '+79990000007', text: 'stranger' })).rejects.toThrow(
      `status ${0x65}`,
    )
    await smsc.sendMobileOriginated({ address: '+79990000007', text: 'friend' })
    expect(tries).toBe(3)
  })

  test('after the SMSC was away the channel binds again and sends', async () => {
    const { channel, smsc } = await world()
    const { port } = smsc
    await smsc.close()
    await expect.poll(() => channel.bound).toBe(false)
    expect(await outcomesOf(channel, [message(1, 'x')])).toMatchObject([
      { outcome: 'retry', reason: 'not_bound' },
    ])
    const messages: IncomingMessage[] = []
    const again = await startSmsc({ port, onMessage: (received) => messages.push(received) })
    closing.push(() => again.close())
    await channel.whenReady()
    expect(await outcomesOf(channel, [message(2, 'y')])).toMatchObject([{ outcome: 'accepted' }])
    expect(messages.map((received) => received.text)).toEqual(['y'])
  })

  test('an expired or endless message is refused without being sent', async () => {
    const { channel, messages } = await world()
    const expired = { ...message(1, 'x'), expiresAtMs: startMs }
    expect(await outcomesOf(channel, [expired, message(2, 'я'.repeat(20_000))])).toEqual([
      { outcome: 'refused', reason: 'expired' },
      { outcome: 'refused', reason: 'text_too_long' },
    ])
    expect(messages).toEqual([])
  })
})
