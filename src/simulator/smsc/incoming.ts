import type { PDU } from 'smpp'

/** One submit_sm as the SMSC sees it: a whole message or one part of it. */
export type IncomingPart = {
  /** E.164 with its plus sign. */
  address: string
  text: string
  reference?: number
  ussdServiceOp?: number
  /** Octets of its_session_info as hex. */
  session?: string
  concatenation?: { reference: number; total: number; sequence: number }
}

/** Reads a submit_sm that the package has decoded. */
export function readPart(pdu: PDU): IncomingPart {
  const content = pdu.message_payload ?? pdu.short_message
  const { message } = content
  const elements = Array.isArray(pdu.short_message?.udh) ? pdu.short_message.udh : []
  const concatenation = elements.map(concatenationOf).find((element) => element !== undefined)
  return {
    address: pdu.dest_addr_ton === 1 ? `+${pdu.destination_addr}` : pdu.destination_addr,
    text: typeof message === 'string' ? message : (message?.toString('latin1') ?? ''),
    ...(pdu.user_message_reference === undefined ? {} : { reference: pdu.user_message_reference }),
    ...(pdu.ussd_service_op === undefined ? {} : { ussdServiceOp: pdu.ussd_service_op }),
    ...(pdu.its_session_info === undefined ? {} : { session: pdu.its_session_info.toString('hex') }),
    ...(concatenation === undefined ? {} : { concatenation }),
  }
}

/** Concatenation elements 0x00 (8-bit reference) and 0x08 (16-bit), 3GPP TS 23.040 §9.2.3.24. */
function concatenationOf(element: Buffer): IncomingPart['concatenation'] {
  if (element[0] === 0x00 && element.length === 5)
    return { reference: element.readUInt8(2), total: element.readUInt8(3), sequence: element.readUInt8(4) }
  if (element[0] === 0x08 && element.length === 6)
    return { reference: element.readUInt16BE(2), total: element.readUInt8(4), sequence: element.readUInt8(5) }
  return undefined
}

/** A message all of whose parts have arrived. */
export type IncomingMessage = {
  address: string
  text: string
  parts: number
  /** Ids of the parts joined by commas: what a receipt for the message is sent with. */
  messageId: string
  reference?: number
  ussdServiceOp?: number
}

type Open = { parts: Map<number, { text: string; id: string }>; total: number }

/** Puts the parts of long messages together, as a phone does: by address, reference and number of parts. */
export class PartJoiner {
  private readonly open = new Map<string, Open>()

  /** Takes an accepted part with the id that it was given; gives the message once its last part is here. */
  add(part: IncomingPart, id: string): IncomingMessage | undefined {
    const { concatenation: place } = part
    if (place === undefined || place.total <= 1) return whole(part, part.text, [id])
    const key = [part.address, place.reference, place.total, part.reference].join('|')
    const open = this.open.get(key) ?? { parts: new Map(), total: place.total }
    this.open.set(key, open)
    open.parts.set(place.sequence, { text: part.text, id })
    if (open.parts.size < open.total) return undefined
    this.open.delete(key)
    const parts = [...open.parts].sort(([a], [b]) => a - b).map(([, value]) => value)
    const text = parts.map((value) => value.text).join('')
    return whole(
      part,
      text,
      parts.map((value) => value.id),
    )
  }
}

function whole(part: IncomingPart, text: string, ids: string[]): IncomingMessage {
  return {
    address: part.address,
    text,
    parts: ids.length,
    messageId: ids.join(','),
    ...(part.reference === undefined ? {} : { reference: part.reference }),
    ...(part.ussdServiceOp === undefined ? {} : { ussdServiceOp: part.ussdServiceOp }),
  }
}
