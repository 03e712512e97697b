import type { Done, OutboundMessage, SubmitOutcome } from '../../channel.ts'
import type { SmppEvents } from './smpp-events.ts'
import { bitsOf, cutOctets, cutText, type CuttingProfile, fitOf, needsUcs2 } from './segments.ts'

/** Who submits over a link and hears what becomes of it. Several channels may share one link. */
export type LinkUser = {
  events: SmppEvents | undefined
  /** Messages without an outcome. */
  open: number
  isStopping: boolean
  whenIdle: (() => void)[]
}

/** What became of one part. `unsent` and `retry` were certainly not taken; `unknown` may have been. */
export type PartFailure = 'refused' | 'retry' | 'unsent' | 'unknown'

/** Most octets of text that message_payload or a USSD operation carries. */
const maxPayloadOctets = 65_000

/**
 * One message under way. It is sent a part at a time (`nextPart`), and its outcome is known when every part has an
 * answer or will get none. There is one such object a message, and none a part.
 */
export class Submission {
  readonly messageId: string
  readonly reference: number
  readonly expiresAtMs: number
  readonly user: LinkUser
  /** Tells destinations apart well enough: from the digits at the end of the address, never 0. */
  readonly hash: number
  /** Place among all submissions of the link. */
  readonly order: number
  /** The content, let go of with the outcome. */
  message: OutboundMessage | undefined
  isGsm = true
  /** Where each part of the text or of the octets ends; undefined: all of it is one part. */
  ends: number[] | undefined
  nextPart = 0
  /** How often the peer has said that it is too fast for it. */
  throttled = 0
  /** What the receipts tracker knows of its parts, once the first of a long message was taken. */
  tracked: unknown
  partIds: string[] | undefined
  readonly #index: number
  readonly #done: Done
  #open = 1
  #accepted = 0
  #unknown: string | undefined
  #failure: PartFailure | undefined
  #reason: string | undefined

  constructor(message: OutboundMessage, user: LinkUser, place: { index: number; order: number; done: Done }) {
    this.messageId = message.messageId
    this.reference = message.reference
    this.expiresAtMs = message.expiresAtMs
    this.message = message
    this.user = user
    this.hash = hashOf(message.address)
    this.order = place.order
    this.#index = place.index
    this.#done = place.done
    user.open += 1
  }

  /** Cuts the content into parts. False: no phone could put it together. */
  cut(profile: CuttingProfile): boolean {
    const { text, binary, ussd } = this.message!
    if (binary !== undefined) {
      const ends = cutOctets(binary.payload.length, binary.udh?.length ?? 0)
      return ends !== undefined && this.#takeEnds(ends)
    }
    const ucs2Only = needsUcs2(text, profile)
    const fit = fitOf(text, ucs2Only)
    this.isGsm = fit === 'gsm' || fit === 'gsm-parts'
    if (fit === 'gsm' || fit === 'ucs2') return true
    if (ussd !== undefined || profile.longText === 'payload') return 2 * text.length <= maxPayloadOctets
    const cut = cutText(text, bitsOf(profile), ucs2Only)
    return cut !== undefined && this.#takeEnds(cut.ends)
  }

  #takeEnds(ends: number[]): boolean {
    if (ends.length > 1) this.ends = ends
    this.#open = ends.length
    return true
  }

  get parts(): number {
    return this.ends === undefined ? 1 : this.ends.length
  }

  /** True when a part was lost: the rest would never be shown, so that it is not sent. */
  get isHopeless(): boolean {
    return this.#failure !== undefined
  }

  /** Says whether every part has been taken. */
  get isWhole(): boolean {
    return this.#accepted === this.parts
  }

  /** The peer took a part under this id. */
  accept(partId: string): void {
    this.#accepted += 1
    if (this.ends !== undefined) (this.partIds ??= []).push(partId)
    if (--this.#open === 0) this.#settle(partId)
  }

  /** A part was not taken, or nobody knows; `retryAfterMs` goes into the outcome where another try makes sense. */
  fail(failure: PartFailure, reason: string, retryAfterMs: number): void {
    if (failure === 'unknown') this.#unknown ??= reason
    // What stayed unsent did so because of another part's failure, which says more.
    if (this.#failure === undefined || this.#failure === 'unsent') {
      this.#failure = failure
      this.#reason = reason
    }
    if (--this.#open === 0) this.#settle('', retryAfterMs)
  }

  /** Ends the parts that were never sent. */
  giveUp(reason: string, retryAfterMs: number): void {
    const unsent = this.parts - this.nextPart
    this.nextPart = this.parts
    for (let i = 0; i < unsent; i += 1) this.fail('unsent', reason, retryAfterMs)
  }

  #settle(partId: string, retryAfterMs = 0): void {
    this.message = undefined
    this.#done(this.#index, this.#outcome(partId, retryAfterMs))
    const { user } = this
    user.open -= 1
    if (user.open === 0) for (const resolve of user.whenIdle.splice(0)) resolve()
  }

  /**
   * One outcome for a message from those of its parts. It may be submitted again only when nothing of it was taken
   * and nothing is in doubt; when some parts were taken and others not, the phone will never show it: refused.
   */
  #outcome(partId: string, afterMs: number): SubmitOutcome {
    if (this.#unknown !== undefined) return { outcome: 'unknown', reason: this.#unknown }
    if (this.isWhole)
      return {
        outcome: 'accepted',
        providerMessageId: this.partIds === undefined ? partId : this.partIds.join(','),
      }
    const reason = this.#reason ?? 'not_taken'
    if (this.#accepted > 0) return { outcome: 'refused', reason: `partly_taken_${reason}` }
    return this.#failure === 'refused'
      ? { outcome: 'refused', reason }
      : { outcome: 'retry', afterMs, reason }
  }
}

/** A number that is the same for the same subscriber, from the last nine digits of the address; never 0. */
export function hashOf(address: string): number {
  let hash = 0
  let factor = 1
  for (let at = address.length - 1; at >= 0 && factor < 1_000_000_000; at -= 1) {
    const digit = address.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) continue
    hash += digit * factor
    factor *= 10
  }
  return hash + 1
}

/** The same of an address that lies as ASCII between `start` and `end`. */
export function hashOfOctets(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  let factor = 1
  for (let at = end - 1; at >= start && factor < 1_000_000_000; at -= 1) {
    const digit = bytes[at]! - 48
    if (digit < 0 || digit > 9) continue
    hash += digit * factor
    factor *= 10
  }
  return hash + 1
}
