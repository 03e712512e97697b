import net from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../../platform/index.ts'
import type { DeliveryReceipt, OutboundMessage } from '../../channel.ts'
import { encodeUcs2 } from './alphabet.ts'
import { Framer } from './framer.ts'
import { decodePdu, encodePdu, makePdu, tlvInt16, type Decoded, type Pdu } from './pdu.ts'
import { status, tag, type Command, type Fields } from './pdu-layout.ts'
import { outcomesOf } from '../../../../test/peers/outcomes.ts'
import { createSmsChannel, type SmsChannel, type SmsOptions } from './sms-channel.ts'

const startMs = Date.UTC(2026, 0, 5, 12)

/** One connection as the misbehaving peer sees it. */
type Line = {
  send<C extends Command>(
    command: C,
    sequence: number,
    fields?: Partial<Fields<C>>,
    more?: { status?: number; tlvs?: Map<number, Buffer> },
  ): void
  socket: net.Socket
}

type Peer = { port: number; seen: Decoded[]; lines: Line[] }

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A server that binds whoever comes and leaves everything else to the test. */
async function peer(handle: (pdu: Pdu, line: Line) => void, bindStatus = () => 0): Promise<Peer> {
  const made: Peer = { port: 0, seen: [], lines: [] }
  const server = net.createServer((socket) => {
    const framer = new Framer()
    const line: Line = {
      socket,
      send: (command, sequence, fields, more) =>
        void socket.write(encodePdu(makePdu(command, sequence, fields, more) as unknown as Pdu)),
    }
    made.lines.push(line)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      const units: Buffer[] = []
      framer.push(chunk, (bytes, start, end) => units.push(Buffer.from(bytes.subarray(start, end))))
      for (const unit of units) {
        const pdu = decodePdu(unit)
        made.seen.push(pdu)
        if (pdu.command === 'unknown' || pdu.command === 'malformed') continue
        if (pdu.command === 'bind_transceiver')
          line.send('bind_transceiver_resp', pdu.sequence, {}, { status: bindStatus() })
        else if (pdu.command === 'unbind') line.send('unbind_resp', pdu.sequence)
        else handle(pdu, line)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  made.port = (server.address() as net.AddressInfo).port
  closing.push(() => {
    for (const line of made.lines) line.socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  })
  return made
}

async function channelTo(
  port: number,
  more: Partial<SmsOptions> = {},
): Promise<{ channel: SmsChannel; receipts: DeliveryReceipt[] }> {
  const receipts: DeliveryReceipt[] = []
  const account = { host: '127.0.0.1', port, systemId: 'tenure', password: 'secret' }
  const timing = { responseTimeoutMs: 150, reconnectMinMs: 10, throttleMinMs: 10, throttleMaxMs: 40 }
  const channel = createSmsChannel({ ...account, ...timing, ...more }, new ManualClock(startMs))
  await channel.start({
    async onReceipts(batch) {
      receipts.push(...batch)
    },
    onAddressGone: async () => {},
    onAnswer: async () => {},
  })
  closing.push(() => channel.stop())
  await channel.whenReady()
  return { channel, receipts }
}

function messages(count: number, text = 'x'): OutboundMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    messageId: `m${index}`,
    address: `+7999${1_000_000 + index}`,
    text,
    reference: index,
    expiresAtMs: startMs + 60_000,
  }))
}

const referencesOf = (seen: Decoded[]) =>
  seen.flatMap((pdu) => (pdu.command === 'submit_sm' ? [tlvInt16(pdu, tag.userMessageReference)] : []))

describe('a dialogue that we begin', () => {
  test('asks, takes the answer, tells the last word, and does not take its confirmation for an answer', async () => {
    const session = Buffer.from('0900', 'hex')
    const replies = ['Спасибо', '']
    const answers: string[] = []
    const server = await peer((pdu, line) => {
      if (pdu.command !== 'submit_sm') return
      line.send('submit_sm_resp', pdu.sequence, { messageId: 'u' })
      const asked = pdu.tlvs.get(tag.ussdServiceOp)?.[0]
      const confirmation = asked === 2 ? 18 : 19
      const fields = { source: pdu.fields.destination, sourceTon: 1, shortMessage: Buffer.from('1') }
      const tlvs = new Map<number, Buffer>([[tag.ussdServiceOp, Buffer.from([confirmation])]])
      line.send('deliver_sm', confirmation, fields, { tlvs: tlvs.set(tag.itsSessionInfo, session) })
    })
    const account = { host: '127.0.0.1', port: server.port, systemId: 'tenure', password: 'secret' }
    const channel = createSmsChannel(account, new ManualClock(startMs))
    closing.push(() => channel.stop())
    await channel.start({
      onReceipts: async () => {},
      onAddressGone: async () => {},
      onAnswer: async ({ text, session: heard }) => {
        answers.push(`${heard}:${text}`)
        return replies.shift()
      },
    })
    await channel.whenReady()
    const [question] = messages(1, 'Подключить? 1 — да')
    await outcomesOf(channel, [{ ...question!, ussd: { serviceOp: 2, session: '0900' } }])
    await expect.poll(() => server.seen.filter((pdu) => pdu.command === 'deliver_sm_resp').length).toBe(2)
    expect(answers).toEqual(['0900:1'])
    const sent = server.seen.flatMap((pdu) => (pdu.command === 'submit_sm' ? [pdu] : []))
    expect(sent.map((pdu) => pdu.tlvs.get(tag.ussdServiceOp)![0])).toEqual([2, 3])
    expect(sent.map((pdu) => pdu.tlvs.get(tag.itsSessionInfo))).toEqual([session, session])
    expect(sent[1]!.fields).toMatchObject({ serviceType: 'USSD', shortMessage: encodeUcs2('Спасибо') })
  })
})

