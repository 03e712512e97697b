import { afterEach, describe, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { startWhatsapp, type WhatsappCloudApi } from '../../../simulator/providers/index.ts'
import { packChoice } from '../choice-data.ts'
import { whatsapp } from './index.ts'

let api: WhatsappCloudApi
let options: Parameters<typeof startWhatsapp>[0] = {}
let settings: Record<string, unknown> = {}

const subject: ChannelSubject = {
  kind: whatsapp,
  receipts: ['accepted', 'delivered', 'seen'],
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  async start(misbehaviour, at) {
    const started = (api = await startWhatsapp({ misbehaviour, ...at, ...options }))
    return {
      settings: {
        url: started.url,
        phoneNumberId: started.phoneNumberId,
        accessToken: started.accessToken,
        appSecret: started.appSecret,
        verifyToken: 'verify-me',
        template: { name: 'any_text', language: 'ru' },
        timeoutMs: 2_000,
        ...settings,
      },
      port: started.port,
      taken: () => started.received.map((message) => message.biz_opaque_callback_data!),
      close: () => started.close(),
    }
  },
  forge: (call) => ({
    ...call,
    headers: { ...call.headers, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
  }),
}

channelSuite('whatsapp', {
  ...subject,
  answers: true,
  start(misbehaviour, at) {
    options = { answer: { type: 'text', text: { body: 'Да' } } }
    return subject.start(misbehaviour, at)
  },
})

afterEach(() => {
  options = {}
  settings = {}
})

const open = (): Promise<ChannelBench> => ChannelBench.start(subject)

type Interactive = {
  action: { buttons?: { reply: { title: string } }[]; sections?: { rows: { title: string }[] }[] }
}

const phone = '79990000000'
const hello = { type: 'text', text: { body: 'Привет' } }
const hourMs = 3_600_000

describe('WhatsApp: templates and conversations', () => {
  test('outside of a conversation the approved template goes, its text in one line', async () => {
    settings = { template: { name: 'offer', language: 'ru' }, linkBase: 'https://example.org/' }
    const { messages, submit } = await open()
    const [message] = messages(1)
    const media = { url: 'https://example.org/a.png', contentType: 'image/png' }
    const choices = [{ id: 'yes', label: 'Да' }]
    const text = 'Ещё 500 МБ?\n\nЗа  150 ₽'
    await submit([{ ...message!, text, media, choices, link: 'https://example.org/x?y=1' }])
    expect(api.received).toMatchObject([
      {
        to: phone,
        type: 'template',
        biz_opaque_callback_data: message!.messageId,
        template: {
          name: 'offer',
          language: { code: 'ru', policy: 'deterministic' },
          components: [
            { type: 'header', parameters: [{ type: 'image', image: { link: media.url } }] },
            { type: 'body', parameters: [{ type: 'text', text: 'Ещё 500 МБ? За 150 ₽' }] },
            {
              type: 'button',
              sub_type: 'quick_reply',
              index: '0',
              parameters: [{ type: 'payload', payload: packChoice(message!.messageId, 'yes') }],
            },
            { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'x?y=1' }] },
          ],
        },
      },
    ])
  })

  test('a message may name its own template and what fills it', async () => {
    const { messages, submit } = await open()
    const [message] = messages(1)
    const approved = { name: 'top_up', language: 'uk', values: ['500 МБ', '150 ₴'] }
    await submit([{ ...message!, approved }])
    expect(api.received[0]!.template).toMatchObject({
      name: 'top_up',
      language: { code: 'uk' },
      components: [{ type: 'body', parameters: [{ text: '500 МБ' }, { text: '150 ₴' }] }],
    })
  })

  test('a link that does not fit the template is refused unsent; without its button it stands in the text', async () => {
    settings = { template: { name: 'offer', language: 'ru' }, linkBase: 'https://example.org/' }
    const first = await open()
    const [message] = first.messages(1)
    const outcomes = await first.submit([{ ...message!, link: 'https://elsewhere.org/' }])
    expect(outcomes).toEqual([{ outcome: 'refused', reason: 'link_elsewhere' }])
    expect(api.stats.requests).toBe(0)
    settings = {}
    const second = await open()
    await second.submit([{ ...message!, link: 'https://elsewhere.org/' }])
    expect(api.received[0]!.template!.components[0]!['parameters']).toEqual([
      { type: 'text', text: `${message!.text} https://elsewhere.org/` },
    ])
  })

  test('for 24 hours after the last message of a subscriber a free text goes', async () => {
    const { messages, submit, clock } = await open()
    await api.say(phone, hello)
    const startMs = clock.nowMs()
    const types = []
    for (const hours of [0, 23.9, 24]) {
      clock.setMs(startMs + hours * hourMs)
      expect(await submit(messages(1))).toMatchObject([{ outcome: 'accepted' }])
      types.push(api.received.at(-1)!.type)
    }
    expect(types).toEqual(['text', 'text', 'template'])
  })

  test('a window that is closed after all: the template goes in the same submission', async () => {
    const { messages, submit } = await open()
    await api.say(phone, hello)
    api.conversations.clear()
    expect(await submit(messages(1))).toMatchObject([{ outcome: 'accepted' }])
    expect(api.received.map(({ type }) => type)).toEqual(['template'])
    expect(api.stats.requests).toBe(2)
    // What was learned saves the vain attempt.
    await submit(messages(1))
    expect(api.stats.requests).toBe(3)
  })

  test('without a template only a conversation reaches anybody', async () => {
    settings = { template: undefined }
    const { messages, submit } = await open()
    expect(await submit(messages(1))).toEqual([{ outcome: 'refused', reason: 'window_closed' }])
    await api.say(phone, hello)
    expect(await submit(messages(1))).toMatchObject([{ outcome: 'accepted' }])
  })

  test('choices are up to three buttons, then a list of up to ten', async () => {
    settings = { template: undefined }
    const { messages, submit } = await open()
    await api.say(phone, hello)
    const choices = Array.from({ length: 11 }, (_, i) => ({
      id: `c${i}`,
      label: `Тариф с длинным названием ${i}`,
    }))
    const outcomes = []
    for (const count of [3, 4, 11]) {
      const [message] = messages(1)
      outcomes.push(...(await submit([{ ...message!, choices: choices.slice(0, count) }])))
    }
    expect(outcomes).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'accepted' },
      { outcome: 'refused', reason: 'too_many_choices' },
    ])
    const [buttons, list] = api.received.map((each) => each.interactive as Interactive)
    expect(buttons!.action.buttons).toHaveLength(3)
    expect(buttons!.action.buttons![0]!.reply.title).toBe('Тариф с длинным наз…')
    expect(list!.action.sections![0]!.rows).toHaveLength(4)
    expect(list!.action.sections![0]!.rows[0]!.title).toHaveLength(24)
  })
})

