import { createHash } from 'node:crypto'
import type { InboundAnswer } from '../../channel.ts'
import { decodeText } from './alphabet.ts'
import { tlvInt16, tlvInt8, type Pdu } from './pdu.ts'
import { esmClass, tag } from './pdu-layout.ts'
import type { ShortMessageView } from './short-message.ts'
import { splitHeader, type Concatenation } from './segments.ts'

const minuteMs = 60_000
/** A reference that the peer gives tells repeats apart; a day is far beyond any redelivery. */
const withReferenceMs = 24 * 60 * minuteMs
/** Without one, the same words from the same subscriber within ten minutes count as one. */
const withoutReferenceMs = 10 * minuteMs

/**
 * USSD service operations (§5.3.2.44): 0 and 1 are what subscribers dial, answered with 16 and 17; 18 is their answer to a
 * question of ours (2), after which 3 tells them something; 19 says that they were told.
 */
export const ussdOp = {
  pssdIndication: 0,
  pssrIndication: 1,
  ussrRequest: 2,
  ussnRequest: 3,
  pssdResponse: 16,
  pssrResponse: 17,
  ussrConfirm: 18,
  ussnConfirm: 19,
} as const

/** One deliver_sm from a subscriber, read. `concatenation` is present on a part of a longer message. */
export type Inbound = { address: string; octetsText: string; concatenation?: Concatenation; groupKey: string }

/** Reads the sender, the text and the place within a longer message (UDH or sar parameters). */
export function readInbound(pdu: Pdu<'deliver_sm'>): Inbound {
  const { fields } = pdu
  const data = userData(pdu)
  const split = (fields.esmClass & esmClass.udh) === 0 ? { octets: data } : splitHeader(data)
  const concatenation = ('concatenation' in split ? split.concatenation : undefined) ?? sarOf(pdu)
  return {
    address: internationalAddress(fields.source, fields.sourceTon),
    octetsText: decodeText(split.octets, fields.dataCoding),
    groupKey: [fields.source, fields.destination, concatenation?.reference, concatenation?.total].join('|'),
    ...(concatenation === undefined || concatenation.total <= 1 ? {} : { concatenation }),
  }
}

/** A SIM's response packet: a user data header with nothing but its element 0x71; undefined for anything else. */
export function responsePacketOf(pdu: Pdu<'deliver_sm'>): { address: string; octets: Buffer } | undefined {
  const data = userData(pdu)
  const hasHeader = (pdu.fields.esmClass & esmClass.udh) !== 0 && data.length >= 3
  if (!hasHeader || data.readUIntBE(0, 3) !== 0x02_71_00) return undefined
  return { address: internationalAddress(pdu.fields.source, pdu.fields.sourceTon), octets: data.subarray(3) }
}

/**
 * The answer to hand up. The dedupe key is the same when the peer delivers the same message again: it hashes the
 * addresses, the text, the peer's message reference, the session and a span of arrival time (SMPP gives messages
 * from subscribers no id of their own). It is a hash so that no phone number is stored with it.
 */
export function answerOf(
  pdu: Pdu<'deliver_sm'>,
  inbound: Inbound,
  text: string,
  channel: 'sms' | 'ussd',
  atMs: number,
): InboundAnswer {
  const session = pdu.tlvs.get(tag.itsSessionInfo)?.toString('hex')
  const reference = tlvInt16(pdu, tag.userMessageReference)
  const spanMs = reference === undefined ? withoutReferenceMs : withReferenceMs
  const identity = [
    channel,
    pdu.fields.source,
    pdu.fields.destination,
    tlvInt8(pdu, tag.ussdServiceOp),
    session,
    reference,
    inbound.concatenation?.reference,
    Math.floor(atMs / spanMs),
    text,
  ]
  return {
    address: inbound.address,
    channel,
    text,
    dedupeKey: `${channel}:${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 40)}`,
    atMs,
    ...(session === undefined ? {} : { session }),
  }
}

/** An address as E.164 where it is one: peers leave the plus sign out, and some the type of number too. */
export function internationalAddress(address: string, ton: number): string {
  return (ton === 1 || ton === 0) && /^[0-9]{10,15}$/.test(address) ? `+${address}` : address
}

function sarOf(pdu: Pdu<'deliver_sm'>): Concatenation | undefined {
  const reference = tlvInt16(pdu, tag.sarReference)
  const total = tlvInt8(pdu, tag.sarTotal)
  const sequence = tlvInt8(pdu, tag.sarSequence)
  if (reference === undefined || total === undefined || sequence === undefined) return undefined
  return sequence >= 1 && sequence <= total ? { reference, total, sequence } : undefined
}

/** Octets of a short message: short_message, or message_payload where that carries it. */
function userData(pdu: Pdu<'deliver_sm'>): Buffer {
  const { shortMessage } = pdu.fields
  return shortMessage.length > 0 ? shortMessage : (pdu.tlvs.get(tag.messagePayload) ?? shortMessage)
}

/** The sender of a unit that was looked at where it lies, as E.164 where it is one. */
export function addressOf({ bytes, sourceAt, sourceEnd, sourceTon }: ShortMessageView): string {
  return internationalAddress(bytes.toString('latin1', sourceAt, sourceEnd), sourceTon)
}
