import type { BinaryContent, OutboundMessage } from '../../channel.ts'
import { writeGsm, writeLatin1, writeUcs2 } from './alphabet.ts'
import { commandIds, esmClass, tag } from './pdu-layout.ts'
import type { CuttingProfile } from './segments.ts'
import type { Submission } from './submission.ts'

/** Who a message seems to come from: type of number 5 is a name in letters, 1 an international number. */
export type SourceAddress = { ton: number; npi: number; address: string }

/** How submissions are written for one peer. */
export type WriterProfile = CuttingProfile & {
  source: SourceAddress
  serviceType: string
  /** data_coding of texts in the peer's default alphabet and in UCS-2. */
  dataCodings: { gsm: number; ucs2: number }
}

const longestValidityS = 28 * 24 * 3600
const maxShortMessageOctets = 254
/** More than every field but the text takes, with addresses of usual length and their double. */
const fixedOctets = 512

/** Writes submit_sm units straight into the buffer that goes to the socket (SMPP 3.4 §4.4.1). */
export class SubmitWriter {
  readonly #profile: WriterProfile
  readonly #head: Buffer
  readonly #ussdHead: Buffer

  constructor(profile: WriterProfile) {
    this.#profile = profile
    const { ton, npi, address } = profile.source
    const head = (serviceType: string): Buffer =>
      Buffer.from(`${serviceType}\0${String.fromCharCode(ton, npi)}${address}\0`, 'latin1')
    this.#head = head(profile.serviceType)
    this.#ussdHead = head('USSD')
  }

  /** Room that a part of this message needs at most. */
  roomFor({ address, text }: OutboundMessage): number {
    return fixedOctets + address.length + 2 * text.length
  }

  /**
   * Writes part `part` (from 0) at `start` and returns where the unit ends. `nowMs` (epoch ms, the domain's clock)
   * gives the validity that is left until the message expires.
   */
  write(
    bytes: Uint8Array,
    start: number,
    submission: Submission,
    part: number,
    sequence: number,
    nowMs: number,
  ): number {
    const { binary, ussd, address } = submission.message!
    const { longText, dataCodings } = this.#profile
    const total = submission.parts
    const hasHeader = binary?.udh !== undefined || (total > 1 && (binary !== undefined || longText === 'udh'))
    writeInt32(bytes, start + 4, commandIds.submit_sm)
    writeInt32(bytes, start + 8, 0)
    writeInt32(bytes, start + 12, sequence)
    let at = copy(bytes, start + 16, ussd === undefined ? this.#head : this.#ussdHead)
    // E.164 without its plus sign as an international number; anything else as it is, kind unknown.
    const isE164 = address.charCodeAt(0) === 0x2b
    bytes[at++] = isE164 ? 1 : 0
    bytes[at++] = 1
    at = writeLatin1(bytes, at, address, isE164 ? 1 : 0)
    bytes[at++] = 0
    bytes[at++] = hasHeader ? esmClass.udh : 0
    bytes[at++] = binary === undefined ? 0 : binary.protocolId
    bytes[at++] = 0 // priority_flag
    bytes[at++] = 0 // schedule_delivery_time: at once
    at = writeRelativeTime(bytes, at, (submission.expiresAtMs - nowMs) / 1000)
    bytes[at++] = ussd === undefined ? 1 : 0 // registered_delivery
    bytes[at++] = 0 // replace_if_present_flag
    bytes[at++] = binary?.dataCoding ?? (submission.isGsm ? dataCodings.gsm : dataCodings.ucs2)
    bytes[at++] = 0 // sm_default_msg_id
    at = this.#writeContent(bytes, at, submission, part)
    at = writeTlv16(bytes, at, tag.userMessageReference, submission.reference)
    if (total > 1 && !hasHeader) {
      at = writeTlv16(bytes, at, tag.sarReference, submission.reference)
      at = writeTlv8(bytes, at, tag.sarTotal, total)
      at = writeTlv8(bytes, at, tag.sarSequence, part + 1)
    }
    if (ussd !== undefined) {
      at = writeTlv8(bytes, at, tag.ussdServiceOp, ussd.serviceOp)
      if (ussd.session !== undefined)
        at = writeTlv(bytes, at, tag.itsSessionInfo, Buffer.from(ussd.session, 'hex'))
    }
    writeInt32(bytes, start, at - start)
    return at
  }

  /** sm_length and short_message, or an empty one and message_payload. */
  #writeContent(bytes: Uint8Array, start: number, submission: Submission, part: number): number {
    const { text, binary } = submission.message!
    const { ends } = submission
    const from = ends === undefined || part === 0 ? 0 : ends[part - 1]!
    if (binary !== undefined) return this.#writeBinary(bytes, start, submission, binary, from, part)
    const to = ends === undefined ? text.length : ends[part]!
    let at = start + 1
    if (ends !== undefined && this.#profile.longText === 'udh')
      at = this.#writeConcatenation(bytes, at, submission, part)
    at = this.#writeText(bytes, at, submission, from, to)
    if (at - start - 1 <= maxShortMessageOctets) {
      bytes[start] = at - start - 1
      return at
    }
    // It does not fit: once more behind the header of the parameter.
    at = this.#writeText(bytes, start + 5, submission, from, to)
    const length = at - start - 5
    bytes[start] = 0
    writeInt16(bytes, start + 1, tag.messagePayload)
    writeInt16(bytes, start + 3, length)
    return at
  }

  #writeText(bytes: Uint8Array, at: number, submission: Submission, from: number, to: number): number {
    const { text } = submission.message!
    if (!submission.isGsm) return writeUcs2(bytes, at, text, from, to)
    if (this.#profile.alphabet === 'latin1') return writeLatin1(bytes, at, text, from, to)
    return writeGsm(bytes, at, text, from, to)
  }

  /** The user data header that makes a part one of several (TS 23.040 §9.2.3.24.1 and .8). */
  #writeConcatenation(bytes: Uint8Array, start: number, submission: Submission, part: number): number {
    const isWide = this.#profile.referenceBits === 16
    let at = start
    bytes[at++] = isWide ? 6 : 5
    return writeConcatenationElement(bytes, at, submission, part, isWide)
  }

