import net from 'node:net'
import fc from 'fast-check'
import smpp from 'smpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fuzzing, fuzzTimeoutMs, mutated, mutations } from '../../../../test/fuzzing.ts'
import { systemClock } from '../../../platform/index.ts'
import { decodeText } from './alphabet.ts'
import { tlvText } from '../../../../test/peers/smpp-octets.ts'
import { decodePdu, encodePdu, makePdu, tlvInt8, type Pdu } from './pdu.ts'
import { tag } from './pdu-layout.ts'
import { ReceiptReader } from './receipt.ts'
import { ShortMessageView } from './short-message.ts'
import { createSmsChannel, type SmsChannel } from './sms-channel.ts'
import { Submission } from './submission.ts'
import { SubmitWriter } from './submit-writer.ts'

const digits = fc.stringMatching(/^[1-9][0-9]{9,14}$/)
const character = fc.constantFrom(...'aZ1 {€}яЖё😀@\n|')
const text = fc.string({ unit: character, maxLength: 600 })
const octet = fc.integer({ min: 0, max: 255 })

/** A deliver_sm of any kind, with parameters that receipts have. */
const delivery = fc.record({
  source: digits,
  esmClass: fc.constantFrom(0, 4, 0x20, 0x40, 0x44, 255),
  dataCoding: octet,
  shortMessage: fc.oneof(
    fc.uint8Array({ maxLength: 254 }),
    fc
      .tuple(digits, fc.constantFrom('DELIVRD', 'UNDELIV', 'nonsense'))
      .map(([id, stat]) => Buffer.from(`id:${id} sub:001 dlvrd:001 stat:${stat} err:000 text:`)),
  ),
  id: fc.option(digits),
  state: fc.option(octet),
  other: fc.option(fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 40 }))),
})

type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never

function unitOf({ source, esmClass, dataCoding, shortMessage, id, state, other }: Delivery): Buffer {
  const tlvs = new Map<number, Buffer>()
  if (other !== null) tlvs.set(other[0], Buffer.from(other[1]))
  if (id !== null) tlvs.set(tag.receiptedMessageId, Buffer.from(`${id}\0`))
  if (state !== null) tlvs.set(tag.messageState, Buffer.from([state]))
  const fields = { source, sourceTon: 1, esmClass, dataCoding, shortMessage: Buffer.from(shortMessage) }
  return encodePdu(makePdu('deliver_sm', 9, fields, { tlvs }) as Pdu)
}

describe('fuzz: the codec', () => {
  test(
    'what is written in place is what the independent package and our own reader read',
    () => {
      const user = { events: undefined, open: 0, isStopping: false, whenIdle: [] }
      const profile = {
        longText: 'udh',
        referenceBits: 8,
        alphabet: 'gsm',
        source: { ton: 5, npi: 0, address: 'Tenure' },
        serviceType: '',
        dataCodings: { gsm: 0, ucs2: 8 },
      } as const
      const bytes = Buffer.alloc(70_000)
      fc.assert(
        fc.property(
          digits,
          text,
          fc.nat(0xffff),
          fc.constantFrom('udh', 'sar', 'payload'),
          fc.constantFrom(8 as const, 16 as const),
          (address, words, reference, longText, referenceBits) => {
            const own = { ...profile, longText, referenceBits }
            const writer = new SubmitWriter(own)
            const message = {
              messageId: 'm',
              address: `+${address}`,
              text: words,
              reference,
              expiresAtMs: 90_061_000,
            }
            const submission = new Submission(message, user, { index: 0, order: 0, done: () => {} })
            expect(submission.cut(own)).toBe(true)
            let whole = ''
            for (let part = 0; part < submission.parts; part += 1) {
              const end = writer.write(bytes, 7, submission, part, 42, 0)
              expect(end - 7).toBeLessThanOrEqual(writer.roomFor(message))
              const unit = Buffer.from(bytes.subarray(7, end))
              const ours = decodePdu(unit) as Pdu<'submit_sm'>
              expect(encodePdu(ours)).toEqual(unit)
              expect(ours.fields.validityPeriod).toBe('000001010101000R')
              const theirs = new smpp.PDU(unit)
              expect(theirs).toMatchObject({
                command: 'submit_sm',
                sequence_number: 42,
                destination_addr: address,
              })
              expect(theirs.user_message_reference).toBe(reference)
              const payload = ours.tlvs.get(tag.messagePayload)
              const hasHeader = (ours.fields.esmClass & 0x40) !== 0
              const octets =
                payload ?? ours.fields.shortMessage.subarray(hasHeader ? ours.fields.shortMessage[0]! + 1 : 0)
              whole += decodeText(octets, ours.fields.dataCoding)
              const read = payload === undefined ? theirs.short_message : theirs.message_payload!
              // The package reads GSM 7-bit without its extension table.
              const isWide = ours.fields.dataCoding === 8
              expect(isWide ? read.message : '').toBe(isWide ? decodeText(octets, 8) : '')
            }
            expect(whole).toBe(words)
          },
        ),
        fuzzing(150),
      )
    },
    fuzzTimeoutMs,
  )

  test(
    'reading in place finds what the other reader finds, in whole and in broken units, and never throws',
    () => {
      const view = new ShortMessageView()
      const reader = new ReceiptReader()
      fc.assert(
        fc.property(delivery, mutations, fc.nat(50), (given, changes, before) => {
          const unit = mutated(unitOf(given), changes)
          if (unit.length < 16) return
          const bytes = Buffer.concat([Buffer.alloc(before, 0xff), unit, Buffer.alloc(300, 0x41)])
          const isReadable = view.read(bytes, before, before + unit.length)
          unit.writeUInt32BE(0x00000005, 4)
          const pdu = decodePdu(unit) as Pdu<'deliver_sm'> | { command: 'malformed' }
          expect(isReadable).toBe(pdu.command !== 'malformed')
          if (pdu.command === 'malformed') return
          expect(view.bytes.toString('latin1', view.sourceAt, view.sourceEnd)).toBe(pdu.fields.source)
          expect([view.esmClass, view.dataCoding]).toEqual([pdu.fields.esmClass, pdu.fields.dataCoding])
          const id = tlvText(pdu, tag.receiptedMessageId)
          const hasId = reader.read(view) && id !== undefined
          expect(hasId ? reader.partId : id).toBe(id)
          expect(view.messageState < 0 ? undefined : view.messageState).toBe(tlvInt8(pdu, tag.messageState))
        }),
        fuzzing(1_000),
      )
    },
    fuzzTimeoutMs,
  )
})