describe('an SMSC that misbehaves', () => {
  test('no response: unknown after the time-out, sent once, the link lives on', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command === 'submit_sm' && tlvInt16(pdu, tag.userMessageReference) !== 1)
        line.send('submit_sm_resp', pdu.sequence, { messageId: 'id' })
    })
    const { channel } = await channelTo(server.port)
    const outcomes = await outcomesOf(channel, messages(3))
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['accepted', 'unknown', 'accepted'])
    expect(referencesOf(server.seen)).toEqual([0, 1, 2])
    expect(channel.bound).toBe(true)
  })

  test('throttled for a while: nothing overtakes, nothing is lost', async () => {
    let busyUntil = 0
    const accepted: (number | undefined)[] = []
    const server = await peer((pdu, line) => {
      if (pdu.command !== 'submit_sm') return
      const reference = tlvInt16(pdu, tag.userMessageReference)
      if (reference === 20 && busyUntil === 0) busyUntil = performance.now() + 60
      const busy = performance.now() < busyUntil
      if (!busy) accepted.push(reference)
      line.send(
        'submit_sm_resp',
        pdu.sequence,
        { messageId: `${reference}` },
        { status: busy ? [status.throttled, status.queueFull][reference! % 2]! : 0 },
      )
    })
    const { channel } = await channelTo(server.port, { window: 8 })
    const outcomes = await outcomesOf(channel, messages(50))
    expect(outcomes).toEqual(
      Array.from({ length: 50 }, (_, index) => ({ outcome: 'accepted', providerMessageId: `${index}` })),
    )
    expect(accepted).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  test('throttled for ever: everything comes back for later', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command === 'submit_sm')
        line.send('submit_sm_resp', pdu.sequence, {}, { status: status.throttled })
    })
    const { channel } = await channelTo(server.port, { throttleAttempts: 4 })
    const outcomes = await outcomesOf(channel, messages(200))
    expect(new Set(outcomes.map((outcome) => outcome.outcome))).toEqual(new Set(['retry']))
  })

  test('gone in the middle of a window: in doubt what was out, to be tried again what was not', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command !== 'submit_sm') return
      const reference = tlvInt16(pdu, tag.userMessageReference)
      if (reference! < 3) line.send('submit_sm_resp', pdu.sequence, { messageId: `${reference}` })
      else if (reference === 6) line.socket.end()
    })
    const { channel } = await channelTo(server.port, { window: 5, responseTimeoutMs: 2_000 })
    const outcomes = (await outcomesOf(channel, messages(12))).map((outcome) => outcome.outcome)
    const sent = referencesOf(server.seen)
    const expected = outcomes.map((_, index) => (index < 3 ? 'accepted' : index < 8 ? 'unknown' : 'retry'))
    expect(outcomes).toEqual(expected)
    expect(Math.max(...sent.map(Number))).toBeLessThan(8)
    await channel.whenReady()
    expect(server.lines.length).toBe(2)
    expect(new Set(sent).size).toBe(sent.length)
  })

  test('a part of a long message refused: the rest is not sent, the message is refused', async () => {
    let parts = 0
    const server = await peer((pdu, line) => {
      if (pdu.command === 'submit_sm')
        line.send('submit_sm_resp', pdu.sequence, { messageId: 'a' }, { status: ++parts === 2 ? 0x0b : 0 })
    })
    const { channel } = await channelTo(server.port, { window: 1 })
    const [outcome] = await outcomesOf(channel, messages(1, 'я'.repeat(300)))
    expect(outcome).toEqual({ outcome: 'refused', reason: 'partly_taken_invalid_destination_address' })
    expect(parts).toBe(2)
  })

  test('generic_nack and refusals for one message harm no other; a system error may be tried again', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command !== 'submit_sm') return
      const reference = tlvInt16(pdu, tag.userMessageReference)
      if (reference === 0) line.send('generic_nack', pdu.sequence, {}, { status: status.invalidCommandId })
      else
        line.send(
          'submit_sm_resp',
          pdu.sequence,
          { messageId: 'z' },
          { status: [0, 0x0b, 0x08, 0][reference!]! },
        )
    })
    const { channel } = await channelTo(server.port)
    const outcomes = await outcomesOf(channel, messages(4))
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual(['refused', 'refused', 'retry', 'accepted'])
  })

  test('receipts twice, before the response, with an extra ACCEPTD: reported once each', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command !== 'submit_sm') return
      const receipt = (stat: string, sequence: number) =>
        line.send('deliver_sm', sequence, {
          source: pdu.fields.destination,
          sourceTon: 1,
          esmClass: 4,
          shortMessage: Buffer.from(
            `id:0042 sub:001 dlvrd:001 submit date:2601051200 done date:2601051200 stat:${stat} err:000 text:`,
          ),
        })
      receipt('ACCEPTD', 1)
      receipt('DELIVRD', 2)
      setTimeout(() => {
        line.send('submit_sm_resp', pdu.sequence, { messageId: '0042' })
        receipt('DELIVRD', 3)
      }, 20)
    })
    const { channel, receipts } = await channelTo(server.port)
    expect(await outcomesOf(channel, messages(1))).toEqual([
      { outcome: 'accepted', providerMessageId: '0042' },
    ])
    await expect.poll(() => server.seen.filter((pdu) => pdu.command === 'deliver_sm_resp').length).toBe(3)
    expect(receipts.map((receipt) => receipt.status).sort()).toEqual(['delivered'])
    expect(receipts.every((receipt) => receipt.providerMessageId === '0042' && receipt.reference === 0)).toBe(
      true,
    )
  })

  test('a wrong length is refused with generic_nack, the line is cut and made anew', async () => {
    const server = await peer(() => {})
    const { channel } = await channelTo(server.port)
    server.lines[0]!.socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await expect
      .poll(() => server.seen.filter((pdu) => pdu.command === 'generic_nack'))
      .toMatchObject([{ status: status.invalidCommandLength }])
    await expect.poll(() => server.lines.length).toBe(2)
    await channel.whenReady()
  })

  test('an unknown or malformed unit is nacked alone', async () => {
    const server = await peer(() => {})
    const { channel } = await channelTo(server.port)
    const cut = encodePdu(makePdu('deliver_sm', 77, { source: '7999' }) as Pdu).subarray(0, 22)
    const malformed = Buffer.from(cut)
    malformed.writeUInt32BE(22, 0)
    const unknown = Buffer.alloc(16)
    unknown.writeUInt32BE(16, 0)
    unknown.writeUInt32BE(0x0103, 4)
    unknown.writeUInt32BE(78, 12)
    server.lines[0]!.socket.write(Buffer.concat([malformed, unknown]))
    await expect
      .poll(() => server.seen.filter((pdu) => pdu.command === 'generic_nack'))
      .toMatchObject([
        { sequence: 77, status: status.invalidCommandLength },
        { sequence: 78, status: status.invalidCommandId },
      ])
    expect(channel.bound).toBe(true)
  })

  test('unbind on submit: answered, in doubt, bound again', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command === 'submit_sm') line.send('unbind', 5)
    })
    const { channel } = await channelTo(server.port)
    expect(await outcomesOf(channel, messages(1))).toMatchObject([{ outcome: 'unknown' }])
    await expect.poll(() => server.seen.some((pdu) => pdu.command === 'unbind_resp')).toBe(true)
    await channel.whenReady()
    expect(server.lines.length).toBe(2)
  })

  test('a refused bind is tried again, later each time; a silent line is dropped', async () => {
    let binds = 0
    const server = await peer(
      () => {},
      () => (++binds < 4 ? 0x0d : 0),
    )
    const before = performance.now()
    const { channel } = await channelTo(server.port, { enquireLinkMs: 20, responseTimeoutMs: 60 })
    // 10 + 20 + 40 ms of waiting lie between the four tries.
    expect(performance.now() - before).toBeGreaterThan(60)
    expect(binds).toBe(4)
    // This peer never answers enquire_link.
    await expect.poll(() => server.lines.length).toBe(5)
    await channel.whenReady()
  })

  test('stop waits for what is out, gives back the rest and says goodbye', async () => {
    const server = await peer((pdu, line) => {
      if (pdu.command === 'submit_sm')
        setTimeout(() => line.send('submit_sm_resp', pdu.sequence, { messageId: 'q' }), 50)
    })
    const { channel } = await channelTo(server.port, { window: 2 })
    const submitted = outcomesOf(channel, messages(4))
    await channel.stop()
    expect((await submitted).map((outcome) => outcome.outcome)).toEqual([
      'accepted',
      'accepted',
      'retry',
      'retry',
    ])
    expect(server.seen.at(-1)!.command).toBe('unbind')
    expect(channel.bound).toBe(false)
  })
})
