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

const septets = new Map<string, readonly number[]>()
for (const [code, character] of [...basic].entries()) if (code !== escape) septets.set(character, [code])
for (const [character, code] of Object.entries(extension)) septets.set(character, [escape, code])
const basicByCode = [...basic]
const extensionByCode = new Map(Object.entries(extension).map(([character, code]) => [code, character]))

/** Septets of one character in GSM 7-bit (one, or two for the extension table), undefined where it has none. */
export function gsmSeptets(character: string): readonly number[] | undefined {
  return septets.get(character)
}

/** Says whether every character of a text exists in GSM 7-bit. */
export function isGsm(text: string): boolean {
  for (const character of text) if (!septets.has(character)) return false
  return true
}

/** A text as GSM septets, one an octet. Characters outside the alphabet become question marks. */
export function encodeGsm(text: string): Buffer {
  const codes: number[] = []
  for (const character of text) codes.push(...(septets.get(character) ?? [0x3f]))
  return Buffer.from(codes)
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
