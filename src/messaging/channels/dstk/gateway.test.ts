import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { channelSuite } from '../../../../test/channel-suite.ts'
import { DomainError, ManualClock } from '../../../platform/index.ts'
import { startDstkGateway } from '../../../simulator/providers/index.ts'
import type {
  CallbackReply,
  Channel,
  DeliveryReceipt,
  InboundAnswer,
  OutboundMessage,
} from '../../channel.ts'
import { dstk } from './index.ts'

channelSuite('dstk', {
  kind: dstk,
  receipts: ['delivered'],
  answers: true,
  content: { choices: [{ id: 'data-500', label: '500 МБ' }] },
  address: (index) => `+7999${String(index).padStart(7, '0')}`,
  async start(misbehaviour, at) {
    const gateway = await startDstkGateway({ misbehaviour, ...at })
    return {
      settings: { url: gateway.url, timeoutMs: 2_000 },
      port: gateway.port,
      taken: () => gateway.received.map((push) => push.messageId),
      close: () => gateway.close(),
    }
  },
})

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

type Reached = {
  channel: Channel
  receipts: DeliveryReceipt[]
  answers: InboundAnswer[]
  report(body: object): Promise<CallbackReply>
}

function channelTo(url: string): Reached {
  const settings = {
    kind: 'Channel',
    id: 'dstk',
    priceMinor: '1',
    url,
    token: 'k',
    timeoutMs: 100,
    concurrency: 4,
  }
  const channel = dstk.create(dstk.settings.parse(settings), { clock: new ManualClock(startMs) })
  const receipts: DeliveryReceipt[] = []
  const answers: InboundAnswer[] = []
  void channel.start({
    onReceipts: async (batch) => void receipts.push(...batch),
    onAnswer: async (answer) => void answers.push(answer),
    onAddressGone: async () => undefined,
  })
  closing.unshift(() => channel.stop())
  const report = (body: object): Promise<CallbackReply> =>
    channel.callback!({ method: 'POST', headers: {}, query: {}, body: Buffer.from(JSON.stringify(body)) })
  return { channel, receipts, answers, report }
}

const message = (index: number, text: string): OutboundMessage => ({
  messageId: `m${index}`,
  address: '+79990000001',
  text,
  choices: [{ id: 'data-500', label: '500 МБ' }],
  reference: index,
  expiresAtMs: startMs + 60_000,
})

/** Submits one at a time, so that what one leads to does not touch the others. */
async function outcomesOf(channel: Channel, texts: string[]): Promise<unknown[]> {
  const outcomes: unknown[] = []
  for (const [index, text] of texts.entries()) {
    outcomes.push(
      await new Promise((resolve) => channel.submit([message(index, text)], (_, is) => resolve(is))),
    )
  }
  return outcomes
}

describe('the dstk channel', () => {
  test('pushes by the contract', async () => {
    const { pushes, url } = await gateway((text, response) =>
      response.writeHead(202).end(JSON.stringify({ token: `t-${text}` })),
    )
    const outcomes = await outcomesOf(channelTo(url).channel, ['0', '1'])
    expect(outcomes).toEqual([
      { outcome: 'accepted', providerMessageId: 't-0' },
      { outcome: 'accepted', providerMessageId: 't-1' },
    ])
    const [first] = pushes
    expect(first!.url).toBe('/v1/pushes')
    expect(first!.headers).toMatchObject({ 'idempotency-key': 'm0', authorization: 'Bearer k' })
    expect(first!.body).toEqual({
      messageId: 'm0',
      address: '+79990000001',
      text: '0',
      choices: [{ id: 'data-500', label: '500 МБ' }],
      validUntil: '2026-01-05T12:01:00Z',
    })
  })

  test('tells refusals and doubts apart', async () => {
    const { url } = await gateway((text, response) => {
      if (text === 'silence') return
      if (text === 'cut') response.socket?.destroy()
      else response.writeHead(Number(text)).end('{}')
    })
    expect(
      await outcomesOf(channelTo(url).channel, ['400', '409', '500', '202', 'silence', 'cut']),
    ).toMatchObject([
      { outcome: 'refused', reason: 'http 400' },
      { outcome: 'refused' },
      { outcome: 'unknown', reason: 'http 500' },
      { outcome: 'unknown', reason: 'answer without a token' },
      { outcome: 'unknown', reason: 'UND_ERR_HEADERS_TIMEOUT' },
      { outcome: 'unknown' },
    ])
  })

  test.each(['429', '503'])('%s: nothing goes before the gateway wants it again', async (status) => {
    const { pushes, url } = await gateway((text, response) =>
      response.writeHead(Number(text), { 'retry-after': '7' }).end('{}'),
    )
    const { channel } = channelTo(url)
    expect(await outcomesOf(channel, [status, status])).toMatchObject([
      { outcome: 'retry', afterMs: 7_000, reason: 'rate_limited' },
      { outcome: 'retry', reason: 'channel_down' },
    ])
    expect(channel.room()).toBe(0)
    expect(pushes).toHaveLength(1)
  })

  test('callbacks become receipts and answers', async () => {
    const { receipts, answers, report } = channelTo('http://127.0.0.1:1')
    const callback = { token: 't1', messageId: 'm1', at: '2026-01-05T15:00:00+03:00' }
    for (const event of ['shown', 'refused', 'no_answer', 'unreachable']) {
      expect(await report({ ...callback, event })).toEqual({ status: 204 })
    }
    await report({ ...callback, event: 'accepted', choice: 'data-500' })
    const push = { providerMessageId: 't1', messageId: 'm1', atMs: startMs }
    expect(receipts).toEqual([
      { ...push, status: 'delivered' },
      { ...push, status: 'seen', reason: 'refused' },
      { ...push, status: 'delivered', reason: 'no_answer' },
      { ...push, status: 'failed', reason: 'unreachable' },
    ])
    const answer = { address: '', channel: 'dstk', text: 'data-500', choice: 'data-500', messageId: 'm1' }
    expect(answers).toEqual([{ ...answer, dedupeKey: 'dstk:t1:accepted', atMs: startMs }])
  })

  test('a callback that is none is refused with its field', async () => {
    const { report } = channelTo('http://127.0.0.1:1')
    const refusal = report({ token: 't1', messageId: 'm1', event: 'clicked' })
    await expect(refusal).rejects.toThrow(DomainError)
    await expect(refusal).rejects.toMatchObject({ details: { field: 'event' } })
  })
})
