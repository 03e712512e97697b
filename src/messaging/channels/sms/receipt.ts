import type { DeliveryReceipt } from '../../channel.ts'
import { decodeText } from './alphabet.ts'
import { tlvInt16, tlvInt8, tlvText, type Pdu } from './pdu.ts'
import { esmClass, tag } from './pdu-layout.ts'

/** What one delivery receipt says about one part. */
export type PartReceipt = {
  partId?: string
  status: DeliveryReceipt['status']
  reason?: string
  reference?: number
}

/**
 * How the peer writes message ids. Left out, an id is text and compared as it is: leading zeros matter, and some
 * peers use UUIDs. Only where the answers' and the receipts' forms differ are they brought to one.
 */
export type IdForms = { response?: 'hex' | 'decimal'; receipt?: 'hex' | 'decimal' }

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

/** Says whether a deliver_sm is a receipt (final or intermediate) and not a subscriber's message. */
export function isReceipt(pdu: Pdu<'deliver_sm'>): boolean {
  return (pdu.fields.esmClass & (esmClass.receipt | esmClass.intermediateReceipt)) !== 0
}

/** An id in canonical form: as it is, or as a decimal number where the profile says in which base it was written. */
export function canonicalId(id: string, form: 'hex' | 'decimal' | undefined): string {
  if (form === 'hex' && /^[0-9a-f]+$/i.test(id)) return BigInt(`0x${id}`).toString()
  if (form === 'decimal' && /^[0-9]+$/.test(id)) return BigInt(id).toString()
  return id
}

/**
 * Reads a receipt from its optional parameters (receipted_message_id, message_state, network_error_code) and its
 * text (`id:… stat:… err:…`); the parameters win. Undefined where neither says what became of the message.
 */
export function parseReceipt(pdu: Pdu<'deliver_sm'>, forms: IdForms = {}): PartReceipt | undefined {
  const text = receiptText(pdu)
  const state = tlvInt8(pdu, tag.messageState)
  const word = (state === undefined ? undefined : stateWords[state]) ?? textField(text, 'stat')?.toUpperCase()
  const status = word === undefined ? undefined : statusByWord[word]
  if (status === undefined) return undefined
  const id = tlvText(pdu, tag.receiptedMessageId) ?? textField(text, 'id')
  const reference = tlvInt16(pdu, tag.userMessageReference)
  const error = networkError(pdu.tlvs.get(tag.networkErrorCode)) ?? textField(text, 'err')
  const reason = error === undefined || /^0*$/.test(error) ? word : `${word} error ${error}`
  return {
    status,
    ...(id === undefined || id === '' ? {} : { partId: canonicalId(id, forms.receipt) }),
    ...(status === 'delivered' || reason === undefined ? {} : { reason }),
    ...(reference === undefined ? {} : { reference }),
  }
}

/** Octets of a short message: short_message, or message_payload where that carries it. */
export function userData(pdu: Pdu<'deliver_sm'>): Buffer {
  const { shortMessage } = pdu.fields
  return shortMessage.length > 0 ? shortMessage : (pdu.tlvs.get(tag.messagePayload) ?? shortMessage)
}

function receiptText(pdu: Pdu<'deliver_sm'>): string {
  const octets = userData(pdu)
  const declared = decodeText(octets, pdu.fields.dataCoding)
  // Some peers flag an ASCII receipt with the data coding of the message that it is about.
  return /\bstat:/i.test(declared) ? declared : octets.toString('latin1')
}

function textField(text: string, name: string): string | undefined {
  // `text:` is last and free, so nothing after it is a field of the receipt.
  const head = text.split(/\btext:/i, 1)[0] ?? ''
  return new RegExp(`(?:^|\\s)${name}:\\s*(\\S+)`, 'i').exec(head)?.[1]
}

/** network_error_code (§5.3.2.31): a network type and a two-octet code. */
function networkError(value: Buffer | undefined): string | undefined {
  return value !== undefined && value.length >= 3 ? String(value.readUInt16BE(1)) : undefined
}
