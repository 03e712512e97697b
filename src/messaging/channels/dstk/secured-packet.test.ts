import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksumOf, decodeResponse, encodePacket, type PacketSecurity } from './secured-packet.ts'
import { encodeCommand, readResult } from './sim-command.ts'

/** What a phone reads out of a command: an own reading of TS 31.111, without the code under test. */
type Shown = { type: number; text: string; items: { id: number; label: string }[] }

function shownBy(octets: Buffer): Shown {
  const fieldsOf = (bytes: Buffer): [number, Buffer][] => {
    const fields: [number, Buffer][] = []
    for (let rest = bytes; rest.length > 0;) {
      const wide = rest[1]! > 0x80 ? rest[1]! - 0x80 : 0
      const length = wide === 0 ? rest[1]! : rest.readUIntBE(2, wide)
      fields.push([rest[0]!, rest.subarray(2 + wide, 2 + wide + length)])
      rest = rest.subarray(2 + wide + length)
    }
    return fields
  }
  const ucs2 = (bytes: Buffer): string => new TextDecoder('utf-16be').decode(bytes)
  // Where a text is all ASCII letters and digits the default alphabet is ASCII.
  const plain = (bytes: Buffer): string => bytes.toString('latin1')
  const alpha = (bytes: Buffer): string => (bytes[0] === 0x80 ? ucs2(bytes.subarray(1)) : plain(bytes))
  const [[outer, inner] = [0, Buffer.alloc(0)], ...more] = fieldsOf(octets)
  expect([outer, more.length]).toEqual([0xd0, 0])
  const shown: Shown = { type: 0, text: '', items: [] }
  for (const [tag, value] of fieldsOf(inner)) {
    if (tag === 0x81) shown.type = value[1]!
    else if (tag === 0x85) shown.text = alpha(value)
    else if (tag === 0x8d) shown.text = value[0] === 8 ? ucs2(value.subarray(1)) : plain(value.subarray(1))
    else if (tag === 0x8f) shown.items.push({ id: value[0]!, label: alpha(value.subarray(1)) })
  }
  return shown
}

/** The fields of a command packet (TS 102 225 §5.1), read by their places. */
const fieldsOf = (packet: Buffer) => ({
  cpl: packet.readUInt16BE(0),
  chl: packet[2]!,
  spi: packet.subarray(3, 5).toString('hex'),
  kic: packet[5]!,
  kid: packet[6]!,
  tar: packet.subarray(7, 10).toString('hex'),
  counter: packet.readUIntBE(10, 5),
  padding: packet[15]!,
  checksum: packet.subarray(16, 3 + packet[2]!),
  data: packet.subarray(3 + packet[2]!),
})

/** Algorithms of the KID octet (TS 102 225 §5.1.3). */
const codeOf = ({ algorithm, key }: PacketSecurity): number =>
  algorithm === 'aes' ? 2 : key.length === 24 ? 9 : 5

const octets = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes))
const keyOf = (...lengths: number[]): fc.Arbitrary<Buffer> => fc.oneof(...lengths.map(octets))
const security: fc.Arbitrary<PacketSecurity> = fc.oneof(
  fc.record({
    algorithm: fc.constant('aes' as const),
    keyIndex: fc.integer({ min: 1, max: 15 }),
    key: keyOf(16, 24, 32),
  }),
  fc.record({
    algorithm: fc.constant('3des' as const),
    keyIndex: fc.integer({ min: 1, max: 15 }),
    key: keyOf(16, 24),
  }),
)
const letters = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ЖёЯ'), minLength: 1, maxLength: 24 })

describe('a command packet', () => {
  test('holds what was put into it, whoever reads it', () => {
    fc.assert(
      fc.property(
        octets(3),
        fc.integer({ min: 0, max: 2 ** 40 - 1 }),
        letters,
        fc.array(letters, { maxLength: 4 }),
        fc.option(security, { nil: undefined }),
        (tar, counter, text, labels, signer) => {
          const choices = labels.map((label, index) => ({ id: String(index), label }))
          const command = encodeCommand(text, choices)
          fc.pre(command !== undefined)
          const packet = encodePacket({ tar, counter, data: command, security: signer })
          const read = fieldsOf(packet)
          expect(read).toMatchObject({
            cpl: packet.length - 2,
            tar: tar.toString('hex'),
            counter,
            kic: 0,
            padding: 0,
          })
          expect([read.chl, read.spi, read.kid]).toEqual(
            signer === undefined ? [13, '0821', 0] : [21, '1229', signer.keyIndex * 16 + codeOf(signer)],
          )
          // Made over everything but itself: one octet changed anywhere else, and it is another.
          const signed = Buffer.concat([packet.subarray(0, 16), read.data])
          const again = (octetsNow: Buffer) =>
            signer === undefined ? Buffer.alloc(0) : checksumOf(signer, octetsNow)
          expect(again(signed)).toEqual(read.checksum)
          signed[signed.length >> 1]! ^= 1
          expect(again(signed).equals(read.checksum)).toBe(signer === undefined)
          const items = labels.map((label, index) => ({ id: index + 1, label }))
          const isList = labels.length > 1
          expect(shownBy(read.data)).toEqual({
            type: isList ? 0x24 : labels.length === 1 ? 0x22 : 0x21,
            text: labels.length === 1 ? `${text}\n${labels[0]}?` : text,
            items: isList ? items : [],
          })
        },
      ),
    )
  })
})

