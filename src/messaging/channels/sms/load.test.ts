import { afterEach, describe, expect, test } from 'vitest'
import { outcomesOf } from '../../../../test/peers/outcomes.ts'
import { systemClock } from '../../../platform/index.ts'
import {
  type FastSmsc,
  type FastSmscOptions,
  spawnFastSmsc,
  startFastSmsc,
} from '../../../simulator/smsc/index.ts'
import type { DeliveryReceipt, OutboundMessage } from '../../channel.ts'
import { createSmsChannel, type SmsChannel, type SmsOptions } from './sms-channel.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type World = { smsc: FastSmsc; channel: SmsChannel; receipts: DeliveryReceipt[]; batches: number[] }

async function channelTo(port: number, more: Partial<SmsOptions> = {}): Promise<Omit<World, 'smsc'>> {
  const receipts: DeliveryReceipt[] = []
  const batches: number[] = []
  const account = { host: '127.0.0.1', port, systemId: 'tenure', password: 'secret', window: 200 }
  const timing = { responseTimeoutMs: 400, reconnectMinMs: 10, throttleMinMs: 2, throttleMaxMs: 20 }
  const channel = createSmsChannel({ ...account, ...timing, ...more }, systemClock)
  closing.push(() => channel.stop())
  await channel.start({
    async onReceipts(batch) {
      batches.push(batch.length)
      receipts.push(...batch)
    },
    onAnswer: async () => {},
    onAddressGone: async () => {},
  })
  await channel.whenReady()
  return { channel, receipts, batches }
}

async function world(options: FastSmscOptions, more: Partial<SmsOptions> = {}): Promise<World> {
  const smsc = await startFastSmsc({ keepMessages: true, ...options })
  closing.push(() => smsc.close())
  return { smsc, ...(await channelTo(smsc.port, more)) }
}

const messages = (count: number, more: Partial<OutboundMessage> = {}): OutboundMessage[] =>
  Array.from({ length: count }, (_, index) => ({
    messageId: `m${index}`,
    address: `+7999${1_000_000 + index}`,
    text: `Пакет ${index} закончился`,
    reference: index,
    expiresAtMs: systemClock.nowMs() + 600_000,
    ...more,
  }))

/** Submits what was given back again until nothing is; counts the outcomes by kind. */
async function carryOn(channel: SmsChannel, batch: OutboundMessage[]): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {}
  let open = batch
  while (open.length > 0) {
    await channel.whenReady()
    const given = open
    const outcomes = await outcomesOf(channel, given)
    open = given.filter((_, index) => outcomes[index]!.outcome === 'retry')
    for (const { outcome } of outcomes) if (outcome !== 'retry') kinds[outcome] = (kinds[outcome] ?? 0) + 1
  }
  return kinds
}

const delivered = (receipts: DeliveryReceipt[]): Set<string> =>
  new Set(
    receipts.flatMap(({ status, messageId }) => (status === 'delivered' && messageId ? [messageId] : [])),
  )

