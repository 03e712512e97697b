import smpp, { type PDU, type Session } from 'smpp'
import { afterEach, describe, expect, test } from 'vitest'
import { startSmsc, type IncomingMessage, type Smsc, type SmscOptions } from './index.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function start(
  options: Partial<SmscOptions> = {},
): Promise<{ smsc: Smsc; messages: IncomingMessage[] }> {
  const messages: IncomingMessage[] = []
  const smsc = await startSmsc({ idPrefix: 'id', onMessage: (message) => messages.push(message), ...options })
  closing.push(() => smsc.close())
  return { smsc, messages }
}

/** Binds and gives the first delivery, which may come right behind the response. */
async function bindAndWait(port: number): Promise<[Session, PDU]> {
  const delivered = Promise.withResolvers<PDU>()
  const session = await bind(port, (fresh) => fresh.once('deliver_sm', delivered.resolve))
  return [session, await delivered.promise]
}

async function bind(port: number, prepare: (session: Session) => void = () => {}): Promise<Session> {
  const session = smpp.connect({ host: '127.0.0.1', port })
  session.on('error', () => {})
  prepare(session)
  closing.push(() => session.destroy())
  await new Promise<PDU>((resolve) => session.bind_transceiver({ system_id: 'a', password: 'b' }, resolve))
  return session
}

const submit = (session: Session, fields: Record<string, unknown>) =>
  new Promise<PDU>((resolve) => {
    session.submit_sm({ destination_addr: '79990000001', dest_addr_ton: 1, ...fields }, resolve)
  })

describe('the simulated SMSC', () => {
  test('joins parts in any order and gives each its own id', async () => {
    const { smsc, messages } = await start()
    const session = await bind(smsc.port)
    const part = (sequence: number, message: string) =>
      submit(session, {
        data_coding: 8,
        short_message: { udh: Buffer.from([5, 0, 3, 9, 2, sequence]), message },
      })
    const responses = [await part(2, 'мир'), await part(1, 'привет ')]
    expect(responses.map((response) => response.message_id)).toEqual(['id-1', 'id-2'])
    expect(messages).toEqual([
      { address: '+79990000001', text: 'привет мир', parts: 2, messageId: 'id-2,id-1' },
    ])
  })

  test('throttles whom the caller names, and only those', async () => {
    const { smsc, messages } = await start({
      shouldThrottle: (part) => part.text === 'wait' && part.reference === 4,
    })
    const session = await bind(smsc.port)
    const text = (message: string, reference: number) =>
      submit(session, { short_message: message, user_message_reference: reference })
    expect((await text('wait', 4)).command_status).toBe(0x58)
    expect((await text('wait', 5)).command_status).toBe(0)
    expect(messages.map((message) => message.reference)).toEqual([5])
    expect(smsc.stats()).toMatchObject({
      bound: true,
      binds: 1,
      partsAccepted: 1,
      partsThrottled: 1,
      messages: 1,
    })
  })

  test('delivers again to the next peer what the last one left unanswered', async () => {
    const { smsc } = await start()
    const sent = smsc.sendReceipt({
      messageId: 'x',
      address: '+79990000001',
      status: 'EXPIRED',
      atMs: Date.UTC(2026, 0, 2, 3, 4),
    })
    const [dying] = await bindAndWait(smsc.port)
    dying.destroy()
    const [next, receipt] = await bindAndWait(smsc.port)
    expect(receipt).toMatchObject({
      esm_class: 4,
      receipted_message_id: 'x',
      message_state: 3,
      source_addr: '79990000001',
    })
    expect(receipt.short_message.message).toContain('done date:2601020304 stat:EXPIRED')
    expect(smsc.stats().deliveriesOpen).toBe(1)
    next.send(receipt.response())
    await sent
    expect(smsc.stats()).toMatchObject({ deliveriesOpen: 0, deliveriesAnswered: 1 })
  })

  test('asks a USSD question again when the peer went before its reply', async () => {
    const { smsc } = await start()
    const reply = smsc.sendUssd({ address: '+79990000001', text: '*111#', session: 's' })
    const [dying, first] = await bindAndWait(smsc.port)
    dying.send(first.response())
    await expect.poll(() => smsc.stats().deliveriesAnswered).toBe(1)
    dying.destroy()
    const [next, again] = await bindAndWait(smsc.port)
    expect(again.user_message_reference).toBe(first.user_message_reference)
    next.send(again.response())
    await submit(next, {
      ussd_service_op: 17,
      its_session_info: again.its_session_info,
      short_message: 'done',
    })
    expect(await reply).toBe('done')
  })
})
