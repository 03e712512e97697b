import smpp from 'smpp'
import type { Delivery } from './outgoing.ts'

/** Final states that the simulated network reports, with their message_state (SMPP 3.4 §5.2.28). */
export const receiptStates = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5 } as const

export type ReceiptStatus = keyof typeof receiptStates

const serviceNumber = '111'

/** A delivery receipt for one part, in text (appendix B) and in optional parameters. Times are UTC minutes. */
export function receiptDelivery(receipt: {
  partId: string
  address: string
  status: ReceiptStatus
  reference?: number
  atMs: number
}): Delivery {
  const minute = Temporal.Instant.fromEpochMilliseconds(receipt.atMs)
    .toString()
    .replace(/\D/g, '')
    .slice(2, 12)
  const delivered = receipt.status === 'DELIVRD'
  const error = delivered ? '000' : '001'
  const text =
    `id:${receipt.partId} sub:001 dlvrd:${delivered ? '001' : '000'} submit date:${minute} ` +
    `done date:${minute} stat:${receipt.status} err:${error} text:`
  return {
    ...sender(receipt.address),
    esm_class: 0x04,
    data_coding: 0,
    short_message: text,
    receipted_message_id: receipt.partId,
    message_state: receiptStates[receipt.status],
    ...(receipt.reference === undefined ? {} : { user_message_reference: receipt.reference & 0xffff }),
  }
}

/** A subscriber's message: one deliver_sm, or several with a concatenation header when it is long. */
export function messageDeliveries(message: { address: string; text: string; reference: number }): Delivery[] {
  const gsm = smpp.encodings.ASCII.match(message.text)
  const pieces = piecesOf(message.text, gsm)
  return pieces.map((piece, index) => ({
    ...sender(message.address),
    data_coding: gsm ? 0 : 8,
    user_message_reference: message.reference & 0xffff,
    ...(pieces.length === 1
      ? { short_message: { message: piece } }
      : {
          esm_class: 0x40,
          short_message: {
            udh: Buffer.from([5, 0, 3, message.reference & 0xff, pieces.length, index + 1]),
            message: piece,
          },
        }),
  }))
}

/** A USSD request of a subscriber (PSSR indication) in a session of the network. */
export function ussdDelivery(request: {
  address: string
  text: string
  session: Buffer
  reference: number
}): Delivery {
  return {
    ...sender(request.address),
    service_type: 'USSD',
    data_coding: smpp.encodings.ASCII.match(request.text) ? 0 : 8,
    short_message: { message: request.text },
    user_message_reference: request.reference & 0xffff,
    ussd_service_op: 1,
    its_session_info: request.session,
  }
}

/** What stands in every deliver_sm from a subscriber: who sends it, and to which of the operator's numbers. */
export function sender(address: string): Delivery {
  return {
    source_addr: address.replace(/^\+/, ''),
    source_addr_ton: 1,
    source_addr_npi: 1,
    destination_addr: serviceNumber,
    dest_addr_ton: 6,
    dest_addr_npi: 1,
  }
}

/** A text in pieces that fit one SMS each. Extension characters count two septets; pairs are not torn apart. */
function piecesOf(text: string, gsm: boolean): string[] {
  const size = (character: string) => (gsm && /[\f^{}\\[~\]|€]/.test(character) ? 2 : character.length)
  const total = [...text].reduce((sum, character) => sum + size(character), 0)
  if (total <= (gsm ? 160 : 70)) return [text]
  const limit = gsm ? 153 : 67
  const pieces: string[] = []
  let piece = ''
  let used = 0
  for (const character of text) {
    if (used + size(character) > limit) {
      pieces.push(piece)
      piece = ''
      used = 0
    }
    piece += character
    used += size(character)
  }
  return [...pieces, piece]
}
