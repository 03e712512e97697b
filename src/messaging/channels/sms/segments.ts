import { isLatin1, septetCount, septetsAt } from './alphabet.ts'

/** Width of the reference number in the concatenation header; the wider one costs a character a part. */
export type ReferenceBits = 8 | 16

/** How a message is cut and written; see the settings of the same names. */
export type CuttingProfile = {
  longText: 'udh' | 'sar' | 'payload'
  referenceBits: ReferenceBits
  alphabet: 'gsm' | 'latin1' | 'ucs2'
}

/** The reference that makes a part shorter: with sar parameters the peer writes the wide one. */
export const bitsOf = ({ longText, referenceBits }: CuttingProfile): ReferenceBits =>
  longText === 'sar' ? 16 : referenceBits

/** Whether a text has to go as UCS-2, whatever GSM 7-bit could say of it. */
export const needsUcs2 = (text: string, { alphabet }: CuttingProfile): boolean =>
  alphabet === 'ucs2' || (alphabet === 'latin1' && !isLatin1(text))

/** A text cut into parts: `ends` are the places in the text (UTF-16 units) where each part ends. */
export type Cut = { isGsm: boolean; ends: number[] }

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

const wholeGsm = room(true, 0)
const wholeUcs2 = room(false, 0)
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00

/** Walks over the parts of a text and gives where each ends to `visit`; returns how many there are. */
function walk(text: string, gsm: boolean, limit: number, visit: (end: number) => void): number {
  let parts = 1
  let used = 0
  for (let at = 0; at < text.length;) {
    // A surrogate pair and an extension character with its escape stay in one piece.
    const units = !gsm && isHighSurrogate(text.charCodeAt(at)) && at + 1 < text.length ? 2 : 1
    const size = gsm ? septetsAt(text, at) : 2 * units
    if (used + size > limit) {
      visit(at)
      parts += 1
      used = 0
    }
    used += size
    at += units
  }
  visit(text.length)
  return parts
}

/** How a text fits into one part: 'gsm' or 'ucs2'; else 'parts', with `isGsm` to say of which kind. */
export type Fit = 'gsm' | 'ucs2' | 'gsm-parts' | 'ucs2-parts'

/** Says in which alphabet a text goes and whether one part holds it. `ucs2Only`: the peer takes nothing else. */
export function fitOf(text: string, ucs2Only = false): Fit {
  const septets = ucs2Only ? -1 : septetCount(text)
  if (septets >= 0) return septets <= wholeGsm ? 'gsm' : 'gsm-parts'
  return 2 * text.length <= wholeUcs2 ? 'ucs2' : 'ucs2-parts'
}

/**
 * Cuts a text into the parts that leave as one SMS each. An extension character or a surrogate pair is never cut
 * in two. More than 255 parts, which no phone could join, give undefined.
 */
export function cutText(text: string, referenceBits: ReferenceBits = 8, ucs2Only = false): Cut | undefined {
  const fit = fitOf(text, ucs2Only)
  const gsm = fit === 'gsm' || fit === 'gsm-parts'
  if (fit === 'gsm' || fit === 'ucs2') return { isGsm: gsm, ends: [text.length] }
  const ends: number[] = []
  const parts = walk(text, gsm, room(gsm, referenceBits === 8 ? 6 : 7), (end) => ends.push(end))
  return parts <= maxParts ? { isGsm: gsm, ends } : undefined
}

const nobody = (): void => {}

/**
 * How many SMS a text is, which is what it is charged for. Over 255 it is counted all the same, but not sent. What leaves
 * whole in message_payload is cut, and charged for, by the message centre.
 */
export function smsParts(text: string, referenceBits: ReferenceBits = 8, ucs2Only = false): number {
  const fit = fitOf(text, ucs2Only)
  if (fit === 'gsm' || fit === 'ucs2') return 1
  const gsm = fit === 'gsm-parts'
  return walk(text, gsm, room(gsm, referenceBits === 8 ? 6 : 7), nobody)
}

/** Cuts octets (a binary message) where every part has `headerOctets` before it. Undefined over 255 parts. */
export function cutOctets(length: number, headerOctets: number): number[] | undefined {
  if (length + headerOctets <= userDataOctets) return [length]
  // The element of the concatenation stands in the header of each part, with the length octet where there was none.
  const limit = userDataOctets - Math.max(headerOctets, 1) - 5
  const ends: number[] = []
  for (let end = limit; end < length + limit; end += limit) ends.push(Math.min(end, length))
  return ends.length <= maxParts ? ends : undefined
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
