import { encodeGsm, encodeUcs2, gsmSeptets, isGsm } from './alphabet.ts'

/** Width of the reference number in the concatenation header; the wider one costs a character a part. */
export type ReferenceBits = 8 | 16

/** A text cut into parts, each the octets of short_message without a header. */
export type Segments = { dataCoding: 0 | 8; parts: Buffer[] }

const userDataOctets = 140
const maxParts = 255

/**
 * Room of one part: septets for GSM 7-bit, octets for UCS-2. User data is 140 octets; the header of a
 * concatenated part takes 6 of them (7 with a 16-bit reference): 160/153/152 and 70/67/66 characters.
 * Source: 3GPP TS 23.040 §9.2.3.24.
 */
function room(gsm: boolean, headerOctets: number): number {
  const octets = userDataOctets - headerOctets
  return gsm ? Math.floor((octets * 8) / 7) : octets - (octets % 2)
}

function cut(text: string, referenceBits: ReferenceBits): Segments {
  const gsm = isGsm(text)
  const dataCoding = gsm ? 0 : 8
  const whole = gsm ? encodeGsm(text) : encodeUcs2(text)
  if (whole.length <= room(gsm, 0)) return { dataCoding, parts: [whole] }
  const limit = room(gsm, referenceBits === 8 ? 6 : 7)
  const parts: Buffer[] = []
  let start = 0
  let end = 0
  for (const character of text) {
    const size = gsm ? (gsmSeptets(character)?.length ?? 1) : character.length * 2
    if (end + size - start > limit) {
      parts.push(whole.subarray(start, end))
      start = end
    }
    end += size
  }
  parts.push(whole.subarray(start, end))
  return { dataCoding, parts }
}

/**
 * Cuts a text into the parts that leave as one SMS each. An extension character or a surrogate pair is never cut
 * in two. More than 255 parts, which no phone could join, give undefined.
 */
export function segmentText(text: string, referenceBits: ReferenceBits = 8): Segments | undefined {
  const segments = cut(text, referenceBits)
  return segments.parts.length <= maxParts ? segments : undefined
}

/** How many SMS a text is, which is what it is charged for. Over 255 it is counted all the same, but not sent. */
export function smsParts(text: string, referenceBits: ReferenceBits = 8): number {
  return cut(text, referenceBits).parts.length
}

/** The user data header that makes a part one of several: TS 23.040 §9.2.3.24.1 (8 bit) and §9.2.3.24.8 (16 bit). */
export function concatenationHeader(
  reference: number,
  total: number,
  sequence: number,
  referenceBits: ReferenceBits = 8,
): Buffer {
  return referenceBits === 8
    ? Buffer.from([5, 0x00, 3, reference & 0xff, total, sequence])
    : Buffer.from([6, 0x08, 4, (reference >> 8) & 0xff, reference & 0xff, total, sequence])
}

/** Which part of which message this is. */
export type Concatenation = { reference: number; total: number; sequence: number }

/** Splits received user data into its header's concatenation element, if it has one, and the text octets. */
export function splitHeader(userData: Buffer): { concatenation?: Concatenation; octets: Buffer } {
  const headerEnd = (userData[0] ?? 0) + 1
  if (headerEnd > userData.length) return { octets: userData }
  const octets = userData.subarray(headerEnd)
  let at = 1
  while (at + 2 <= headerEnd) {
    const element = userData[at] ?? 0
    const length = userData[at + 1] ?? 0
    const value = userData.subarray(at + 2, Math.min(at + 2 + length, headerEnd))
    if (element === 0x00 && value.length === 3)
      return { octets, concatenation: validPart(value.readUInt8(0), value.readUInt8(1), value.readUInt8(2)) }
    if (element === 0x08 && value.length === 4)
      return {
        octets,
        concatenation: validPart(value.readUInt16BE(0), value.readUInt8(2), value.readUInt8(3)),
      }
    at += 2 + length
  }
  return { octets }
}

/** A part number outside its total makes the element void (TS 23.040 says to ignore it): read it as a whole. */
function validPart(reference: number, total: number, sequence: number): Concatenation {
  return sequence >= 1 && sequence <= total
    ? { reference, total, sequence }
    : { reference, total: 1, sequence: 1 }
}