describe('the sms channel under load', () => {
  test('every message once, every receipt once, receipts in batches', async () => {
    const { smsc, channel, receipts, batches } = await world({ rttMs: 5 })
    const outcomes = await outcomesOf(channel, messages(20_000))
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']))
    await expect.poll(() => receipts.length).toBe(20_000)
    expect(delivered(receipts).size).toBe(20_000)
    expect(batches.length).toBeLessThan(2_000)
    await expect.poll(() => smsc.counts().receiptsOpen).toBe(0)
    expect(smsc.counts()).toMatchObject({
      taken: 20_000,
      distinct: 20_000,
      repeats: 0,
      receiptsAcknowledged: 20_000,
    })
  })

  test.each<[string, FastSmscOptions]>([
    ['throttling', { throttleEvery: 50 }],
    [
      'receipts doubled, early, late and lost',
      { receiptsDoubled: 0.3, receiptsEarly: 0.3, receiptsLate: 0.2, lateMs: 30, receiptsLost: 0.05 },
    ],
    ['an extra acceptance', { acceptedToo: 1, receipts: 'text' }],
    ['silence', { silentEvery: 400 }],
    ['unbind instead of an answer', { unbindEvery: 700 }],
    ['a cut line', { cutEvery: 700, rttMs: 2 }],
    ['wrong lengths', { wrongLengthEvery: 700 }],
    ['ids in two bases', { idForms: { response: 'hex', receipt: 'decimal' } }],
  ])('%s: nothing twice, nothing lost', async (_, options) => {
    const idForms = { response: options.idForms?.response, receipt: options.idForms?.receipt }
    const { smsc, channel, receipts } = await world(options, { idForms })
    const kinds = await carryOn(channel, messages(3_000))
    const { taken, distinct, repeats } = smsc.counts()
    expect(Object.values(kinds).reduce((sum, count) => sum + count, 0)).toBe(3_000)
    expect({ distinct, repeats }).toEqual({ distinct: taken, repeats: 0 })
    const unknown = kinds['unknown'] ?? 0
    // What is in doubt may have been taken, everything else was.
    expect(taken).toBeGreaterThanOrEqual(3_000 - unknown)
    expect(kinds['accepted']).toBe(3_000 - unknown)
    const expected = (kinds['accepted'] ?? 0) * (1 - (options.receiptsLost ?? 0))
    await expect.poll(() => delivered(receipts).size).toBeGreaterThanOrEqual(Math.floor(expected))
    const known = receipts.filter(({ messageId }) => messageId !== undefined)
    expect(known.length).toBe(delivered(known).size)
    // With messages in doubt the receipts tell more than the answers did, by the reference.
    const atLeast = options.silentEvery ? 3_000 : 0
    await expect.poll(() => receipts.length).toBeGreaterThanOrEqual(atLeast)
    await expect.poll(() => smsc.counts().receiptsOpen).toBe(0)
  })

  test('generic_nack refuses the one message that it is about', async () => {
    const { smsc, channel } = await world({ nackEvery: 100 })
    expect(await carryOn(channel, messages(1_000))).toEqual({ accepted: 990, refused: 10 })
    expect(smsc.counts()).toMatchObject({ taken: 990, nacked: 10, repeats: 0 })
  })

  test.each(['transceiver', 'pair'] as const)(
    'four binds (%s) share the load and keep each destination in order',
    async (bind) => {
      const { smsc, channel, receipts } = await world({ rttMs: 1 }, { binds: 4, bind, window: 20 })
      const total = bind === 'pair' ? 8 : 4
      await expect.poll(() => smsc.counts().sessions).toBe(total)
      const batch = messages(4_000).map((message, index) => ({
        ...message,
        address: `+7999000${1000 + (index % 40)}`,
      }))
      expect(await carryOn(channel, batch)).toEqual({ accepted: 4_000 })
      const byAddress = Map.groupBy(smsc.messages(), ({ address }) => address)
      expect(byAddress.size).toBe(40)
      for (const [address, taken] of byAddress)
        expect([address, taken.map(({ reference }) => reference)]).toEqual([
          address,
          taken.map(({ reference }) => reference).toSorted((a, b) => a - b),
        ])
      await expect.poll(() => delivered(receipts).size).toBe(4_000)
      expect(smsc.counts().repeats).toBe(0)
    },
  )

  test('of several binds one dies: in doubt what it had out, the rest goes over the others', async () => {
    const { smsc, channel } = await world(
      { cutEvery: 500, rttMs: 5 },
      { binds: 3, order: 'link', window: 10 },
    )
    await expect.poll(() => smsc.counts().sessions).toBe(3)
    const outcomes = await outcomesOf(channel, messages(900))
    const kinds = Object.groupBy(outcomes, ({ outcome }) => outcome)
    expect(kinds.unknown!.length).toBeLessThanOrEqual(10)
    expect(kinds.unknown!.length).toBeGreaterThan(0)
    expect(kinds.accepted!.length).toBe(900 - kinds.unknown!.length)
    expect(kinds.retry).toBeUndefined()
    await expect.poll(() => smsc.counts().sessions).toBe(3)
    expect(smsc.counts().repeats).toBe(0)
  })

  test('the rate is kept evenly, in parts', async () => {
    const { smsc, channel } = await world({}, { ratePerS: 500, binds: 2 })
    expect(channel.room()).toBeLessThanOrEqual(50)
    const startMs = performance.now()
    const long = messages(150, { text: 'я'.repeat(134) })
    expect(await carryOn(channel, long)).toEqual({ accepted: 150 })
    const tookMs = performance.now() - startMs
    expect(smsc.counts().taken).toBe(300)
    // 300 parts at 500 a second, of which ten may leave at once.
    expect(tookMs).toBeGreaterThan(560)
    expect(tookMs).toBeLessThan(1_500)
  })

  test('a late answer still says under which id the message is known', async () => {
    const { channel, receipts } = await world({ rttMs: 300, receiptAfterMs: 50 }, { responseTimeoutMs: 100 })
    expect(await outcomesOf(channel, messages(1))).toEqual([{ outcome: 'unknown', reason: 'no_response' }])
    await expect.poll(() => receipts).toMatchObject([{ messageId: 'm0', status: 'delivered' }])
  })

  test('receipts that nobody acknowledged come again to the next process', async () => {
    const smsc = await spawnFastSmsc({ receiptAfterMs: 50 })
    closing.push(() => smsc.close())
    const first = await channelTo(smsc.port)
    expect(await carryOn(first.channel, messages(500))).toEqual({ accepted: 500 })
    await first.channel.stop()
    await expect.poll(() => smsc.counts()).toMatchObject({ taken: 500, receiptsOpen: 500 })
    const second = await channelTo(smsc.port)
    await expect.poll(() => second.receipts.length).toBe(500)
    // Their messages are not remembered here: the peer's id, our reference and the address tell which they were.
    expect(second.receipts[0]).toMatchObject({ reference: 0, address: '+79991000000', status: 'delivered' })
    await expect.poll(async () => (await smsc.counts()).receiptsOpen).toBe(0)
  })
})