  #writeBinary(
    bytes: Uint8Array,
    start: number,
    submission: Submission,
    { payload, udh }: BinaryContent,
    from: number,
    part: number,
  ): number {
    const { ends } = submission
    const to = ends === undefined ? payload.length : ends[part]!
    let at = start + 1
    if (ends === undefined) {
      if (udh !== undefined) at = copy(bytes, at, udh)
    } else {
      // The first part alone says what the octets are; each says which part it is.
      const elements = part === 0 && udh !== undefined ? udh.subarray(1) : new Uint8Array(0)
      bytes[at++] = 5 + elements.length
      at = writeConcatenationElement(bytes, at, submission, part, false)
      at = copy(bytes, at, elements)
    }
    at = copy(bytes, at, payload.subarray(from, to))
    bytes[start] = at - start - 1
    return at
  }
}

function writeConcatenationElement(
  bytes: Uint8Array,
  start: number,
  submission: Submission,
  part: number,
  isWide: boolean,
): number {
  let at = start
  bytes[at++] = isWide ? 0x08 : 0x00
  bytes[at++] = isWide ? 4 : 3
  if (isWide) bytes[at++] = submission.reference >>> 8
  bytes[at++] = submission.reference
  bytes[at++] = submission.parts
  bytes[at++] = part + 1
  return at
}

/** A span as relative SMPP time `YYMMDDhhmmss000R` with its NUL (§7.1.1), which needs no agreement of clocks. */
function writeRelativeTime(bytes: Uint8Array, start: number, spanS: number): number {
  const seconds = Math.floor(Math.min(Math.max(spanS, 1), longestValidityS))
  let at = writeTwo(bytes, start, 0)
  at = writeTwo(bytes, at, 0)
  at = writeTwo(bytes, at, Math.floor(seconds / 86_400))
  at = writeTwo(bytes, at, Math.floor(seconds / 3600) % 24)
  at = writeTwo(bytes, at, Math.floor(seconds / 60) % 60)
  at = writeTwo(bytes, at, seconds % 60)
  at = writeTwo(bytes, at, 0)
  bytes[at++] = 0x30
  bytes[at++] = 0x52
  bytes[at++] = 0
  return at
}

function writeTwo(bytes: Uint8Array, at: number, value: number): number {
  const tens = Math.floor(value / 10)
  bytes[at] = 0x30 + tens
  bytes[at + 1] = 0x30 + value - 10 * tens
  return at + 2
}

function copy(bytes: Uint8Array, start: number, from: Uint8Array): number {
  for (let i = 0; i < from.length; i += 1) bytes[start + i] = from[i]!
  return start + from.length
}

/** Four octets, big-endian. */
export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function writeTlv8(bytes: Uint8Array, at: number, tlvTag: number, value: number): number {
  writeInt16(bytes, at, tlvTag)
  writeInt16(bytes, at + 2, 1)
  bytes[at + 4] = value
  return at + 5
}

function writeTlv16(bytes: Uint8Array, at: number, tlvTag: number, value: number): number {
  writeInt16(bytes, at, tlvTag)
  writeInt16(bytes, at + 2, 2)
  writeInt16(bytes, at + 4, value)
  return at + 6
}

function writeTlv(bytes: Uint8Array, at: number, tlvTag: number, value: Uint8Array): number {
  writeInt16(bytes, at, tlvTag)
  writeInt16(bytes, at + 2, value.length)
  return copy(bytes, at + 4, value)
}
