import fc from 'fast-check'
import smpp from 'smpp'
import { describe, expect, test } from 'vitest'
import { encodeGsm, encodeUcs2 } from './alphabet.ts'
import { int16Octets, tlvText } from '../../../../test/peers/smpp-octets.ts'
import { decodePdu, encodePdu, makePdu, tlvInt16, type Pdu } from './pdu.ts'
import { commandIds, layouts, status, tag, type Command } from './pdu-layout.ts'

const octets = (max: number) => fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes))
const latin = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
})
const valueOf = { cstring: latin, int8: fc.integer({ min: 0, max: 255 }), octets: octets(254) }

const anyPdu: fc.Arbitrary<Pdu> = fc
  .constantFrom(...(Object.keys(commandIds) as Command[]))
  .chain((command) =>
    fc.record({
      command: fc.constant(command),
      sequence: fc.integer({ min: 0, max: 0x7fffffff }),
      status: fc.constant(0),
      fields: fc.record(Object.fromEntries(layouts[command].map(([name, kind]) => [name, valueOf[kind]]))),
      tlvs: fc
        .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 0xffff }), octets(300)), { selector: ([key]) => key })
        .map((entries) => new Map(entries)),
    }),
  ) as fc.Arbitrary<Pdu>

describe('SMPP units', () => {
  test('survive encoding and decoding', () => {
    fc.assert(
      fc.property(anyPdu, (pdu) => {
        const frame = encodePdu(pdu)
        expect(frame.readUInt32BE(0)).toBe(frame.length)
        expect(decodePdu(frame)).toEqual(pdu)
      }),
    )
  })

  test('an error response has no body and decodes to neutral fields', () => {
    const frame = encodePdu(
      makePdu('submit_sm_resp', 7, { messageId: 'x' }, { status: status.throttled }) as Pdu,
    )
    expect(frame.length).toBe(16)
    expect(decodePdu(frame)).toEqual(makePdu('submit_sm_resp', 7, {}, { status: status.throttled }))
  })

  test('any body whatever decodes without throwing, and a cut one is called malformed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(commandIds)), octets(200), (id, body) => {
        const header = Buffer.alloc(16)
        header.writeUInt32BE(16 + body.length, 0)
        header.writeUInt32BE(id, 4)
        decodePdu(Buffer.concat([header, body]))
      }),
    )
    const whole = encodePdu(
      makePdu('deliver_sm', 3, { source: '79990000001', shortMessage: Buffer.from('hi') }) as Pdu,
    )
    for (let length = 17; length < whole.length; length += 1) {
      const cut = Buffer.from(whole.subarray(0, length))
      expect(decodePdu(cut)).toMatchObject({ command: 'malformed', sequence: 3 })
    }
    const overrun = Buffer.concat([whole, Buffer.from([0x02, 0x04, 0, 9, 1])])
    expect(decodePdu(overrun)).toMatchObject({ command: 'malformed', status: status.invalidTlvStream })
  })
})

describe('an independent peer', () => {
  test('reads what we write', () => {
    fc.assert(
      fc.property(
        latinDigits(),
        fc.boolean(),
        fc.integer({ min: 0, max: 0xffff }),
        (address, cyrillic, reference) => {
          const text = cyrillic ? 'Пакет закончился' : 'Package used up {€}'
          const frame = encodePdu(
            makePdu(
              'submit_sm',
              42,
              {
                source: 'Tenure',
                destinationTon: 1,
                destinationNpi: 1,
                destination: address,
                registeredDelivery: 1,
                dataCoding: cyrillic ? 8 : 0,
                shortMessage: cyrillic ? encodeUcs2(text) : encodeGsm(text),
              },
              { tlvs: new Map([[tag.userMessageReference, int16Octets(reference)]]) },
            ) as Pdu,
          )
          const read = new smpp.PDU(frame)
          expect(read).toMatchObject({
            command: 'submit_sm',
            sequence_number: 42,
            destination_addr: address,
            dest_addr_ton: 1,
            registered_delivery: 1,
            user_message_reference: reference,
            short_message: { message: text },
          })
        },
      ),
    )
  })

  test('is read by us', () => {
    fc.assert(
      fc.property(latinDigits(), fc.integer({ min: 1, max: 0xffff }), (address, reference) => {
        const written = new smpp.PDU('deliver_sm', {
          sequence_number: 9,
          source_addr: address,
          source_addr_ton: 1,
          esm_class: 4,
          data_coding: 8,
          short_message: { message: 'стоп' },
          receipted_message_id: `00${reference}`,
          user_message_reference: reference,
        }).toBuffer()
        const read = decodePdu(written) as Pdu<'deliver_sm'>
        expect(read).toMatchObject({ command: 'deliver_sm', sequence: 9 })
        expect(read.fields).toMatchObject({ source: address, sourceTon: 1, esmClass: 4, dataCoding: 8 })
        expect(read.fields.shortMessage).toEqual(encodeUcs2('стоп'))
        expect(tlvText(read, tag.receiptedMessageId)).toBe(`00${reference}`)
        expect(tlvInt16(read, tag.userMessageReference)).toBe(reference)
      }),
    )
  })
})

function latinDigits(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[1-9][0-9]{9,14}$/)
}
