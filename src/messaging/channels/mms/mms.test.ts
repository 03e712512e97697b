import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { type MmsRelay, startMmsRelay } from '../../../simulator/providers/index.ts'
import { readEnvelope } from './mm7.ts'
import { mms } from './index.ts'

const picture = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 256))
let relay: MmsRelay
let asked = 0
const pictures = createServer((request, response) => {
  asked++
  if (request.url === '/tulips.jpg') response.end(picture)
  else if (request.url === '/huge.jpg') response.end(Buffer.alloc(300_001))
  else response.writeHead(404).end()
})
beforeAll(() => new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve)))
afterAll(() => pictures.close())
const mediaUrl = (path: string): string =>
  `http://127.0.0.1:${(pictures.address() as AddressInfo).port}/${path}`

const subject: ChannelSubject = {
  kind: mms,
  receipts: ['delivered', 'seen'],
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  async start(misbehaviour, at) {
    relay = await startMmsRelay({ misbehaviour, ...at })
    const { received, close } = relay
    return {
      settings: {
        url: relay.url,
        vaspId: 'tenure',
        vasId: 'news',
        senderAddress: '4040',
        username: 'u',
        password: 'p',
        timeoutMs: 2_000,
      },
      port: relay.port,
      taken: () => received.map(({ transactionId }) => transactionId),
      close,
    }
  },
}

channelSuite('mms', subject)

test('a picture and 268 Cyrillic characters arrive as they were; the picture is fetched once', async () => {
  const bench = await ChannelBench.start(subject)
  const text = 'Ж'.repeat(262) + ' <&>"\''
  const media = { url: mediaUrl('tulips.jpg'), contentType: 'image/jpeg' }
  const batch = bench
    .messages(3)
    .map((message) => ({ ...message, text, media, subject: 'Тюльпаны & мандарины' }))
  asked = 0
  const outcomes = await bench.submit(batch)
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
  expect(asked).toBe(1)
  expect(relay.received).toHaveLength(3)
  for (const taken of relay.received)
    expect(taken).toMatchObject({
      text,
      subject: 'Тюльпаны & мандарины',
      media: { type: 'image/jpeg', bytes: 10_000 },
    })
})

test('a picture that is not there or too large refuses the message before anything is sent', async () => {
  const bench = await ChannelBench.start(subject)
  const of = (path: string) => ({
    ...bench.messages(1)[0]!,
    media: { url: mediaUrl(path), contentType: 'image/jpeg' },
  })
  expect(await bench.submit([of('none.jpg'), of('huge.jpg')])).toEqual([
    { outcome: 'refused', reason: 'media_missing' },
    { outcome: 'refused', reason: 'media_too_large' },
  ])
  expect(relay.received).toEqual([])
})

test.each([
  ['Retrieved', [{ status: 'delivered' }]],
  ['Expired', [{ status: 'expired' }]],
  ['Rejected', [{ status: 'failed', reason: 'rejected' }]],
  ['Unrecognised', [{ status: 'failed', reason: 'unrecognised' }]],
  ['Deferred', []],
])('a report "%s" becomes %j and is answered as taken', async (mmStatus, receipts) => {
  const bench = await ChannelBench.start(subject)
  const body = Buffer.from(
    `<Envelope><Header><TransactionID>t1</TransactionID></Header><Body><DeliveryReportReq><MessageID>m1</MessageID>` +
      `<MMStatus>${mmStatus}</MMStatus><Date>2026-01-05T13:00:00Z</Date></DeliveryReportReq></Body></Envelope>`,
  )
  const reply = await bench.take({ method: 'POST', headers: {}, query: {}, body })
  expect(reply.status).toBe(200)
  expect(readEnvelope(reply.body!)).toMatchObject({
    name: 'DeliveryReportRsp',
    transactionId: 't1',
    fields: { Status: { StatusCode: '1000' } },
  })
  expect(bench.receipts).toMatchObject(
    receipts.map((each) => ({ ...each, providerMessageId: 'm1', atMs: Date.UTC(2026, 0, 5, 13) })),
  )
  expect(bench.receipts).toHaveLength(receipts.length)
})
