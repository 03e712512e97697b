import { encodeGsm, encodeUcs2, isGsm } from './alphabet.ts'
import type { Connection } from './connection.ts'
import { ussdOp } from './inbound.ts'
import type { Pdu } from './pdu.ts'
import { status, tag, type Fields } from './pdu-layout.ts'
import type { UssdReply } from './smpp-events.ts'

/** How many times a reply is offered to a peer that throttles; the dialogue itself lives a minute or so. */
const replyAttempts = 5

type Reply = { fields: Partial<Fields<'submit_sm'>>; tlvs: Map<number, Buffer> }

const answerTo: Record<number, number> = {
  [ussdOp.pssdIndication]: ussdOp.pssdResponse,
  [ussdOp.ussrConfirm]: ussdOp.ussnRequest,
}

/** The operation that ends a dialogue in which this one came. */
export const closingOp = (asked: number): number => answerTo[asked] ?? ussdOp.pssrResponse

/** The answer to a USSD request: one submit_sm in the same session, long text in message_payload. */
function replyTo(request: Pdu<'deliver_sm'>, { text, serviceOp }: UssdReply): Reply {
  const session = request.tlvs.get(tag.itsSessionInfo)
  const gsm = isGsm(text)
  const octets = gsm ? encodeGsm(text) : encodeUcs2(text)
  const tlvs = new Map<number, Buffer>([[tag.ussdServiceOp, Buffer.from([serviceOp])]])
  if (session !== undefined) tlvs.set(tag.itsSessionInfo, session)
  const fitsInField = octets.length <= 254
  if (!fitsInField) tlvs.set(tag.messagePayload, octets)
  const { fields } = request
  return {
    fields: {
      serviceType: 'USSD',
      sourceTon: fields.destinationTon,
      sourceNpi: fields.destinationNpi,
      source: fields.destination,
      destinationTon: fields.sourceTon,
      destinationNpi: fields.sourceNpi,
      destination: fields.source,
      dataCoding: gsm ? 0 : 8,
      shortMessage: fitsInField ? octets : Buffer.alloc(0),
    },
    tlvs,
  }
}

/** A dialogue is as impatient as its user: its reply goes past the queue of campaign messages. */
export async function replyToUssd(
  connectionNow: () => Connection | undefined,
  request: Pdu<'deliver_sm'>,
  reply: UssdReply,
  throttleMinMs: number,
): Promise<void> {
  const { fields, tlvs } = replyTo(request, reply)
  for (let attempt = 1; attempt <= replyAttempts; attempt += 1) {
    const answer = await connectionNow()?.request('submit_sm', fields, tlvs)
    const isThrottled =
      answer?.kind === 'response' &&
      (answer.status === status.throttled || answer.status === status.queueFull)
    if (!isThrottled) return
    await new Promise((resolve) => setTimeout(resolve, attempt * throttleMinMs))
  }
}
