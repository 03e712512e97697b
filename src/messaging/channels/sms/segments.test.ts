import fc from 'fast-check'
import calculator from 'sms-segments-calculator'
import { describe, expect, test } from 'vitest'
import {
  decodeGsm,
  decodeText,
  decodeUcs2,
  encodeGsm,
  encodeUcs2,
  isGsm,
  septetCount,
  writeGsm,
  writeUcs2,
} from './alphabet.ts'
import { concatenationHeader } from '../../../../test/peers/smpp-octets.ts'
import { cutText, smsParts, splitHeader } from './segments.ts'

const gsmCharacters = [
  ...'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà^{}\\[~]|€',
]
const gsmText = (maxLength: number) => fc.string({ unit: fc.constantFrom(...gsmCharacters), maxLength })
// Without joining characters, on which counters that keep whole graphemes together differ.
const wideText = fc.string({ unit: fc.constantFrom(...'яЖё ї€aZ1', '😀', '🎁'), maxLength: 500 })

describe('alphabets', () => {
  test('GSM 7-bit gives back every text of its alphabet', () => {
    fc.assert(
      fc.property(gsmText(200), (text) => {
        expect(isGsm(text)).toBe(true)
        expect(decodeGsm(encodeGsm(text))).toBe(text)
      }),
    )
  })

  test('writers write what the encoders give, also a piece of a text', () => {
    fc.assert(
      fc.property(gsmText(100), wideText, fc.nat(100), (gsm, wide, from) => {
        const bytes = Buffer.alloc(4_000)
        const start = Math.min(from, gsm.length)
        expect(bytes.subarray(3, writeGsm(bytes, 3, gsm, start))).toEqual(encodeGsm(gsm.slice(start)))
        const [begin, end] = [Math.min(1, wide.length), Math.min(9, wide.length)]
        expect(bytes.subarray(5, writeUcs2(bytes, 5, wide, begin, end))).toEqual(
          encodeUcs2(wide.slice(begin, end)),
        )
        expect(septetCount(gsm)).toBe(encodeGsm(gsm).length)
        expect(septetCount(`${gsm}я`)).toBe(-1)
      }),
    )
  })

  test('UCS-2 gives back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUcs2(encodeUcs2(text))).toBe(text)
      }),
    )
  })

  test('any octets decode to something', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 0, max: 255 }), (bytes, coding) => {
        expect(typeof decodeText(Buffer.from(bytes), coding)).toBe('string')
      }),
    )
  })

  test.each([
    [0x00, Buffer.from([0x1b, 0x65]), '€'],
    [0x01, Buffer.from('@'), '@'],
    [0x03, Buffer.from([0xe9]), 'é'],
    [0x06, Buffer.from([0xc1, 0xe2]), 'Ст'],
    [0x08, Buffer.from('0421', 'hex'), 'С'],
    [0x18, Buffer.from('0421', 'hex'), 'С'],
    [0xe0, Buffer.from('0421', 'hex'), 'С'],
    [0xf0, Buffer.from([0x00]), '@'],
    [0xf4, Buffer.from([0x40]), '@'],
  ])('data_coding 0x%s', (coding, bytes, text) => {
    expect(decodeText(bytes, coding)).toBe(text)
  })
})

describe('parts', () => {
  test.each([
    ['a'.repeat(160), 8, 1],
    ['a'.repeat(161), 8, 2],
    ['a'.repeat(306), 8, 2],
    ['a'.repeat(307), 8, 3],
    ['a'.repeat(305), 16, 3],
    ['€'.repeat(80), 8, 1],
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 8, 3],
    ['я'.repeat(70), 8, 1],
    ['я'.repeat(71), 8, 2],
    ['я'.repeat(134), 8, 2],
    ['я'.repeat(134), 16, 3],
    ['', 8, 1],
  ] as const)('counts characters and septets (%#)', (text, bits, parts) => {
    expect(smsParts(text, bits)).toBe(parts)
  })

  test('are as many as an independent counter finds', () => {
    fc.assert(
      fc.property(fc.oneof(gsmText(700), wideText), (text) => {
        expect(smsParts(text)).toBe(new calculator.SegmentedMessage(text).segmentsCount)
      }),
    )
  })

  test('fit 140 octets with their header, cut no character, and make the text again', () => {
    fc.assert(
      fc.property(fc.oneof(gsmText(700), wideText), fc.constantFrom<8 | 16>(8, 16), (text, bits) => {
        const { isGsm: gsm, ends } = cutText(text, bits)!
        const header = ends.length > 1 ? concatenationHeader(1, ends.length, 1, bits).length : 0
        const parts = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))
        for (const part of parts) {
          const bitsUsed = gsm ? encodeGsm(part).length * 7 : encodeUcs2(part).length * 8
          expect(header * 8 + bitsUsed).toBeLessThanOrEqual(1120)
          expect(part.isWellFormed()).toBe(true)
        }
        expect(parts.join('')).toBe(text)
      }),
    )
  })

  test('over 255 are refused, not sent', () => {
    expect(cutText('я'.repeat(67 * 255))?.ends.length).toBe(255)
    expect(cutText('я'.repeat(67 * 255 + 1))).toBeUndefined()
    expect(smsParts('я'.repeat(67 * 255 + 1))).toBe(256)
  })
})

describe('the concatenation header', () => {
  test.each([8, 16] as const)('of %i bits is read back', (bits) => {
    const data = Buffer.concat([concatenationHeader(0x1234, 3, 2, bits), Buffer.from('abc')])
    const reference = bits === 8 ? 0x34 : 0x1234
    expect(splitHeader(data)).toEqual({
      concatenation: { reference, total: 3, sequence: 2 },
      octets: Buffer.from('abc'),
    })
  })

  test('is found behind other elements, and nonsense in it is read as a whole message', () => {
    const ports = [0x05, 4, 0, 1, 0, 2]
    const data = Buffer.from([11, ...ports, 0x00, 3, 7, 2, 1, 0x41])
    expect(splitHeader(data).concatenation).toEqual({ reference: 7, total: 2, sequence: 1 })
    expect(splitHeader(Buffer.from([5, 0, 3, 7, 2, 3, 0x41])).concatenation?.total).toBe(1)
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void splitHeader(Buffer.from(bytes))))
  })
})
