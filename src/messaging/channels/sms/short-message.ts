import { headerBytes } from './pdu.ts'
import { esmClass, tag } from './pdu-layout.ts'

/**
 * The fields of a deliver_sm that matter, as places in the buffer it was read into (SMPP 3.4 §4.6.1). One such object
 * serves all units of a connection, so that a receipt costs no object until it is known to be one. Every number named
 * `…At` or `…End` is a place in `bytes`; a parameter that is absent is -1.
 */
export class ShortMessageView {
  bytes: Buffer = Buffer.alloc(0)
  sequence = 0
  sourceTon = 0
  sourceAt = 0
  sourceEnd = 0
  esmClass = 0
  dataCoding = 0
  textAt = 0
  textEnd = 0
  receiptedIdAt = -1
  receiptedIdEnd = -1
  messageState = -1
  errorCode = -1
  reference = -1

  /** Reads the unit between `start` and `end`; false: it does not follow its layout. */
  read(bytes: Buffer, start: number, end: number): boolean {
    this.bytes = bytes
    this.sequence = int32At(bytes, start + 12)
    let at = endOfText(bytes, start + headerBytes, end) // service_type
    this.sourceTon = bytes[at]!
    this.sourceAt = at + 2
    at = endOfText(bytes, at + 2, end)
    this.sourceEnd = at - 1
    at = endOfText(bytes, at + 2, end) // destination
    this.esmClass = bytes[at]!
    at = endOfText(bytes, at + 3, end) // schedule_delivery_time
    at = endOfText(bytes, at, end) // validity_period
    this.dataCoding = bytes[at + 2]!
    if (at + 5 > end) return false
    this.textAt = at + 5
    this.textEnd = this.textAt + bytes[at + 4]!
    if (this.textEnd > end || bytes[at + 4]! > 254) return false
    return this.#readTlvs(this.textEnd, end)
  }

  /** Final or intermediate receipt, and not a subscriber's message. */
  get isReceipt(): boolean {
    return (this.esmClass & (esmClass.receipt | esmClass.intermediateReceipt)) !== 0
  }

  #readTlvs(start: number, end: number): boolean {
    this.receiptedIdAt = -1
    this.messageState = -1
    this.errorCode = -1
    this.reference = -1
    const { bytes } = this
    let at = start
    while (at < end) {
      if (at + 4 > end) return false
      const valueAt = at + 4
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (valueAt + length > end) return false
      this.#take((bytes[at]! << 8) | bytes[at + 1]!, valueAt, length)
      at = valueAt + length
    }
    return true
  }

  #take(tlvTag: number, at: number, length: number): void {
    const { bytes } = this
    if (tlvTag === tag.receiptedMessageId) {
      this.receiptedIdAt = at
      // The closing NUL is optional, as peers differ there.
      this.receiptedIdEnd = at
      while (this.receiptedIdEnd < at + length && bytes[this.receiptedIdEnd] !== 0) this.receiptedIdEnd += 1
    } else if (tlvTag === tag.messageState && length > 0) {
      this.messageState = bytes[at]!
    } else if (tlvTag === tag.userMessageReference && length >= 2) {
      this.reference = (bytes[at]! << 8) | bytes[at + 1]!
    } else if (tlvTag === tag.networkErrorCode && length >= 3) {
      this.errorCode = (bytes[at + 1]! << 8) | bytes[at + 2]!
    } else if (tlvTag === tag.messagePayload && this.textAt === this.textEnd) {
      this.textAt = at
      this.textEnd = at + length
    }
  }
}

/** The place behind the NUL of a text that begins at `start`; behind `end` where there is none. */
function endOfText(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== 0) at += 1
  return at < end ? at + 1 : end + 1
}

/** Four octets, big-endian, unsigned. */
export function int32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