describe('fuzz: the session', () => {
  let server: net.Server
  let channel: SmsChannel
  let line: net.Socket | undefined
  let isWild = false
  const failures: unknown[] = []
  const onFailure = (error: unknown): void => void failures.push(error)

  beforeAll(async () => {
    process.on('uncaughtException', onFailure)
    process.on('unhandledRejection', onFailure)
    server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        if (chunk.readUInt32BE(4) !== 9 || isWild) return
        socket.write(encodePdu(makePdu('bind_transceiver_resp', chunk.readUInt32BE(12)) as Pdu))
        line = socket
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    const account = { host: '127.0.0.1', port, systemId: 'tenure', password: 'secret' }
    const times = {
      responseTimeoutMs: 50,
      reconnectMinMs: 1,
      reconnectMaxMs: 5,
      partHoldMs: 5,
      reassemblyMs: 5,
    }
    channel = createSmsChannel({ ...account, ...times }, systemClock)
    await channel.start({
      onReceipts: async () => {},
      onAnswer: async () => 'reply',
      onAddressGone: async () => {},
    })
  })

  afterAll(async () => {
    isWild = true
    await channel.stop()
    server.close()
    line?.destroy()
    process.removeListener('uncaughtException', onFailure)
    process.removeListener('unhandledRejection', onFailure)
  })

  test(
    'lives through anything that a peer writes, settles each message once, and binds again',
    async () => {
      const piece = fc.oneof(
        delivery.map(unitOf),
        fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
        fc
          .tuple(fc.constantFrom(4, 5, 6, 0x15, 0x80000000, 0x80000004, 0x80000015, 0x103), fc.nat(60), octet)
          .map(([command, sequence, status]) => {
            const unit = Buffer.alloc(17)
            unit.writeUInt32BE(17, 0)
            unit.writeUInt32BE(command, 4)
            unit.writeUInt32BE(status < 128 ? 0 : status, 8)
            unit.writeUInt32BE(sequence, 12)
            return unit
          }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(piece, mutations), { maxLength: 8 }), async (pieces) => {
          await channel.whenReady()
          const settled = Array.from({ length: 5 }, () => 0)
          const all = new Promise<void>((resolve) => {
            let open = settled.length
            const messages = settled.map((_, index) => ({
              messageId: `m${index}`,
              address: `+7999000000${index}`,
              text: 'x'.repeat(index * 60),
              reference: index,
              expiresAtMs: systemClock.nowMs() + 60_000,
            }))
            channel.submit(messages, (index) => {
              settled[index]! += 1
              if (--open === 0) resolve()
            })
          })
          line!.write(Buffer.concat(pieces.map(([unit, changes]) => mutated(unit, changes))))
          await all
          expect(settled).toEqual([1, 1, 1, 1, 1])
          expect(failures).toEqual([])
        }),
        fuzzing(40),
      )
    },
    fuzzTimeoutMs,
  )
})
