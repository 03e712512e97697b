import { createHash } from 'node:crypto'
import type { InboundAnswer } from '../../channel.ts'
import { decodeText } from './alphabet.ts'
import { tlvInt16, tlvInt8, type Pdu } from './pdu.ts'
import { esmClass, tag } from './pdu-layout.ts'
import { userData } from './receipt.ts'
import { splitHeader, type Concatenation } from './segments.ts'

const minuteMs = 60_000
/** A reference that the peer gives tells repeats apart; a day is far beyond any redelivery. */
const withReferenceMs = 24 * 60 * minuteMs
/** Without one, the same words from the same subscriber within ten minutes count as one. */
const withoutReferenceMs = 10 * minuteMs

/** USSD service operations (§5.3.2.44) that are answered, and with which: PSSD with 16, all others with 17. */
export const ussdOp = { pssdIndication: 0, pssrIndication: 1, pssdResponse: 16, pssrResponse: 17 } as const

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
