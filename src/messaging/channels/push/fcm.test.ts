import { describe, expect, test } from 'vitest'
import { ChannelBench, type ChannelSubject, channelSuite } from '../../../../test/channel-suite.ts'
import { newId } from '../../../platform/index.ts'
import { type Firebase, startFirebase } from '../../../simulator/providers/index.ts'
import type { Callback } from '../../channel.ts'
import { push } from './fcm.ts'
import { proofOf } from './report.ts'

const reportSecret = 'a secret of sixteen or more'
let firebase: Firebase

const subject: ChannelSubject = {
  kind: push,
  receipts: ['delivered', 'seen', 'clicked'],
  answers: true,
  content: { subject: 'Tenure', link: 'https://t.example/1', choices: [{ id: 'take', label: 'Взять' }] },
  address: (index) => `token-${index}`,
  async start(misbehaviour, at) {
    const started = await startFirebase({ misbehaviour, ...at })
    firebase = started
    const { url, port, account } = started
    return {
      settings: { projectId: 'simulated', url, account, reportSecret, timeoutMs: 2_000 },
      port,
      taken: () => started.received.map((message) => message.data!['messageId']!),
      close: () => started.close(),
    }
  },
  forge(call) {
    const report = JSON.parse(call.body.toString()) as { messageId: string }
    return { ...call, body: Buffer.from(JSON.stringify({ ...report, messageId: newId() })) }
  },
}

channelSuite('push', subject)

const withChannel = async (run: (bench: ChannelBench) => Promise<void>): Promise<void> =>
  run(await ChannelBench.start(subject))

describe('a push', () => {
  test.each([
    ['en', 'You’ve 500 MB left 📶'],
    ['ru', 'Ещё 500 МБ за 150 ₽?\nОтветьте «да»'],
    ['uk', 'Ґава з’їла пакет 🦔🇺🇦'],
  ])('%s, as the phone gets it', (_, text) =>
    withChannel(async (bench) => {
      const messageId = newId()
      const media = { url: 'https://t.example/p.png', contentType: 'image/png' }
      await bench.submitOne({ messageId, text, media })
      const [message] = firebase.received
      expect(message).toMatchObject({
        token: 'token-0',
        notification: { title: 'Tenure', body: text, image: 'https://t.example/p.png' },
        data: { messageId, link: 'https://t.example/1', choices: '[{"id":"take","label":"Взять"}]' },
        android: { collapse_key: messageId, ttl: '3600s', notification: { tag: messageId } },
        apns: { headers: { 'apns-collapse-id': messageId } },
      })
    }),
  )

  test('that is too long never leaves', () =>
    withChannel(async (bench) => {
      // Two bytes a letter: by letters it would fit.
      expect(await bench.submitOne({ text: 'я'.repeat(2_000) })).toEqual({
        outcome: 'refused',
        reason: 'too_long',
      })
      expect(firebase.stats.requests).toBe(0)
      expect((await bench.submitOne({ text: 'я'.repeat(1_700) })).outcome).toBe('accepted')
    }))

  test('asks for one access token, and for another when that is void', () =>
    withChannel(async (bench) => {
      await bench.submit(bench.messages(20))
      expect(firebase.stats.tokens).toBe(1)
      firebase.revoke()
      expect(await bench.submitOne({})).toMatchObject({ outcome: 'retry', reason: 'login_refused' })
      expect((await bench.submitOne({})).outcome).toBe('accepted')
      expect(firebase.stats.tokens).toBe(2)
    }))
})

describe('what Firebase says', () => {
  test.each([
    ['gone', { outcome: 'refused', reason: 'token_unregistered' }, 1],
    ['invalid', { outcome: 'refused', reason: 'token_invalid' }, 1],
    ['other', { outcome: 'refused', reason: 'sender_id_mismatch' }, 0],
    ['quota', { outcome: 'retry', afterMs: 17_000, reason: 'rate_limited' }, 0],
    ['busy', { outcome: 'retry', afterMs: 60_000, reason: 'rate_limited' }, 0],
  ])('of a token %s', (address, outcome, goneCount) =>
    withChannel(async (bench) => {
      expect(await bench.submitOne({ address })).toEqual(outcome)
      expect(bench.gone.map((each) => each.address)).toEqual(Array.from({ length: goneCount }, () => address))
      expect(bench.channel.room() === 0).toBe(outcome.outcome === 'retry')
    }),
  )
})

describe('what the app reports', () => {
  const call = (body: object): Callback => ({
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    query: {},
    body: Buffer.from(JSON.stringify(body)),
  })

  test('comes in several at a time, and never from the future', () =>
    withChannel(async (bench) => {
      const messageId = newId()
      const own = { messageId, proof: proofOf(messageId, reportSecret) }
      const reply = await bench.take(
        call([
          { ...own, event: 'delivered', at: '2026-01-05T11:59:00Z' },
          { ...own, event: 'dismissed', at: '2027-01-05T11:59:00Z' },
        ]),
      )
      expect(reply).toEqual({ status: 204 })
      const noonMs = Date.UTC(2026, 0, 5, 12)
      expect(bench.receipts).toEqual([
        { messageId, status: 'delivered', atMs: noonMs - 60_000 },
        { messageId, status: 'seen', reason: 'dismissed', atMs: noonMs },
      ])
    }))

  test('is kept whole or not at all', () =>
    withChannel(async (bench) => {
      const messageId = newId()
      const own = { messageId, proof: proofOf(messageId, reportSecret), event: 'seen' }
      expect(await bench.take(call([own, { ...own, proof: 'x' }]))).toEqual({ status: 401 })
      expect((await bench.take(call({ ...own, event: 'bought' }))).status).toBe(400)
      expect(bench.receipts).toEqual([])
    }))
})
