import { afterEach, describe, expect, test } from 'vitest'
import { hasDebianPeers } from '../../../../test/peers/debian.ts'
import { type NetSmpp, startExampleSmsc, startNetSmpp } from '../../../../test/peers/net-smpp.ts'
import { outcomesOf } from '../../../../test/peers/outcomes.ts'
import { systemClock } from '../../../platform/index.ts'
import type { DeliveryReceipt } from '../../channel.ts'
import { createSmsChannel, type SmsChannel, type SmsOptions } from './sms-channel.ts'

const long = 'Интернет закончился. Ответьте цифрой: 1 — 100 МБ, 2 — 200 МБ, 3 — 500 МБ. Ёлка 🎁.'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function bound(
  port: number,
  more: Partial<SmsOptions> = {},
): Promise<{ channel: SmsChannel; receipts: DeliveryReceipt[] }> {
  const receipts: DeliveryReceipt[] = []
  const account = { host: '127.0.0.1', port, systemId: 'tenure', password: 'secret' }
  const channel = createSmsChannel({ ...account, reconnectMinMs: 20, ...more }, systemClock)
  closing.push(() => channel.stop())
  await channel.start({
    onReceipts: async (batch) => void receipts.push(...batch),
    onAnswer: async () => {},
    onAddressGone: async () => {},
  })
  await channel.whenReady()
  return { channel, receipts }
}

const message = (reference: number, text: string) => ({
  messageId: `m${reference}`,
  address: '+79990000001',
  text,
  reference,
  expiresAtMs: systemClock.nowMs() + 3_600_000,
})

/** The peer answers first and tells afterwards what it read, so the telling is waited for. */
async function submitsSeen(smsc: NetSmpp, count: number): Promise<NetSmpp['seen']> {
  const submits = (): NetSmpp['seen'] => smsc.seen.filter(({ command }) => command === 'submit_sm')
  await expect.poll(() => submits().length, { timeout: 10_000 }).toBe(count)
  return submits()
}

describe.runIf(hasDebianPeers())("Net::SMPP's server", () => {
  test('its example SMSC binds us, takes a message and lets us go', async () => {
    const smsc = await startExampleSmsc()
    closing.push(() => smsc.stop())
    const { channel } = await bound(smsc.port)
    expect(await outcomesOf(channel, [message(1, 'hello')])).toEqual([
      { outcome: 'accepted', providerMessageId: '123456789' },
    ])
    await channel.stop()
    expect(channel.bound).toBe(false)
  })

  test.each(['text', 'tlv'] as const)(
    'reads what we send, and its receipts by %s are read by us',
    async (form) => {
      const smsc = await startNetSmpp(form)
      closing.push(() => smsc.stop())
      const { channel, receipts } = await bound(smsc.port, { window: 10 })
      const outcomes = await outcomesOf(channel, [message(1, 'Hi {€}'), message(66_000, long)])
      expect(outcomes).toEqual([
        { outcome: 'accepted', providerMessageId: '00000001' },
        { outcome: 'accepted', providerMessageId: '00000002,00000003' },
      ])
      await expect.poll(() => receipts.length).toBe(2)
      expect(receipts).toMatchObject([
        { messageId: 'm1', providerMessageId: '00000001', status: 'delivered', reference: 1 },
        { messageId: 'm66000', providerMessageId: '00000002,00000003', status: 'delivered' },
      ])
      const sent = await submitsSeen(smsc, 3)
      expect(sent.map(({ data_coding }) => data_coding)).toEqual([0, 8, 8])
      expect(sent.map(({ esm_class }) => esm_class)).toEqual([0, 0x40, 0x40])
      expect(sent[0]).toMatchObject({
        source_addr: 'Tenure',
        source_addr_ton: 5,
        destination_addr: '79990000001',
        dest_addr_ton: 1,
        registered_delivery: 1,
        short_message: '4869201b281b651b29',
      })
      const text = sent
        .slice(1)
        .map(({ short_message }) =>
          Buffer.from(String(short_message).slice(12), 'hex').swap16().toString('utf16le'),
        )
      expect(text.join('')).toBe(long)
      await channel.stop()
      await expect.poll(() => smsc.seen.at(-1)!.command).toBe('unbind')
    },
  )

  test('reads parts by sar parameters, payloads, binary messages and USSD operations', async () => {
    const smsc = await startNetSmpp('text')
    closing.push(() => smsc.stop())
    const { channel } = await bound(smsc.port, { longText: 'sar', window: 10 })
    const binary = {
      ...message(5, ''),
      binary: {
        udh: Buffer.from('027000', 'hex'),
        payload: Buffer.from('0011223344', 'hex'),
        protocolId: 0x7f,
        dataCoding: 0xf6,
      },
    }
    const ussd = { ...message(6, 'Меню: 1 — пакет'), ussd: { serviceOp: 2, session: '0700' } }
    const outcomes = await outcomesOf(channel, [message(4, long), binary, ussd])
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
    const sent = await submitsSeen(smsc, 4)
    expect(sent.slice(0, 2)).toMatchObject([
      { esm_class: 0, sar_total_segments: expect.anything(), sar_msg_ref_num: expect.anything() },
      { esm_class: 0, sar_segment_seqnum: expect.anything() },
    ])
    expect(sent[2]).toMatchObject({
      esm_class: 0x40,
      protocol_id: 0x7f,
      data_coding: 0xf6,
      short_message: '0270000011223344',
    })
    expect(sent[3]).toMatchObject({ registered_delivery: 0, ussd_service_op: expect.anything() })
    // It serves one peer after another: the first has to go.
    await channel.stop()
    const other = await bound(smsc.port, { longText: 'payload' })
    await outcomesOf(other.channel, [message(7, long.repeat(3))])
    const octets = Buffer.from(long.repeat(3), 'utf16le').swap16().toString('hex')
    expect((await submitsSeen(smsc, 5)).at(-1)).toMatchObject({ message_payload: octets })
  })
})
