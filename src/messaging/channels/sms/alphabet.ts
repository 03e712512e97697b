/**
 * The character sets of short messages. GSM 7-bit is carried one septet an octet, as SMPP does; the message
 * centre packs it. Tables: 3GPP TS 23.038 §6.2.1 and §6.2.1.1.
 */

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const escape = 0x1b
const extension: Record<string, number> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
}

const basicByCode = [...basic]
const extensionByCode = new Map(Object.entries(extension).map(([character, code]) => [code, character]))

/** Marks a character that the alphabet has, since the septet of "@" is 0; and one that needs the escape before it. */
const present = 0x8000
const extended = 0x4000
const euro = 0x20ac
const questionMark = 0x3f

/** Septets by UTF-16 unit. All characters of the alphabet but the euro sign lie below this length. */
const septetByUnit = new Uint16Array(0x400)
for (const [code, character] of basicByCode.entries())
  if (code !== escape) septetByUnit[character.charCodeAt(0)] = present | code
for (const [character, code] of Object.entries(extension))
  if (character.charCodeAt(0) !== euro) septetByUnit[character.charCodeAt(0)] = present | extended | code

function septetOf(unit: number): number {
  if (unit < 0x400) return septetByUnit[unit]!
  return unit === euro ? present | extended | 0x65 : 0
}

/** Septets that the UTF-16 unit at `at` takes in GSM 7-bit: 1, or 2 for the extension table; 0 where it has none. */
export function septetsAt(text: string, at: number): number {
  const septet = septetOf(text.charCodeAt(at))
  return septet === 0 ? 0 : (septet & extended) === 0 ? 1 : 2
}

/** Septets of a text in GSM 7-bit, or -1 where some character of it is not in the alphabet. */
export function septetCount(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += 1) {
    const septet = septetOf(text.charCodeAt(at))
    if (septet === 0) return -1
    count += (septet & extended) === 0 ? 1 : 2
  }
  return count
}

/** Says whether every character of a text exists in GSM 7-bit. */
export function isGsm(text: string): boolean {
  return septetCount(text) >= 0
}

/** Says whether every character of a text is one of Latin-1. */
export function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0xff) return false
  return true
}

/** Writes a text from `from` to `to` as GSM septets, one an octet; unknown characters as "?". Returns where it ended. */
export function writeGsm(bytes: Uint8Array, start: number, text: string, from = 0, to = text.length): number {
  let end = start
  for (let at = from; at < to; at += 1) {
    const septet = septetOf(text.charCodeAt(at))
    if ((septet & extended) !== 0) bytes[end++] = escape
    bytes[end++] = septet === 0 ? questionMark : septet & 0x7f
  }
  return end
}

/** Writes a text from `from` to `to` as UCS-2, big-endian. Returns where it ended. */
export function writeUcs2(
  bytes: Uint8Array,
  start: number,
  text: string,
  from = 0,
  to = text.length,
): number {
  let end = start
  for (let at = from; at < to; at += 1) {
    const unit = text.charCodeAt(at)
    bytes[end++] = unit >>> 8
    bytes[end++] = unit
  }
  return end
}

/** Writes a text from `from` to `to` as one octet a character (ASCII, Latin-1). Returns where it ended. */
export function writeLatin1(
  bytes: Uint8Array,
  start: number,
  text: string,
  from = 0,
  to = text.length,
): number {
  let end = start
  for (let at = from; at < to; at += 1) bytes[end++] = text.charCodeAt(at)
  return end
}

/** A text as GSM septets, one an octet. Characters outside the alphabet become question marks. */
export function encodeGsm(text: string): Buffer {
  const octets = Buffer.alloc(2 * text.length)
  return octets.subarray(0, writeGsm(octets, 0, text))
}

/** GSM septets, one an octet, as text. An escape before a code without extension gives the basic character. */
export function decodeGsm(octets: Buffer): string {
  let text = ''
  let escaped = false
  for (const octet of octets) {
    if (octet === escape) {
      // Two escapes in a row are reserved for a further table; TS 23.038 has a space shown instead.
      if (escaped) text += ' '
      escaped = !escaped
      continue
    }
    text += (escaped ? extensionByCode.get(octet) : undefined) ?? basicByCode[octet] ?? '?'
    escaped = false
  }
  return text
}

/** A text as UCS-2, big-endian (in effect UTF-16, as phones take it). */
export function encodeUcs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** UCS-2, big-endian, as text; an odd last octet is dropped. */
export function decodeUcs2(octets: Buffer): string {
  const even = Buffer.from(octets.subarray(0, octets.length - (octets.length % 2)))
  return even.swap16().toString('utf16le')
}

/**
 * Text of a received message by its data_coding: the SMPP values 0 to 15 (§5.2.19), and above them the GSM data
 * coding scheme with message class or compression bits (TS 23.038 §4), which is not to be read by its low four
 * bits. Binary is given as Latin-1, so that it is at least the same for the same octets.
 */
export function decodeText(octets: Buffer, dataCoding: number): string {
  if (dataCoding < 0x10) {
    if (dataCoding === 0) return decodeGsm(octets)
    if (dataCoding === 6) return new TextDecoder('iso-8859-5').decode(octets)
    return dataCoding === 8 ? decodeUcs2(octets) : octets.toString('latin1')
  }
  if (dataCoding >= 0xf0) return (dataCoding & 0x04) === 0 ? decodeGsm(octets) : octets.toString('latin1')
  // 0xE0 to 0xEF is "message waiting" whose text is UCS-2; below 0x40 bits 2 and 3 name the alphabet.
  const ucs2 = dataCoding < 0x40 ? (dataCoding & 0x0c) === 0x08 : (dataCoding & 0xf0) === 0xe0
  if (ucs2) return decodeUcs2(octets)
  return dataCoding < 0x40 && (dataCoding & 0x0c) === 0x04 ? octets.toString('latin1') : decodeGsm(octets)
}
