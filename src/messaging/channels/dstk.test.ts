import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { DomainError, ManualClock } from '../../platform/index.ts'
import type { DeliveryReceipt, InboundAnswer, OutboundMessage } from '../channel.ts'
import { createDstkChannel, type DstkChannel } from './dstk.ts'

const startMs = Date.UTC(2026, 0, 5, 12)
const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Push = { headers: IncomingMessage['headers']; url: string | undefined; body: Record<string, unknown> }

/** A gateway whose answer to a push the test decides by the push's text. */
async function gateway(answer: (text: string, response: ServerResponse, push: Push) => void) {
  const pushes: Push[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
      const push = { headers: request.headers, url: request.url, body }
      pushes.push(push)
      answer(String(body['text']), response, push)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { pushes, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

function channelTo(gatewayUrl: string): {
  channel: DstkChannel
  receipts: DeliveryReceipt[]
  answers: InboundAnswer[]
} {
  const channel = createDstkChannel(
    { gatewayUrl, token: 'k', timeoutMs: 100, concurrency: 4 },
    new ManualClock(startMs),
  )
  const receipts: DeliveryReceipt[] = []
  const answers: InboundAnswer[] = []
  void channel.start({
    onReceipt: async (receipt) => void receipts.push(receipt),
    onAnswer: async (answer) => void answers.push(answer),
  })
  closing.unshift(() => channel.stop())
  return { channel, receipts, answers }
}

const message = (index: number, text: string): OutboundMessage => ({
  messageId: `m${index}`,
  address: '+79990000001',
  text,
  choices: [{ id: 'data-500', label: '500 МБ' }],
  reference: index,
  expiresAtMs: startMs + 60_000,
})

describe('the dstk channel', () => {
  test('pushes by the contract and answers in the order of the messages', async () => {
    const { pushes, url } = await gateway((text, response) => {
      setTimeout(
        () => response.writeHead(202).end(JSON.stringify({ token: `t-${text}` })),
        Number(text) % 3 === 0 ? 20 : 0,
      )
    })
    const outcomes = await channelTo(url).channel.submit(
      Array.from({ length: 30 }, (_, index) => message(index, `${index}`)),
    )
    expect(outcomes).toEqual(
      Array.from({ length: 30 }, (_, index) => ({ outcome: 'accepted', providerMessageId: `t-${index}` })),
    )
    const first = pushes.find((push) => push.body['messageId'] === 'm0')!
    expect(first.url).toBe('/v1/pushes')
    expect(first.headers).toMatchObject({ 'idempotency-key': 'm0', authorization: 'Bearer k' })
    expect(first.body).toEqual({
      messageId: 'm0',
      address: '+79990000001',
      text: '0',
      choices: [{ id: 'data-500', label: '500 МБ' }],
      validUntil: '2026-01-05T12:01:00Z',
    })
  })

  test('tells refusals, later tries and doubts apart', async () => {
    const { url } = await gateway((text, response) => {
      if (text === 'silence') return
      if (text === 'cut') response.socket?.destroy()
      else response.writeHead(Number(text), { 'retry-after': '7' }).end('{}')
    })
    const texts = ['400', '409', '429', '503', '500', '202', 'silence', 'cut']
    const outcomes = await channelTo(url).channel.submit(texts.map((text, index) => message(index, text)))
    expect(outcomes).toMatchObject([
      { outcome: 'refused', reason: 'http 400' },
      { outcome: 'refused' },
      { outcome: 'retry', afterMs: 7_000 },
      { outcome: 'retry', afterMs: 7_000 },
      { outcome: 'unknown', reason: 'http 500' },
      { outcome: 'unknown', reason: 'answer without a token' },
      { outcome: 'unknown', reason: 'UND_ERR_HEADERS_TIMEOUT' },
      { outcome: 'unknown' },
    ])
  })

  test('a gateway that is not there has certainly not taken the message', async () => {
    const outcomes = await channelTo('http://127.0.0.1:1').channel.submit([message(1, 'x')])
    expect(outcomes).toMatchObject([{ outcome: 'retry', reason: 'ECONNREFUSED' }])
  })

  test('callbacks become receipts and answers', async () => {
    const { channel, receipts, answers } = channelTo('http://127.0.0.1:1')
    const callback = { token: 't1', messageId: 'm1', at: '2026-01-05T15:00:00+03:00' }
    for (const event of ['shown', 'refused', 'no_answer', 'unreachable'])
      await channel.handleDstkCallback({ ...callback, event })
    await channel.handleDstkCallback({ ...callback, event: 'accepted', choice: 'data-500' })
    const push = { providerMessageId: 't1', messageId: 'm1' }
    expect(receipts).toEqual([
      { ...push, status: 'delivered', atMs: startMs },
      { ...push, status: 'seen', reason: 'refused', atMs: startMs },
      { ...push, status: 'delivered', reason: 'no_answer', atMs: startMs },
      { ...push, status: 'failed', reason: 'unreachable', atMs: startMs },
    ])
    expect(answers).toEqual([
      {
        address: '',
        channel: 'dstk',
        text: 'data-500',
        choice: 'data-500',
        messageId: 'm1',
        dedupeKey: 'dstk:t1:accepted',
        atMs: startMs,
      },
    ])
  })

  test('a callback that is none is refused with its field', async () => {
    const { channel } = channelTo('http://127.0.0.1:1')
    const refusal = channel.handleDstkCallback({ token: 't1', messageId: 'm1', event: 'clicked' })
    await expect(refusal).rejects.toThrow(DomainError)
    await expect(refusal).rejects.toMatchObject({ details: { field: 'event' } })
  })
})