describe('checksums', () => {
  test.each([
    ['', 'bb1d6929e9593728'],
    ['6bc1bee22e409f96e93d7e117393172a', '070a16b46b4d4144'],
    ['6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411', 'dfa66747de9ae630'],
  ])('AES CMAC of "%s" is that of RFC 4493, section 4', (message, expected) => {
    const key = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex')
    const made = checksumOf({ algorithm: 'aes', keyIndex: 1, key }, Buffer.from(message, 'hex'))
    expect(made.toString('hex')).toBe(expected)
  })

  test('3DES is the last block of the chain, block by block', () => {
    fc.assert(
      fc.property(octets(24), fc.uint8Array({ minLength: 1, maxLength: 60 }), (key, message) => {
        const whole = Buffer.alloc(8 * Math.ceil(message.length / 8))
        whole.set(message)
        let block = Buffer.alloc(8)
        for (let at = 0; at < whole.length; at += 8) {
          const mixed = Buffer.from(block.map((octet, i) => octet ^ whole[at + i]!))
          const cipher = createCipheriv('des-ede3', key, null).setAutoPadding(false)
          block = Buffer.concat([cipher.update(mixed), cipher.final()])
        }
        expect(checksumOf({ algorithm: '3des', keyIndex: 1, key }, Buffer.from(message))).toEqual(block)
      }),
    )
  })
})

describe('a response packet', () => {
  const made = (
    signer: PacketSecurity | undefined,
    counter: number,
    status: number,
    data: Buffer,
  ): Buffer => {
    const head = Buffer.alloc(13)
    head.writeUInt16BE(11 + (signer ? 8 : 0) + data.length, 0)
    head[2] = signer ? 18 : 10
    head.writeUIntBE(counter, 6, 5)
    head[12] = status
    const signature = signer
      ? checksumOf(signer, Buffer.concat([Buffer.from('027100', 'hex'), head, data]))
      : []
    return Buffer.concat([head, Buffer.from(signature), data])
  }

  test('is read back, and with any octet changed or missing it is not believed', () => {
    fc.assert(
      fc.property(
        security,
        fc.integer({ min: 0, max: 2 ** 40 - 1 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(),
        (signer, counter, bytes, place) => {
          const data = Buffer.from(bytes)
          const packet = made(signer, counter, 0, data)
          expect(decodeResponse(packet, signer)).toMatchObject({ counter, status: 0, data })
          const changed = Buffer.from(packet)
          changed[place % packet.length]! ^= 0x01
          expect(decodeResponse(changed, signer)).toBeUndefined()
          expect(decodeResponse(packet.subarray(0, place % packet.length), signer)).toBeUndefined()
          expect(decodeResponse(made(undefined, counter, 0, data), signer)).toBeUndefined()
        },
      ),
    )
  })

  test('any octets are read or refused, never a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const response = decodeResponse(Buffer.from(bytes), undefined)
        const result = readResult(response?.data ?? Buffer.from(bytes))
        expect(typeof result).toMatch(/^(object|undefined)$/)
      }),
    )
  })

  test('an example of an unsigned one: proof of receipt of the applet B00011', () => {
    const example = Buffer.from('000e0ab000110000000000000001612f', 'hex')
    expect(decodeResponse(example, undefined)).toEqual({
      tar: Buffer.from('b00011', 'hex'),
      counter: 0,
      status: 0,
      data: Buffer.from('01612f', 'hex'),
    })
  })

  test.each([
    ['8103012400820282818301009001 03', { is: 'chosen', item: 3 }],
    ['8103012204 820282818301008d020401', { is: 'chosen', item: 1 }],
    ['8103012204820282818301008d020400', { is: 'chosen', item: 0 }],
    ['810301218182028281830100', { is: 'shown' }],
    ['810301240082028281830111', { is: 'refused' }],
    ['810301240082028281830112', { is: 'no_answer' }],
    ['8103012400820282818302200a', { is: 'failed', reason: 'terminal_20' }],
    ['8103', undefined],
  ])('a terminal response %s', (hex, expected) => {
    expect(readResult(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toEqual(expected)
  })
})
