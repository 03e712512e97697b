import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeUcs2 } from './alphabet.ts'
import { answerOf, readInbound } from './inbound.ts'
import { outcomeOf } from './outcome.ts'
import { PartTracker, type MessageReceipt } from './part-tracker.ts'
import { int16Octets, makePdu, type Pdu } from './pdu.ts'
import { tag, type Fields } from './pdu-layout.ts'
import { canonicalId, parseReceipt } from './receipt.ts'
import { concatenationHeader } from './segments.ts'
import type { PartResult } from './submit-queue.ts'

const text = (stat: string, id = '00A1') =>
  Buffer.from(
    `id:${id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:${stat} err:012 text:stat:REJECTD`,
  )

function deliver(fields: Partial<Fields<'deliver_sm'>>, tlvs: [number, Buffer][] = []): Pdu<'deliver_sm'> {
  return makePdu('deliver_sm', 1, fields, { tlvs: new Map(tlvs) })
}

describe('receipts', () => {
  test.each([
    ['DELIVRD', 'delivered', undefined],
    ['EXPIRED', 'expired', 'EXPIRED error 012'],
    ['UNDELIV', 'failed', 'UNDELIV error 012'],
    ['REJECTD', 'failed', 'REJECTD error 012'],
    ['ACCEPTD', 'accepted', 'ACCEPTD error 012'],
    ['UNKNOWN', 'accepted', 'UNKNOWN error 012'],
  ])('in text: %s', (stat, status, reason) => {
    const receipt = parseReceipt(deliver({ esmClass: 4, shortMessage: text(stat) }))
    expect(receipt).toEqual({ partId: '00A1', status, ...(reason === undefined ? {} : { reason }) })
  })

  test('in parameters, which win over the text', () => {
    const pdu = deliver({ esmClass: 4, shortMessage: text('DELIVRD') }, [
      [tag.receiptedMessageId, Buffer.from('f-1\0')],
      [tag.messageState, Buffer.from([5])],
      [tag.networkErrorCode, Buffer.from([3, 0, 9])],
      [tag.userMessageReference, int16Octets(513)],
    ])
    expect(parseReceipt(pdu)).toEqual({
      partId: 'f-1',
      status: 'failed',
      reason: 'UNDELIV error 9',
      reference: 513,
    })
  })

  test('in ASCII though flagged UCS-2, or in message_payload', () => {
    const flagged = deliver({ esmClass: 4, dataCoding: 8, shortMessage: text('DELIVRD') })
    expect(parseReceipt(flagged)).toEqual({ partId: '00A1', status: 'delivered' })
    const payload = deliver({ esmClass: 4 }, [[tag.messagePayload, text('DELIVRD')]])
    expect(parseReceipt(payload)?.partId).toBe('00A1')
  })

  test('ids stay as they are unless the profile says how they are written', () => {
    expect(canonicalId('00ff', undefined)).toBe('00ff')
    expect(canonicalId('00ff', 'hex')).toBe(canonicalId('0255', 'decimal'))
    expect(canonicalId('a2-b', 'hex')).toBe('a2-b')
  })

  test('nonsense is no receipt and never throws', () => {
    expect(parseReceipt(deliver({ esmClass: 4, shortMessage: Buffer.from('hello') }))).toBeUndefined()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 254 }),
        fc.integer({ min: 0, max: 255 }),
        (bytes, dataCoding) => {
          parseReceipt(deliver({ esmClass: 4, dataCoding, shortMessage: Buffer.from(bytes) }))
        },
      ),
    )
  })
})

describe('parts of a message', () => {
  test('delivered when all are, in any order and however often told', async () => {
    const partsInOrder = fc
      .integer({ min: 1, max: 6 })
      .map((count) => Array.from({ length: count }, (_, index) => `p${index}`))
      .chain((ids) => fc.shuffledSubarray([...ids, ...ids], { minLength: ids.length * 2 }))
    await fc.assert(
      fc.asyncProperty(partsInOrder, fc.boolean(), async (order, atOnce) => {
        const tracker = new PartTracker(10)
        const ids = [...new Set(order)]
        tracker.add(ids, 7)
        const reports: [number, MessageReceipt][] = []
        const told = new Set<string>()
        const settling = order.map(async (partId) => {
          if (!atOnce) await Promise.resolve()
          told.add(partId)
          const handUp = async (receipt: MessageReceipt) => void reports.push([told.size, receipt])
          expect(await tracker.settle({ partId, status: 'delivered' }, handUp)).toBe(true)
        })
        await Promise.all(settling)
        const receipt = { providerMessageId: ids.join(','), reference: 7, status: 'delivered' }
        expect(reports).toEqual([[ids.length, receipt]])
      }),
    )
  })

  test('failed as soon as one is; told again while the report was not kept', async () => {
    const tracker = new PartTracker(10)
    tracker.add(['a', 'b'], 1)
    const reports: MessageReceipt[] = []
    const handUp = async (receipt: MessageReceipt) => {
      reports.push(receipt)
      if (reports.length === 1) throw new Error('the database is away')
    }
    const failed = { partId: 'b', status: 'failed', reason: 'UNDELIV' } as const
    expect(await tracker.settle({ partId: 'a', status: 'delivered' }, handUp)).toBe(true)
    expect(reports).toEqual([])
    await expect(tracker.settle(failed, handUp)).rejects.toThrow('away')
    await tracker.settle(failed, handUp)
    await tracker.settle(failed, handUp)
    expect(reports.length).toBe(2)
    expect(reports[1]).toEqual({
      providerMessageId: 'a,b',
      reference: 1,
      status: 'failed',
      reason: 'UNDELIV',
    })
  })

  test('the oldest are forgotten beyond the capacity', async () => {
    const tracker = new PartTracker(100)
    for (let message = 0; message < 1_000; message += 1) tracker.add([`${message}`], message)
    const known = (partId: string) => tracker.settle({ partId, status: 'delivered' }, async () => {})
    expect([await known('899'), await known('900')]).toEqual([false, true])
  })
})

describe('the outcome of a message', () => {
  const results = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('accepted' as const), messageId: fc.string() }),
      fc.record({ kind: fc.constantFrom('refused', 'retry', 'unsent', 'unknown'), reason: fc.string() }),
    ) as fc.Arbitrary<PartResult>,
    { minLength: 1 },
  )

  test('asks for another try only when nothing was taken and nothing is in doubt', () => {
    fc.assert(
      fc.property(results, (parts) => {
        const outcome = outcomeOf(parts, 100)
        const kinds = new Set(parts.map((part) => part.kind))
        const mayHaveBeenTaken = kinds.has('accepted') || kinds.has('unknown')
        expect(outcome.outcome === 'retry' && mayHaveBeenTaken).toBe(false)
        expect(outcome.outcome === 'unknown').toBe(kinds.has('unknown'))
        expect(outcome.outcome === 'accepted').toBe(kinds.size === 1 && kinds.has('accepted'))
      }),
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
