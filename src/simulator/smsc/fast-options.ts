/**
 * How the fast SMSC behaves. "Every n" strikes each n-th submission (0: never), so that a test knows what to expect;
 * a share strikes so many of the receipts, evenly. Times are real milliseconds.
 */
export type FastSmscOptions = {
  /** 0 (the default) takes any free port. */
  port?: number
  /** How long an answer to a submission takes. */
  rttMs?: number
  /** A receipt for each part taken: in text, in optional parameters, in both, or none. Default: both. */
  receipts?: 'text' | 'parameters' | 'both' | 'none'
  /** How long after the answer the receipt leaves. */
  receiptAfterMs?: number
  /** Shares of receipts that never come, come twice, come before the answer, come `lateMs` later. */
  receiptsLost?: number
  receiptsDoubled?: number
  receiptsEarly?: number
  receiptsLate?: number
  lateMs?: number
  /** Share of messages that are not delivered: UNDELIV with error 001. */
  undelivered?: number
  /** Share of messages with an extra receipt ACCEPTD before the final one. */
  acceptedToo?: number
  /** Status 0x58 without taking the message. */
  throttleEvery?: number
  /** generic_nack without taking the message. */
  nackEvery?: number
  /** Takes the message, reports it, and never answers. */
  silentEvery?: number
  /** Takes the message, and says unbind instead of an answer. */
  unbindEvery?: number
  /** Takes the message, and cuts the line instead of an answer. */
  cutEvery?: number
  /** Takes the message, and answers with a command_length that no unit can have. */
  wrongLengthEvery?: number
  /** Base in which ids are written in answers and in receipts; default decimal. */
  idForms?: { response?: 'hex' | 'decimal'; receipt?: 'hex' | 'decimal' }
  /** Keeps every message taken for `messages()`; for tests of some thousands. */
  keepMessages?: boolean
}

/** Counters since the start. `cpuMs` is the process's own time, user and system. */
export type FastSmscCounts = {
  binds: number
  sessions: number
  submissions: number
  taken: number
  /** Different parts by destination, reference, header and text; and arrivals beyond the first of each. */
  distinct: number
  repeats: number
  throttled: number
  nacked: number
  receiptsSent: number
  receiptsAcknowledged: number
  receiptsRefused: number
  /** Receipts that the peer has not acknowledged; they come again over the next bind. */
  receiptsOpen: number
  cpuMs: number
}

/** A part that was taken: octets of its short_message in hex. */
export type FastSmscMessage = { address: string; reference: number; octets: string; dataCoding: number }

/** Strikes a share of the calls evenly. */
export class Share {
  readonly #share: number
  #sum = 0

  constructor(share: number | undefined) {
    this.#share = share ?? 0
  }

  strikes(): boolean {
    if (this.#share === 0) return false
    this.#sum += this.#share
    if (this.#sum < 1 - 1e-9) return false
    this.#sum -= 1
    return true
  }
}
