import { expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../test/channel-suite.ts'
import { startWebhookReceiver } from '../../simulator/providers/index.ts'
import { webhook } from './webhook.ts'

const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`

const subject: ChannelSubject = {
  kind: webhook,
  receipts: ['delivered', 'seen'],
  answers: true,
  content: { choices: [{ id: 'data-500', label: 'OK' }], link: 'https://example.org/500' },
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  forge: (call) => ({ ...call, body: Buffer.from(call.body.toString().replace('2026', '2027')) }),
  async start(misbehaviour, at) {
    const receiver = await startWebhookReceiver({ misbehaviour, secret, ...at })
    return {
      settings: { url: receiver.url, secret, timeoutMs: 2_000 },
      port: receiver.port,
      taken: () => receiver.received.map(({ messageId }) => messageId),
      close: receiver.close,
    }
  },
}

channelSuite('webhook', subject)

test('a receiver with another secret gets nothing, and an old call is not taken again', async () => {
  const bench = await ChannelBench.start({
    ...subject,
    async start(misbehaviour, at) {
      const started = await subject.start(misbehaviour, at)
      return { ...started, settings: { ...started.settings, secret: `whsec_${'b'.repeat(40)}` } }
    },
  })
  expect(await bench.submit(bench.messages(1))).toEqual([{ outcome: 'refused', reason: 'http 401' }])
  const genuine = await ChannelBench.start(subject)
  await genuine.submit(genuine.messages(1))
  await expect.poll(() => genuine.calls.filter((each) => each.reply).length).toBe(3)
  const { call } = genuine.calls[0]!
  const old = String(Number(call.headers['webhook-timestamp']) - 600)
  expect(
    (await genuine.take({ ...call, headers: { ...call.headers, 'webhook-timestamp': old } })).status,
  ).toBe(400)
  expect(genuine.receipts).toHaveLength(2)
})

test('a secret that is too short is refused with the field', () => {
  const document = {
    kind: 'Channel',
    id: 'webhook',
    priceMinor: '0',
    url: 'https://example.org',
    secret: 'x',
  }
  expect(webhook.settings.safeParse(document).error?.issues[0]?.path).toEqual(['secret'])
})
