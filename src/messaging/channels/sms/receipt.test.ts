import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeUcs2 } from './alphabet.ts'
import { answerOf, readInbound } from './inbound.ts'
import { concatenationHeader, int16Octets } from '../../../../test/peers/smpp-octets.ts'
import { encodePdu, makePdu, type Pdu } from './pdu.ts'
import { tag, type Fields } from './pdu-layout.ts'
import { canonicalId, ReceiptReader, type IdForms } from './receipt.ts'
import { ShortMessageView } from './short-message.ts'

const text = (stat: string, id = '00A1') =>
  Buffer.from(
    `id:${id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:${stat} err:012 text:stat:REJECTD`,
  )

function deliver(fields: Partial<Fields<'deliver_sm'>>, tlvs: [number, Buffer][] = []): Pdu<'deliver_sm'> {
  return makePdu('deliver_sm', 1, fields, { tlvs: new Map(tlvs) })
}

/** What the reader makes of a unit that lies somewhere in a larger buffer; undefined: no receipt. */
function read(pdu: Pdu<'deliver_sm'>, forms: IdForms = {}, errorReasons: Record<string, string> = {}) {
  const octets = encodePdu(pdu as Pdu)
  const bytes = Buffer.concat([Buffer.from('stat:'), octets, Buffer.from(' stat:EXPIRED')])
  const view = new ShortMessageView()
  expect(view.read(bytes, 5, 5 + octets.length)).toBe(true)
  const reader = new ReceiptReader(forms, errorReasons)
  if (!reader.read(view)) return undefined
  const { partId, status, reason, reference } = reader
  return {
    partId,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(reference === undefined ? {} : { reference }),
  }
}

describe('receipts', () => {
  test.each([
    ['DELIVRD', 'delivered', undefined],
    ['EXPIRED', 'expired', 'expired_error_012'],
    ['UNDELIV', 'failed', 'undelivered_error_012'],
    ['REJECTD', 'failed', 'rejected_error_012'],
    ['ACCEPTD', 'accepted', 'acceptd_error_012'],
    ['UNKNOWN', 'accepted', 'unknown_error_012'],
  ])('in text: %s', (stat, status, reason) => {
    const receipt = read(deliver({ esmClass: 4, shortMessage: text(stat) }))
    expect(receipt).toEqual({ partId: '00A1', status, ...(reason === undefined ? {} : { reason }) })
  })

  test('in parameters, which win over the text', () => {
    const pdu = deliver({ esmClass: 4, shortMessage: text('DELIVRD') }, [
      [tag.receiptedMessageId, Buffer.from('f-1\0')],
      [tag.messageState, Buffer.from([5])],
      [tag.networkErrorCode, Buffer.from([3, 0, 9])],
      [tag.userMessageReference, int16Octets(513)],
    ])
    const failed = { partId: 'f-1', status: 'failed', reference: 513 }
    expect(read(pdu)).toEqual({ ...failed, reason: 'undelivered_error_9' })
    expect(read(pdu, {}, { '9': 'absent_subscriber' })).toEqual({ ...failed, reason: 'absent_subscriber' })
    const delivered = deliver({ esmClass: 4, shortMessage: text('UNDELIV') }, [
      [tag.messageState, Buffer.from([2])],
    ])
    expect(read(delivered)).toEqual({ partId: '00A1', status: 'delivered' })
  })

  test('in ASCII though flagged UCS-2, in real UCS-2, in other words, or in message_payload', () => {
    const flagged = deliver({ esmClass: 4, dataCoding: 8, shortMessage: text('DELIVRD') })
    expect(read(flagged)).toEqual({ partId: '00A1', status: 'delivered' })
    expect(read(deliver({ esmClass: 4, dataCoding: 8, shortMessage: text('UNDELIV') }))?.status).toBe(
      'failed',
    )
    const wide = encodeUcs2('id:77 stat:DELIVRD err:000')
    expect(read(deliver({ esmClass: 4, dataCoding: 8, shortMessage: wide }))).toEqual({
      partId: '77',
      status: 'delivered',
    })
    const shouting = Buffer.from('ID:77 STAT: delivrd')
    expect(read(deliver({ esmClass: 4, shortMessage: shouting }))).toEqual({
      partId: '77',
      status: 'delivered',
    })
    const payload = deliver({ esmClass: 4 }, [[tag.messagePayload, text('DELIVRD')]])
    expect(read(payload)?.partId).toBe('00A1')
  })

  test('the words of the subscriber behind "text:" say nothing', () => {
    const quoting = Buffer.from('id:5 sub:001 text:x stat:DELIVRD')
    expect(read(deliver({ esmClass: 4, shortMessage: quoting }))).toBeUndefined()
    const failed = Buffer.from('id:5 stat:UNDELIV err:000 text: stat:DELIVRD')
    expect(read(deliver({ esmClass: 4, shortMessage: failed }))).toMatchObject({ status: 'failed' })
  })

  test('ids stay as they are unless the profile says how they are written', () => {
    expect(canonicalId('00ff', undefined)).toBe('00ff')
    expect(canonicalId('00ff', 'hex')).toBe(canonicalId('0255', 'decimal'))
    expect(canonicalId('a2-b', 'hex')).toBe('a2-b')
    const pdu = deliver({ esmClass: 4, shortMessage: text('DELIVRD', '00ff') })
    expect(read(pdu, { receipt: 'hex' })?.partId).toBe('255')
  })

  test('nonsense is no receipt and never throws', () => {
    expect(read(deliver({ esmClass: 4, shortMessage: Buffer.from('hello') }))).toBeUndefined()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 254 }),
        fc.integer({ min: 0, max: 255 }),
        (bytes, dataCoding) => {
          read(deliver({ esmClass: 4, dataCoding, shortMessage: Buffer.from(bytes) }))
        },
      ),
    )
  })
})

describe('answers', () => {
  const at = Date.UTC(2026, 0, 5, 12)
  const keyOf = (pdu: Pdu<'deliver_sm'>, atMs = at) => {
    const inbound = readInbound(pdu)
    return answerOf(pdu, inbound, inbound.octetsText, 'sms', atMs).dedupeKey
  }
  const message = (words: string, reference: number) =>
    deliver(
      {
        source: '79990000001',
        sourceTon: 1,
        destination: '111',
        dataCoding: 8,
        shortMessage: encodeUcs2(words),
      },
      [[tag.userMessageReference, int16Octets(reference)]],
    )

  test('have the same key when delivered again, another one otherwise, and no number in it', () => {
    const key = keyOf(message('да', 1))
    expect(keyOf(message('да', 1), at + 60_000)).toBe(key)
    expect(keyOf(message('да', 2))).not.toBe(key)
    expect(keyOf(message('нет', 1))).not.toBe(key)
    expect(key).not.toContain('7999')
  })

  test('parts are recognised by header and by sar parameters', () => {
    const header = Buffer.concat([concatenationHeader(9, 2, 1), Buffer.from('ab')])
    expect(
      readInbound(deliver({ source: '79990000001', sourceTon: 1, esmClass: 0x40, shortMessage: header })),
    ).toMatchObject({
      address: '+79990000001',
      octetsText: 'ab',
      concatenation: { reference: 9, total: 2, sequence: 1 },
    })
    const sar = deliver({ source: '5151', shortMessage: Buffer.from('cd') }, [
      [tag.sarReference, int16Octets(300)],
      [tag.sarTotal, Buffer.from([2])],
      [tag.sarSequence, Buffer.from([2])],
    ])
    expect(readInbound(sar)).toMatchObject({
      address: '5151',
      concatenation: { reference: 300, total: 2, sequence: 2 },
    })
  })
})
