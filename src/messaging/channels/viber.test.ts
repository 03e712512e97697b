import { afterEach, describe, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../test/channel-suite.ts'
import { startViber, type ViberService } from '../../simulator/providers/index.ts'
import { viber } from './viber.ts'

let service: ViberService
let options: Parameters<typeof startViber>[0] = {}
let settings: Record<string, unknown> = {}

const subject: ChannelSubject = {
  kind: viber,
  receipts: ['delivered', 'seen'],
  address: (index) => `+38050${String(index).padStart(7, '0')}`,
  async start(misbehaviour, at) {
    const started = (service = await startViber({ misbehaviour, ...at, ...options }))
    const { url, serviceId, authToken } = started
    return {
      settings: { url, serviceId, authToken, timeoutMs: 2_000, ...settings },
      port: started.port,
      taken: () => started.received.map((message) => message.tracking_data),
      close: () => started.close(),
    }
  },
  forge: (call) => ({ ...call, headers: { ...call.headers, 'x-viber-content-signature': '0'.repeat(64) } }),
}

channelSuite('viber', {
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

const phone = '380500000000'
const media = { url: 'https://example.org/a.jpg', contentType: 'image/jpeg' }
const link = 'https://example.org/a'

describe('Viber: messages', () => {
  test('a promotion shows a picture and a button', async () => {
    const { messages, submit } = await open()
    const [message] = messages(1)
    await submit([{ ...message!, media, link }])
    expect(service.received).toMatchObject([
      {
        service_id: 4_711,
        dest: phone,
        type: 208,
        label: 'promotion',
        ttl: 3_600,
        tracking_data: message!.messageId,
        message: { '#txt': message!.text, '#img': media.url, '#caption': 'Open', '#action': link },
      },
    ])
  })

  test('a transaction is text alone', async () => {
    settings = { label: 'transaction' }
    const { messages, submit } = await open()
    const [message] = messages(1)
    expect(await submit([{ ...message!, media, link }])).toMatchObject([{ outcome: 'accepted' }])
    const text = `${message!.text}\n${link}`
    expect(service.received).toMatchObject([{ type: 206, label: 'transaction', message: { '#txt': text } }])
    expect(Object.keys(service.received[0]!.message)).toEqual(['#txt'])
  })

  test('a message lives from 30 seconds to 14 days', async () => {
    const { messages, submit, clock } = await open()
    const livesS = [29.9, 30, 1_209_600, 2_000_000]
    const batch = messages(4).map((each, i) => ({ ...each, expiresAtMs: clock.nowMs() + livesS[i]! * 1_000 }))
    const outcomes = await submit(batch)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'accepted', 'accepted', 'accepted'])
    expect(outcomes[0]).toEqual({ outcome: 'refused', reason: 'expires_too_soon' })
    const ttlOf = new Map(service.received.map((each) => [each.tracking_data, each.ttl]))
    expect(batch.slice(1).map((each) => ttlOf.get(each.messageId))).toEqual([30, 1_209_600, 1_209_600])
  })

  test.each([
    [1, { outcome: 'unknown', reason: 'viber_1' }],
    [2, { outcome: 'retry', afterMs: 60_000, reason: 'bad_service' }],
    [8, { outcome: 'refused', reason: 'blocked' }],
    [9, { outcome: 'refused', reason: 'not_on_viber' }],
    [16, { outcome: 'retry', reason: 'rate_limited' }],
    [18, { outcome: 'refused', reason: 'bad_label' }],
    [20, { outcome: 'refused', reason: 'bad_ttl' }],
    [99, { outcome: 'refused', reason: 'viber_99' }],
  ])('answered 200 with status %i', async (status, expected) => {
    options = { errors: new Map([[phone, status]]) }
    const { messages, submit, gone, channel } = await open()
    expect(await submit(messages(1))).toMatchObject([expected])
    expect(gone.map(({ address }) => address)).toEqual(status === 8 || status === 9 ? [`+${phone}`] : [])
    expect(channel.room() === 0).toBe(status === 16)
  })
})

describe('Viber: calls', () => {
  test('a token of 19 digits keeps every digit', async () => {
    const { messages, submit, receipts } = await open()
    const outcomes = await submit(messages(2))
    await expect.poll(() => receipts.length).toBe(4)
    const tokens = service.received.map((message) => message.token).toSorted()
    expect(tokens[0]).toMatch(/^\d{19}$/)
    expect(Number(tokens[0])).toBe(Number(tokens[1]))
    const given = outcomes.map((each) => (each.outcome === 'accepted' ? each.providerMessageId : ''))
    expect(given.toSorted()).toEqual(tokens)
    expect([...new Set(receipts.map((each) => each.providerMessageId!))].toSorted()).toEqual(tokens)
  })

  test('a message that ran out is reported as expired', async () => {
    options = { statuses: [2] }
    const { messages, submit, receipts } = await open()
    const [message] = messages(1)
    await submit([message!])
    await expect.poll(() => receipts).toMatchObject([{ status: 'expired', messageId: message!.messageId }])
  })

  test('what a subscriber writes names the last message to this number', async () => {
    const { messages, submit, answers } = await open()
    const [message] = messages(1)
    await service.say('380509999999', 'СТОП')
    await submit([message!])
    await service.say(phone, 'Да')
    expect(answers).toMatchObject([
      { address: '+380509999999', text: 'СТОП' },
      { address: `+${phone}`, text: 'Да', messageId: message!.messageId },
    ])
    expect(answers[0]).not.toHaveProperty('messageId')
    expect(new Set(answers.map((each) => each.dedupeKey)).size).toBe(2)
  })
})
