import type { Choice } from '../../channel.ts'
import { encodeGsm, encodeUcs2, isGsm } from '../sms/alphabet.ts'

/** Proactive commands and tags (3GPP TS 31.111 §9.3, §9.4; TS 101.220 §7.2); bit 8: it has to be understood. */
const command = { displayText: 0x21, getInkey: 0x22, selectItem: 0x24 } as const
const tag = {
  proactive: 0xd0,
  details: 0x81,
  devices: 0x82,
  result: 0x03,
  title: 0x85,
  text: 0x8d,
  item: 0x8f,
  itemId: 0x10,
} as const

/** A phone fetches a command in one go of 256 octets at most. */
const MAX_OCTETS = 256
/** The user clears the text; GET INKEY: yes or no (TS 31.111 §8.6). */
const qualifier = { displayText: 0x81, getInkey: 0x04, selectItem: 0x00 } as const

/**
 * What a phone is to show, as the command that the applet on the SIM hands to it: a text (DISPLAY TEXT), a question to
 * which there is one choice (GET INKEY, yes or no), or a list (SELECT ITEM). Undefined where it is longer than a phone
 * fetches.
 */
export function encodeCommand(text: string, choices: readonly Choice[]): Buffer | undefined {
  const [only] = choices
  const question = only === undefined ? text : `${text}\n${only.label}?`
  const kind = choices.length === 0 ? 'displayText' : choices.length === 1 ? 'getInkey' : 'selectItem'
  const shown =
    kind === 'selectItem'
      ? [
          tlv(tag.title, alphaOf(text)),
          ...choices.map(({ label }, index) => tlv(tag.item, Buffer.from([index + 1, ...alphaOf(label)]))),
        ]
      : [tlv(tag.text, textOf(question))]
  // From the SIM to the display, or to the phone where it has to answer.
  const target = kind === 'displayText' ? 0x02 : 0x82
  const octets = tlv(
    tag.proactive,
    Buffer.concat([
      tlv(tag.details, Buffer.from([1, command[kind], qualifier[kind]])),
      tlv(tag.devices, Buffer.from([0x81, target])),
      ...shown,
    ]),
  )
  return octets.length <= MAX_OCTETS && choices.length < 256 ? octets : undefined
}

/** What became of a command on the phone; `item` counts from 1, 0 is the "no" of a question. */
export type CommandResult =
  | { is: 'chosen'; item: number }
  | { is: 'shown' | 'refused' | 'no_answer' }
  | { is: 'failed'; reason: string }

/** Reads a TERMINAL RESPONSE (TS 31.111 §6.8) that the applet passes on; undefined where it is none. */
export function readResult(octets: Buffer): CommandResult | undefined {
  const fields = tlvsOf(octets)
  const general = fields?.get(tag.result)?.[0]
  if (fields === undefined || general === undefined) return undefined
  // TS 31.111 §8.12: 0x0_ was done, 0x10 and 0x11 the user left, 0x12 nobody answered.
  if (general === 0x10 || general === 0x11) return { is: 'refused' }
  if (general === 0x12) return { is: 'no_answer' }
  if (general > 0x0f) return { is: 'failed', reason: `terminal_${general.toString(16)}` }
  const item = fields.get(tag.itemId)?.[0]
  if (item !== undefined) return { is: 'chosen', item }
  // The answer to yes or no stands behind the text's coding.
  const key = fields.get(tag.text & 0x7f)?.[1]
  return key === undefined ? { is: 'shown' } : { is: 'chosen', item: key === 1 ? 1 : 0 }
}

/** A field with its length in one octet, or in two behind 0x81. */
function tlv(tagged: number, value: Buffer): Buffer {
  const { length } = value
  const head =
    length < 0x80
      ? [tagged, length]
      : length < 0x100
        ? [tagged, 0x81, length]
        : [tagged, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), value])
}

/** The fields of a response by their tags without bit 8. */
function tlvsOf(octets: Buffer): Map<number, Buffer> | undefined {
  const fields = new Map<number, Buffer>()
  let at = 0
  while (at < octets.length) {
    const isLong = octets[at + 1] === 0x81
    const length = octets[isLong ? at + 2 : at + 1]
    const start = at + (isLong ? 3 : 2)
    if (length === undefined || start + length > octets.length) return undefined
    fields.set(octets[at]! & 0x7f, octets.subarray(start, start + length))
    at = start + length
  }
  return fields
}

/** Text with its coding before it: 0x04 the default alphabet with 8 bits, 0x08 UCS-2 (TS 31.111 §8.15). */
const textOf = (text: string): Buffer =>
  isGsm(text)
    ? Buffer.concat([Buffer.from([0x04]), encodeGsm(text)])
    : Buffer.concat([Buffer.from([0x08]), encodeUcs2(text)])

/** A text as an alpha identifier: the default alphabet, or UCS-2 behind 0x80 (TS 102 221 annex A). */
const alphaOf = (text: string): Buffer =>
  isGsm(text) ? encodeGsm(text) : Buffer.concat([Buffer.from([0x80]), encodeUcs2(text)])
