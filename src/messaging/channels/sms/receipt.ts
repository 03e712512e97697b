import type { DeliveryReceipt } from '../../channel.ts'
import { decodeText } from './alphabet.ts'
import type { ShortMessageView } from './short-message.ts'

/**
 * How the peer writes message ids. Left out, an id is text and compared as it is: leading zeros matter, and some
 * peers use UUIDs. Only where the answers' and the receipts' forms differ are they brought to one.
 */
export type IdForms = {
  response?: 'hex' | 'decimal' | undefined
  receipt?: 'hex' | 'decimal' | undefined
}

type Status = DeliveryReceipt['status']

/** Words of `stat:` in a receipt's text (SMPP 3.4 appendix B). UNKNOWN is no verdict, so the timer decides. */
const statusByWord: Record<string, Status> = {
  DELIVRD: 'delivered',
  EXPIRED: 'expired',
  DELETED: 'failed',
  UNDELIV: 'failed',
  REJECTD: 'failed',
  SKIPPED: 'failed',
  ACCEPTD: 'accepted',
  ENROUTE: 'accepted',
  SCHEDULED: 'accepted',
  UNKNOWN: 'accepted',
}

/** Values of message_state (§5.2.28) in the words of the text form. */
const stateWords = [
  'SCHEDULED',
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
  'SKIPPED',
]

/** An id in canonical form: as it is, or as a decimal number where the profile says in which base it was written. */
export function canonicalId(id: string, form: 'hex' | 'decimal' | undefined): string {
  if (form === 'hex' && /^[0-9a-f]+$/i.test(id)) return BigInt(`0x${id}`).toString()
  if (form === 'decimal' && /^[0-9]+$/.test(id)) return BigInt(id).toString()
  return id
}

/** The same words as reasons. */
const reasonByWord: Record<string, string> = {
  DELIVRD: 'delivered',
  EXPIRED: 'expired',
  DELETED: 'deleted',
  UNDELIV: 'undelivered',
  REJECTD: 'rejected',
  SKIPPED: 'skipped',
}

const delivered = 2
const idWord = [0x69, 0x64, 0x3a] as const // id:

/**
 * Reads receipts from their optional parameters (receipted_message_id, message_state, network_error_code) and their
 * text (`id:… stat:… err:…`); the parameters win. One reader is used for all: what `read` found stays until the next.
 */
export class ReceiptReader {
  /** Id of the part in canonical form; empty where the receipt names none. */
  partId = ''
  status: Status = 'accepted'
  reason: string | undefined
  /** Our message's reference, its low 16 bits, where the peer gives it back. */
  reference: number | undefined
  readonly #forms: IdForms
  readonly #errorReasons: Record<string, string>

  /** `errorReasons`: what the peer's error codes mean, as short words. */
  constructor(forms: IdForms = {}, errorReasons: Record<string, string> = {}) {
    this.#forms = forms
    this.#errorReasons = errorReasons
  }

  /** False: the message does not say what became of anything. */
  read(view: ShortMessageView): boolean {
    this.reference = view.reference < 0 ? undefined : view.reference
    this.reason = undefined
    if (this.#readDelivered(view)) return true
    const text = textOf(view)
    const stateWord = view.messageState < 0 ? undefined : stateWords[view.messageState]
    const word = stateWord ?? textField(text, 'stat')?.toUpperCase()
    const found = word === undefined ? undefined : statusByWord[word]
    if (word === undefined || found === undefined) return false
    this.status = found
    this.partId = this.#canonical(receiptedId(view) ?? textField(text, 'id') ?? '')
    if (found !== 'delivered') {
      const error = view.errorCode < 0 ? textField(text, 'err') : String(view.errorCode)
      this.reason = this.#reasonOf(word, error)
    }
    return true
  }

  /** The common case without a text made of it: the parameters say so, or a text of the usual form does. */
  #readDelivered(view: ShortMessageView): boolean {
    const { bytes, textAt, textEnd } = view
    let id = receiptedId(view)
    let at = textAt
    if (id === undefined) {
      for (let i = 0; i < 3; i += 1) if (bytes[at + i] !== idWord[i]) return false
      at += 3
      while (at < textEnd && bytes[at] !== 0x20) at += 1
      id = bytes.toString('latin1', textAt + 3, at)
    }
    if (view.messageState >= 0 ? view.messageState !== delivered : !saysDelivered(bytes, at, textEnd))
      return false
    if (id === undefined || id === '') return false
    this.status = 'delivered'
    this.partId = this.#canonical(id)
    return true
  }

  #canonical(id: string): string {
    return this.#forms.receipt === undefined ? id : canonicalId(id, this.#forms.receipt)
  }

  #reasonOf(word: string, error: string | undefined): string {
    const reason = reasonByWord[word] ?? word.toLowerCase()
    if (error === undefined || /^0*$/.test(error)) return reason
    return this.#errorReasons[error] ?? `${reason}_error_${error.toLowerCase()}`
  }
}

/** Looks for ` stat:DELIVRD` before any ` text:`. */
function saysDelivered(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at + 13 <= end; at += 1) {
    if (bytes[at] !== 0x20) continue
    const word = bytes.readInt32BE(at + 1)
    if (word === 0x74657874 && bytes[at + 5] === 0x3a) return false // text:
    if (word !== 0x73746174 || bytes[at + 5] !== 0x3a) continue // stat:
    return bytes.readInt32BE(at + 6) === 0x44454c49 && bytes.readInt32BE(at + 9) === 0x49565244 // DELI IVRD
  }
  return false
}

function receiptedId({ bytes, receiptedIdAt, receiptedIdEnd }: ShortMessageView): string | undefined {
  return receiptedIdAt < 0 ? undefined : bytes.toString('latin1', receiptedIdAt, receiptedIdEnd)
}

function textOf({ bytes, textAt, textEnd, dataCoding }: ShortMessageView): string {
  const octets = Buffer.from(bytes.subarray(textAt, textEnd))
  const declared = decodeText(octets, dataCoding)
  // Some peers flag an ASCII receipt with the data coding of the message that it is about.
  return /\bstat:/i.test(declared) ? declared : octets.toString('latin1')
}

function textField(text: string, name: string): string | undefined {
  // `text:` is last and free, so nothing after it is a field of the receipt.
  const head = text.split(/\btext:/i, 1)[0] ?? ''
  return new RegExp(`(?:^|\\s)${name}:\\s*(\\S+)`, 'i').exec(head)?.[1]
}
