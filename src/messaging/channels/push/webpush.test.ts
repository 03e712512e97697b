import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fetch } from 'undici'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import webPush from 'web-push'
import {
  ChannelBench,
  type ChannelPeer,
  type ChannelSubject,
  channelSuite,
} from '../../../../test/channel-suite.ts'
import { freePort, newId } from '../../../platform/index.ts'
import { startWebPushService, type WebPushService } from '../../../simulator/providers/index.ts'
import { webpush } from './webpush.ts'

const { publicKey, privateKey } = webPush.generateVAPIDKeys()
const reportSecret = 'a secret of sixteen or more'
const own = { publicKey, privateKey, contact: 'mailto:push@example.org', reportSecret, timeoutMs: 2_000 }
let service: WebPushService

const subject: ChannelSubject = {
  kind: webpush,
  receipts: ['delivered', 'seen', 'clicked'],
  answers: true,
  content: { subject: 'Tenure', link: 'https://t.example/1', choices: [{ id: 'take', label: 'Взять' }] },
  address: (index) => JSON.stringify(service.subscriptionOf(index)),
  async start(misbehaviour, at) {
    const started = await startWebPushService({ misbehaviour, ...at })
    service = started
    return {
      settings: { ...own, services: [started.url] },
      port: started.port,
      taken: () => started.received.map(({ payload }) => String(payload['messageId'])),
      close: () => started.close(),
    }
  },
  forge(call) {
    const report = JSON.parse(call.body.toString()) as object
    return { ...call, body: Buffer.from(JSON.stringify({ ...report, proof: 'x'.repeat(22) })) }
  },
}

channelSuite('webpush', subject)

const withChannel = async (
  run: (bench: ChannelBench) => Promise<void>,
  of: ChannelSubject = subject,
): Promise<void> => run(await ChannelBench.start(of))

const texts: [string, string][] = [
  ['en', 'You’ve 500 MB left 📶'],
  ['ru', 'Ещё 500 МБ за 150 ₽?\nОтветьте «да»'],
  ['uk', 'Ґава з’їла пакет 🦔🇺🇦'],
]

describe('a push, as the browser decrypts it', () => {
  test.each(texts)('%s', (_, text) =>
    withChannel(async (bench) => {
      const messageId = newId()
      const outcome = await bench.submitOne({ messageId, text })
      expect(outcome).toEqual({ outcome: 'accepted', providerMessageId: `${service.url}/message/1` })
      const [push] = service.received
      expect(push).toMatchObject({ ttlS: 3_600, topic: messageId.replaceAll('-', ''), urgency: 'normal' })
      expect(push!.payload).toMatchObject({
        messageId,
        title: 'Tenure',
        body: text,
        link: 'https://t.example/1',
        actions: [{ action: 'take', title: 'Взять' }],
        reportUrl: bench.callbackUrl,
      })
    }),
  )

  test.each([404, 410] as const)('%i: the subscription is over', (status) =>
    withChannel(async (bench) => {
      service.drop(0, status)
      expect(await bench.submitOne({})).toEqual({ outcome: 'refused', reason: 'subscription_gone' })
      expect(bench.gone).toMatchObject([{ address: subject.address(0), reason: 'subscription_gone' }])
    }),
  )

  test('that is too long never leaves', () =>
    withChannel(async (bench) => {
      expect(await bench.submitOne({ text: 'я'.repeat(2_000) })).toEqual({
        outcome: 'refused',
        reason: 'too_long',
      })
      expect(service.stats.requests).toBe(0)
      expect((await bench.submitOne({ text: 'я'.repeat(1_700) })).outcome).toBe('accepted')
    }))

  test.each([
    ['nothing', '', 'subscription_invalid'],
    [
      'keys that are none',
      JSON.stringify({ endpoint: 'PEER', keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) } }),
      'subscription_invalid',
    ],
    [
      'an address of our own network',
      JSON.stringify({
        endpoint: 'http://127.0.0.1:1/x',
        keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) },
      }),
      'push_service_unknown',
    ],
  ])('%s is no subscription', (_, address, reason) =>
    withChannel(async (bench) => {
      const outcome = await bench.submitOne({ address: address.replace('PEER', `${service.url}/push/0`) })
      expect(outcome).toEqual({ outcome: 'refused', reason })
      expect(service.stats.requests).toBe(0)
      expect(bench.gone).toEqual([])
    }),
  )
})

describe('web-push-testing, an independent push service', () => {
  let url: string
  let stop: () => void
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return await answer.json().catch(() => ({}))
  }

  beforeAll(async () => {
    const port = await freePort()
    url = `http://localhost:${port}`
    const main = createRequire(import.meta.url).resolve('web-push-testing/src/server.js')
    const model = join(dirname(main), 'PushApiModel.js')
    const program = `
      const Server = require(${JSON.stringify(main)})
      const { PushApiModel } = require(${JSON.stringify(model)})
      new Server(new PushApiModel(), ${port}).startServer()`
    const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
    stop = () => void child.kill()
    const isUp = (): Promise<boolean> =>
      fetch(`${url}/status`, { method: 'POST' }).then(
        ({ ok }) => ok,
        () => false,
      )
    await vi.waitUntil(isUp, { timeout: 20_000 })
  })
  afterAll(() => stop())

  test('decrypts what we send, in three languages, until the subscription expires', async () => {
    const { data } = (await post('/subscribe', {
      applicationServerKey: publicKey,
      userVisibleOnly: 'true',
    })) as {
      data: { clientHash: string }
    }
    const start = async (): Promise<ChannelPeer> => ({
      settings: { ...own, services: [url] },
      port: 0,
      taken: () => [],
      close: async () => undefined,
    })
    const peer = { ...subject, start, address: () => JSON.stringify(data) }
    await withChannel(async (bench) => {
      for (const [, text] of texts) expect((await bench.submitOne({ text })).outcome).toBe('accepted')
      const got = (await post('/get-notifications', { clientHash: data.clientHash })) as {
        data: { messages: string[] }
      }
      const bodies = got.data.messages.map((each) => (JSON.parse(each) as { body: string }).body)
      expect(bodies).toEqual(texts.map(([, text]) => text))
      await post(`/expire-subscription/${data.clientHash}`, {})
      expect(await bench.submitOne({})).toEqual({ outcome: 'refused', reason: 'subscription_gone' })
    }, peer)
  })
})
