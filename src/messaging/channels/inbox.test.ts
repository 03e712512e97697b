import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { createHttp, type FastifyInstance, ManualClock, newId } from '../../platform/index.ts'
import type { DeliveryReceipt, InboundAnswer, OutboundMessage, SubmitOutcome } from '../channel.ts'
import { inboxRoutes } from '../inbox-http.ts'
import { insertEntries } from '../inbox-store.ts'
import { inbox } from './inbox.ts'

let stores: TestDatabase
let http: FastifyInstance
const clock = new ManualClock(Date.UTC(2026, 0, 5, 12))
const receipts: DeliveryReceipt[] = []
const answers: InboundAnswer[] = []
beforeAll(async () => {
  stores = await testDatabase()
  http = createHttp(() => undefined)
  http.addHook('onRequest', async (request) => {
    Object.assign(request, { principal: { tenantId: stores.tenantId } })
  })
  inboxRoutes(http, {
    database: stores.database,
    clock,
    inbound: () => ({
      onReceipts: async (batch) => void receipts.push(...batch),
      onAnswer: async (answer) => void answers.push(answer),
      onAddressGone: async () => undefined,
    }),
  })
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

const channelOver = (put: (messages: OutboundMessage[]) => Promise<void>) =>
  inbox.create({ kind: 'Channel', id: 'inbox', priceMinor: '0' }, { clock, inbox: { put } })
const stored = (messages: OutboundMessage[]): Promise<void> =>
  stores.database.tx(stores.tenantId, (tx) => insertEntries(tx, messages, clock.now()))
const messageTo = (subscriber: number, rest: Partial<OutboundMessage> = {}): OutboundMessage => ({
  messageId: newId(),
  address: String(subscriber),
  text: '500 МБ за 150 ₽',
  choices: [{ id: 'data-500', label: 'Да' }],
  reference: 1,
  expiresAtMs: clock.nowMs() + 3_600_000,
  ...rest,
})
const submitted = (
  channel: ReturnType<typeof channelOver>,
  messages: OutboundMessage[],
): Promise<SubmitOutcome[]> =>
  new Promise((resolve) => {
    const outcomes: SubmitOutcome[] = []
    let open = messages.length
    channel.submit(messages, (index, outcome) => {
      outcomes[index] = outcome
      if (--open === 0) resolve(outcomes)
    })
  })
const ask = async (
  subscriber: number,
): Promise<{ messageId: string; content: object; seenAt: string | null }[]> =>
  (await http.inject({ url: `/v1/subscribers/${subscriber}/inbox` })).json().entries
const report = (subscriber: number, body: object) =>
  http.inject({ method: 'POST', url: `/v1/subscribers/${subscriber}/inbox/reports`, payload: body })

describe('the inbox', () => {
  test('keeps what is put in, once, and hands it out until it expires; asked for means delivered', async () => {
    const channel = channelOver(stored)
    const batch = [messageTo(1), messageTo(1), messageTo(2)]
    const outcomes = await submitted(channel, [...batch, batch[0]!])
    expect(outcomes).toEqual(
      [...batch, batch[0]!].map(({ messageId }) => ({ outcome: 'accepted', providerMessageId: messageId })),
    )
    const entries = await ask(1)
    expect(entries.map((each) => each.messageId).toSorted()).toEqual(
      [batch[0]!.messageId, batch[1]!.messageId].toSorted(),
    )
    expect(entries[0]!.content).toEqual({
      text: '500 МБ за 150 ₽',
      choices: [{ id: 'data-500', label: 'Да' }],
    })
    expect(receipts.map(({ status }) => status)).toEqual(['delivered', 'delivered'])
    await ask(1)
    expect(receipts).toHaveLength(2)
    clock.setMs(clock.nowMs() + 3_600_000)
    expect(await ask(1)).toEqual([])
  })

  test('tells what was read and pressed once, and nothing of somebody else’s message', async () => {
    receipts.length = 0
    const channel = channelOver(stored)
    const message = messageTo(3)
    await submitted(channel, [message])
    const { messageId } = message
    expect((await report(4, { event: 'seen', messageId })).statusCode).toBe(404)
    for (const event of ['seen', 'clicked', 'seen'])
      expect((await report(3, { event, messageId })).statusCode).toBe(204)
    expect(receipts).toMatchObject([
      { messageId, status: 'seen' },
      { messageId, status: 'clicked' },
    ])
    expect((await report(3, { event: 'answered', messageId, choice: 'data-500' })).statusCode).toBe(204)
    expect(answers).toMatchObject([{ messageId, choice: 'data-500', text: 'data-500', channel: 'inbox' }])
    expect((await ask(3))[0]!.seenAt).toBe(clock.now().toString())
    expect((await report(3, { event: 'burnt', messageId })).statusCode).toBe(422)
  })

  test('what could not be stored is in doubt and may be put in again; what has expired is not stored', async () => {
    let isDown = true
    const channel = channelOver((messages) => (isDown ? Promise.reject(new Error('away')) : stored(messages)))
    const message = messageTo(5)
    expect(await submitted(channel, [message, messageTo(5, { expiresAtMs: clock.nowMs() })])).toEqual([
      { outcome: 'unknown', reason: 'not_stored' },
      { outcome: 'refused', reason: 'expired' },
    ])
    isDown = false
    expect(await submitted(channel, [message])).toMatchObject([{ outcome: 'accepted' }])
    expect(await ask(5)).toHaveLength(1)
    const all = submitted(channel, [messageTo(5), messageTo(5)])
    await channel.stop()
    expect((await all).map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted'])
    expect(channel.room()).toBe(0)
    expect(await submitted(channel, [messageTo(5)])).toMatchObject([{ outcome: 'retry' }])
  })
})