describe('WhatsApp: errors', () => {
  test.each([
    [130_429, { outcome: 'retry', reason: 'rate_limited' }],
    [131_056, { outcome: 'retry', afterMs: 6_000, reason: 'pair_rate_limited' }],
    [131_049, { outcome: 'refused', reason: 'marketing_cap' }],
    [131_026, { outcome: 'refused', reason: 'not_on_whatsapp' }],
    [470, { outcome: 'refused', reason: 'window_closed' }],
    [190, { outcome: 'retry', reason: 'token_refused' }],
    [132_001, { outcome: 'refused', reason: 'template_missing' }],
    [131_000, { outcome: 'unknown', reason: 'http 500' }],
    [100, { outcome: 'refused', reason: 'whatsapp_100' }],
  ])('%i', async (code, expected) => {
    options = { errors: new Map([[phone, code]]) }
    const { messages, submit, gone, channel } = await open()
    expect(await submit(messages(1))).toMatchObject([expected])
    expect(gone.map(({ address }) => address)).toEqual(code === 131_026 ? [`+${phone}`] : [])
    // The rate is everybody's, the pair rate this subscriber's alone.
    expect(channel.room() === 0).toBe(code === 130_429)
  })

  test('a failure that comes later says why, and who is not on WhatsApp is gone', async () => {
    options = {
      failures: new Map([
        [phone, 131_026],
        ['79990000001', 131_049],
      ]),
    }
    const { messages, submit, receipts, gone, clock } = await open()
    await submit(messages(2))
    await expect.poll(() => receipts.length).toBe(2)
    await expect.poll(() => gone.length).toBe(1)
    expect(receipts.map(({ status, reason }) => `${status} ${reason}`).toSorted()).toEqual([
      'failed marketing_cap',
      'failed not_on_whatsapp',
    ])
    expect(gone).toEqual([{ address: `+${phone}`, reason: 'not_on_whatsapp', atMs: clock.nowMs() }])
  })
})

describe('WhatsApp: calls', () => {
  test('"read" without "delivered", and statuses in any order, are handed up as they come', async () => {
    options = { statuses: ['read', 'sent'] }
    const { messages, submit, receipts } = await open()
    const [outcome] = await submit(messages(1))
    await expect.poll(() => receipts.length).toBe(2)
    const providerMessageId = (outcome as { providerMessageId: string }).providerMessageId
    expect(receipts).toMatchObject([
      { providerMessageId, status: 'seen' },
      { providerMessageId, status: 'accepted' },
    ])
  })

  test('texts, quick replies, buttons and rows are answers, each known by its id', async () => {
    const { answers, messages } = await open()
    const { messageId } = messages(1)[0]!
    const data = packChoice(messageId, 'yes')
    await api.say(phone, hello)
    await api.say(phone, { type: 'button', button: { payload: data, text: 'Да' } })
    for (const kind of ['button_reply', 'list_reply']) {
      await api.say(phone, {
        type: 'interactive',
        interactive: { type: kind, [kind]: { id: data, title: 'Да' } },
      })
    }
    await api.say(phone, { type: 'image', image: { id: '1' } })
    const chosen = { address: `+${phone}`, text: 'Да', choice: 'yes', messageId }
    expect(answers).toMatchObject([{ address: `+${phone}`, text: 'Привет' }, chosen, chosen, chosen])
    expect(answers[0]).not.toHaveProperty('choice')
    expect(new Set(answers.map((each) => each.dedupeKey)).size).toBe(4)
  })

  test("the webhook's address is verified by its token", async () => {
    const { take } = await open()
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'verify-me' }
    const call = { method: 'GET', headers: {}, query, body: Buffer.alloc(0) }
    expect(await take(call)).toEqual({ status: 200, contentType: 'text/plain', body: '1158201444' })
    expect(await take({ ...call, query: { ...query, 'hub.verify_token': 'wrong' } })).toEqual({ status: 403 })
  })

  test('the signature covers every byte', async () => {
    const { take, calls, receipts, messages, submit } = await open()
    await submit(messages(1))
    await expect.poll(() => receipts.length).toBe(3)
    const genuine = calls[0]!.call
    const body = Buffer.from(genuine.body.toString().replace('"sent"', '"read"'))
    expect(body.equals(genuine.body)).toBe(false)
    expect(await take({ ...genuine, body })).toEqual({ status: 401 })
    const { 'x-hub-signature-256': _, ...headers } = genuine.headers
    expect(await take({ ...genuine, headers })).toEqual({ status: 401 })
    expect(receipts).toHaveLength(3)
  })
})
