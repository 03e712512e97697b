import { afterEach, describe, expect, test } from 'vitest'
import { channelSuite } from '../../../../test/channel-suite.ts'
import { outcomesOf } from '../../../../test/peers/outcomes.ts'
import { recorded, smppAccount } from '../../../../test/recorded-channel.ts'
import { systemClock } from '../../../platform/index.ts'
import { startPhoneNetwork } from '../../../simulator/providers/index.ts'
import { startFastSmsc, startSmsc } from '../../../simulator/smsc/index.ts'
import type { ChannelEvents, ChannelKind, DeliveryReceipt, InboundAnswer } from '../../channel.ts'
import { sms, smppChannel, type SmppSettings } from './index.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const { kind, idOf } = recorded(sms as unknown as ChannelKind)
channelSuite('sms', {
  kind,
  receipts: ['delivered'],
  answers: true,
  receiptsOnce: true,
  failing: 'retry',
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  async start(misbehaviour, { port }) {
    const network = await startPhoneNetwork({ misbehaviour, ...(port && { port }) })
    return {
      settings: smppAccount(network.port),
      port: network.port,
      taken: () => network.taken.map(({ reference }) => idOf(reference)),
      close: () => network.close(),
    }
  },
})

const document = {
  kind: 'Channel',
  id: 'sms',
  priceMinor: '250',
  host: '127.0.0.1',
  port: 1,
  systemId: 't',
  password: 's',
}

const message = (reference: number, text: string) => ({
  messageId: `m${reference}`,
  address: '+79990000001',
  text,
  reference,
  expiresAtMs: systemClock.nowMs() + 60_000,
})

function listener(): ChannelEvents & { receipts: DeliveryReceipt[]; answers: InboundAnswer[] } {
  const receipts: DeliveryReceipt[] = []
  const answers: InboundAnswer[] = []
  return {
    receipts,
    answers,
    onReceipts: async (batch) => void receipts.push(...batch),
    onAnswer: async (answer) => void answers.push(answer),
    onAddressGone: async () => {},
  }
}

describe('settings of the sms kind', () => {
  test('need an account and a source, and refuse what they do not know', () => {
    expect(sms.settings.safeParse({ ...document, sourceAddress: 'Tenure' }).success).toBe(true)
    expect(sms.settings.safeParse(document).success).toBe(false)
    expect(sms.settings.safeParse({ ...document, sourceAddress: 'Tenure', windows: 3 }).success).toBe(false)
  })

  test('a channel made from them sends; parts are what is paid for', async () => {
    const smsc = await startFastSmsc({ keepMessages: true })
    closing.push(() => smsc.close())
    const profile = {
      binds: 2,
      bind: 'pair',
      longText: 'sar',
      alphabet: 'ucs2',
      dataCodings: { gsm: 0, ucs2: 24 },
    }
    const settings = {
      ...document,
      port: smsc.port,
      sourceAddress: '+70000000001',
      ...profile,
      ratePerS: 1_000,
    }
    const channel = sms.create(sms.settings.parse(settings), { clock: systemClock })
    closing.push(() => channel.stop())
    const heard = listener()
    await channel.start(heard)
    await channel.whenReady()
    const outcomes = await outcomesOf(channel, [message(1, 'a'.repeat(71))])
    expect(outcomes).toMatchObject([{ outcome: 'accepted', providerMessageId: '1,2' }])
    expect(smsc.messages()).toMatchObject([
      { address: '79990000001', dataCoding: 24, octets: '0061'.repeat(66) },
      { dataCoding: 24, octets: '0061'.repeat(5) },
    ])
    await expect.poll(() => heard.receipts).toMatchObject([{ messageId: 'm1', status: 'delivered' }])
    expect(sms.traits.unitsOf!({ text: 'я'.repeat(71) })).toBe(2)
  })

  test.each([
    [{}, 'a'.repeat(160), 1],
    [{ alphabet: 'ucs2' }, 'a'.repeat(160), 3],
    [{ alphabet: 'latin1' }, 'Ω'.repeat(71), 2],
    [{ referenceBits: 16 }, 'я'.repeat(134), 3],
    [{ longText: 'sar' }, 'я'.repeat(134), 3],
    [{ longText: 'payload' }, 'я'.repeat(134), 2],
  ])('what is priced is what is sent: %o', (profile, text, parts) => {
    const settings = sms.settings.parse({ ...document, sourceAddress: 'Tenure', ...profile })
    expect(sms.traits.unitsOf!({ text }, settings)).toBe(parts)
  })
})

describe('channels of several kinds over one account', () => {
  test('share its binds; each hears its own receipts, and the answers that it takes', async () => {
    const smsc = await startSmsc({ onMessage: () => {} })
    closing.push(() => smsc.close())
    const context = { clock: systemClock, shared: new Map<string, unknown>() }
    const account: SmppSettings = {
      ...document,
      port: smsc.port,
      sourceAddress: '111',
      window: 10,
      throttleMinMs: 5,
    }
    const [forSms, forUssd] = [listener(), listener()]
    const text = smppChannel(account, context, { sms: true, ussd: false })
    const menu = smppChannel(account, context, { sms: false, ussd: true })
    await text.start(forSms)
    await menu.start(forUssd)
    await menu.whenReady()
    expect(smsc.stats().binds).toBe(1)
    const [outcome] = await outcomesOf(menu, [{ ...message(2, 'Menu'), ussd: { serviceOp: 2 } }])
    expect(outcome!.outcome).toBe('accepted')
    const [said] = await outcomesOf(text, [message(3, 'hello')])
    const messageId = said!.outcome === 'accepted' ? said!.providerMessageId : ''
    await smsc.sendReceipt({
      messageId,
      address: '+79990000001',
      status: 'DELIVRD',
      atMs: systemClock.nowMs(),
    })
    await smsc.sendMobileOriginated({ address: '+79990000001', text: 'yes' })
    await smsc.sendUssd({ address: '+79990000001', text: '*111#', session: 's' })
    expect([forSms.receipts.length, forUssd.receipts.length]).toEqual([1, 0])
    expect([forSms.answers, forUssd.answers].map((heard) => heard.map(({ channel }) => channel))).toEqual([
      ['sms'],
      ['ussd'],
    ])
    await menu.stop()
    expect(text.bound).toBe(true)
    await text.stop()
    expect(text.bound).toBe(false)
  })
})
