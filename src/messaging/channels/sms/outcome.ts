import type { OutboundMessage, SubmitOutcome } from '../../channel.ts'
import { encodeGsm, encodeUcs2, isGsm } from './alphabet.ts'
import { int16Octets } from './pdu.ts'
import { esmClass, tag, type Fields } from './pdu-layout.ts'
import { concatenationHeader, segmentText, type ReferenceBits } from './segments.ts'
import type { PartResult, PartSubmission } from './submit-queue.ts'

/** Who a message seems to come from: type of number 5 is a name in letters, 1 an international number. */
export type SourceAddress = { ton: number; npi: number; address: string }

const longestValidityMs = 28 * 24 * 3600 * 1000

/**
 * The submit_sm of each part of a message, undefined where the text is too long to be sent at all.
 * `nowMs` (epoch ms, the domain's clock) gives the validity that is left until the message expires.
 */
export function partsOf(
  message: OutboundMessage,
  options: { source: SourceAddress; referenceBits: ReferenceBits; nowMs: number },
): PartSubmission[] | undefined {
  const segments = segmentText(message.text, options.referenceBits)
  if (segments === undefined) return undefined
  const total = segments.parts.length
  return segments.parts.map((octets, index) => ({
    fields: {
      sourceTon: options.source.ton,
      sourceNpi: options.source.npi,
      source: options.source.address,
      ...destinationOf(message.address),
      esmClass: total > 1 ? esmClass.udh : 0,
      registeredDelivery: 1,
      validityPeriod: relativeTime(message.expiresAtMs - options.nowMs),
      dataCoding: segments.dataCoding,
      shortMessage:
        total > 1
          ? Buffer.concat([
              concatenationHeader(message.reference, total, index + 1, options.referenceBits),
              octets,
            ])
          : octets,
    },
    tlvs: new Map<number, Buffer>([[tag.userMessageReference, int16Octets(message.reference)]]),
  }))
}

/** The answer to a USSD request: one submit_sm in the same session, long text in message_payload. */
export function ussdReply(
  request: Fields<'deliver_sm'>,
  session: Buffer | undefined,
  serviceOp: number,
  text: string,
): PartSubmission {
  const gsm = isGsm(text)
  const octets = gsm ? encodeGsm(text) : encodeUcs2(text)
  const tlvs = new Map<number, Buffer>([[tag.ussdServiceOp, Buffer.from([serviceOp])]])
  if (session !== undefined) tlvs.set(tag.itsSessionInfo, session)
  const fitsInField = octets.length <= 254
  if (!fitsInField) tlvs.set(tag.messagePayload, octets)
  return {
    fields: {
      serviceType: 'USSD',
      sourceTon: request.destinationTon,
      sourceNpi: request.destinationNpi,
      source: request.destination,
      destinationTon: request.sourceTon,
      destinationNpi: request.sourceNpi,
      destination: request.source,
      dataCoding: gsm ? 0 : 8,
      shortMessage: fitsInField ? octets : Buffer.alloc(0),
    },
    tlvs,
  }
}

/**
 * One outcome for a message from those of its parts. It may be submitted again only when nothing of it was taken
 * and nothing is in doubt; when some parts were taken and others not, the phone will never show it: refused.
 */
export function outcomeOf(
  results: PartResult[],
  retryAfterMs: number,
): Exclude<SubmitOutcome, { outcome: 'accepted' }> | { outcome: 'accepted'; partIds: string[] } {
  const failures = results.flatMap((result) => (result.kind === 'accepted' ? [] : [result]))
  const doubtful = failures.find((result) => result.kind === 'unknown')
  if (doubtful !== undefined) return { outcome: 'unknown', reason: doubtful.reason }
  const partIds = results.flatMap((result) => (result.kind === 'accepted' ? [result.messageId] : []))
  if (partIds.length === results.length) return { outcome: 'accepted', partIds }
  // What stayed unsent did so because of another part's failure, which says more.
  const cause = failures.find((result) => result.kind !== 'unsent') ?? failures[0]
  const reason = cause?.reason ?? 'not taken'
  if (partIds.length > 0) return { outcome: 'refused', reason: `only partly taken: ${reason}` }
  if (cause?.kind === 'refused') return { outcome: 'refused', reason }
  return { outcome: 'retry', afterMs: retryAfterMs, reason }
}

/** E.164 without its plus sign as an international number; anything else as it is, kind unknown. */
function destinationOf(
  address: string,
): Pick<Fields<'submit_sm'>, 'destinationTon' | 'destinationNpi' | 'destination'> {
  return address.startsWith('+')
    ? { destinationTon: 1, destinationNpi: 1, destination: address.slice(1) }
    : { destinationTon: 0, destinationNpi: 1, destination: address }
}

/** A span as relative SMPP time `YYMMDDhhmmss000R` (§7.1.1), which needs no agreement of clocks. */
function relativeTime(spanMs: number): string {
  const seconds = Math.floor(Math.min(Math.max(spanMs, 1000), longestValidityMs) / 1000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const days = seconds / 86_400
  return `0000${two(days)}${two((seconds / 3600) % 24)}${two((seconds / 60) % 60)}${two(seconds % 60)}000R`
}
