import { type Fact, instantOf } from '../platform/index.ts'
import type { Message, Note, Run } from './message.ts'

/** The facts that these notes of one run stand for. */
export function factsOf(run: Run, notes: Note[] | null): Fact[] {
  return notes === null ? [] : notes.map((note) => factOf(run, note))
}

function factOf(run: Run, [kind, step, atMs, reason]: Note): Fact {
  const { subscriberId, campaignId, arm, runId, allSmsMinor } = run
  const at = instants.of(atMs)
  // That a cascade reached out for the first time, with what that would have cost as SMS.
  if (step < 0) return { kind, at, subscriberId, campaignId, arm, ref: runId, costMinor: allSmsMinor }
  const { channel, messageId, costMinor, parts } = run.messages[step]!
  const fact: Fact = { kind, at, subscriberId, campaignId, arm, channel, ref: messageId }
  if (reason !== null) fact.reason = reason
  if (kind === SUBMITTED) {
    fact.costMinor = costMinor
    fact.quantity = parts
  }
  return fact
}

/**
 * That a provider took a message, with its price: once a message, at the channel's word or, where that stayed unknown,
 * at the first receipt (reason `resolved_by_receipt`).
 */
export const SUBMITTED = 'message_submitted'

/** Notes a fact about a message. */
export function noteMessage(message: Message, kind: string, atMs: number, reason?: string): void {
  note(message.run, [kind, message.step, atMs, reason ?? null])
}

/** Notes that a cascade reached out for the first time. */
export function noteContact(run: Run, atMs: number): void {
  note(run, ['contacted', -1, atMs, null])
}

function note(run: Run, one: Note): void {
  // Arrays that grow take room for many, and nobody has many notes.
  run.notes = run.notes === null ? [one] : run.notes.length > 2 ? [...run.notes, one] : grown(run.notes, one)
}

function grown(notes: Note[], one: Note): Note[] {
  return notes.length === 1 ? [notes[0]!, one] : [notes[0]!, notes[1]!, one]
}

/** The moments of a batch are mostly one: an instant is made once for all of them. */
class Instants {
  #ms = Number.NaN
  #instant: Temporal.Instant | undefined

  of(ms: number): Temporal.Instant {
    if (ms !== this.#ms || this.#instant === undefined) {
      this.#ms = ms
      this.#instant = instantOf(ms)
    }
    return this.#instant
  }
}

const instants = new Instants()
