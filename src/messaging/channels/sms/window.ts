import type { Submission } from './submission.ts'

const free = 0
const waiting = 1
/** Its time is over, but the peer may still answer. */
const late = 2

/**
 * The parts that wait for their answers, by sequence number: a ring of arrays, so that a part costs no object. A
 * number that would fall on a place still in use is passed over.
 */
export class Window {
  readonly #mask: number
  readonly #states: Uint8Array
  readonly #sequences: Int32Array
  readonly #hashes: Int32Array
  readonly #sentMs: Float64Array
  readonly #parts: Uint8Array
  readonly #submissions: (Submission | undefined)[]
  #sequence = 0
  /** Everything before this number has its answer or its time-out. */
  #oldest = 1
  #waiting = 0

  /** `size`: parts without an answer at a time. */
  constructor(size: number) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(16, 4 * size)))
    this.#mask = length - 1
    this.#states = new Uint8Array(length)
    this.#sequences = new Int32Array(length)
    this.#hashes = new Int32Array(length)
    this.#sentMs = new Float64Array(length)
    this.#parts = new Uint8Array(length)
    this.#submissions = Array.from({ length }, () => undefined)
  }

  /** How many parts wait for their answers. */
  get waiting(): number {
    return this.#waiting
  }

  /** The next sequence number (1 to 0x7FFFFFFF, §3.2) for a request of any kind. */
  nextSequence(): number {
    do this.#sequence = after(this.#sequence)
    while (this.#states[this.#sequence & this.#mask] === waiting)
    return this.#sequence
  }

  /** Notes a part that goes out under the number that `nextSequence` gave. */
  add(sequence: number, submission: Submission, part: number, nowMs: number): void {
    const place = sequence & this.#mask
    if (this.#waiting === 0) this.#oldest = sequence
    this.#states[place] = waiting
    this.#sequences[place] = sequence
    this.#hashes[place] = submission.hash
    this.#sentMs[place] = nowMs
    this.#parts[place] = part
    this.#submissions[place] = submission
    this.#waiting += 1
  }

  /** Ends the wait of a number and gives whose it was; undefined: nobody waits. `answered` tells which part it was. */
  take(sequence: number): Submission | undefined {
    const place = sequence & this.#mask
    if (this.#states[place] !== waiting || this.#sequences[place] !== sequence) return undefined
    const submission = this.#submissions[place]
    this.#submissions[place] = undefined
    this.#states[place] = free
    this.#waiting -= 1
    return submission
  }

  /** Whose number this was, where its time was over before the answer came. */
  takeLate(sequence: number): Submission | undefined {
    const place = sequence & this.#mask
    if (this.#states[place] !== late || this.#sequences[place] !== sequence) return undefined
    const submission = this.#submissions[place]
    this.#submissions[place] = undefined
    this.#states[place] = free
    return submission
  }

  /** Which part of its message last went out under this number. */
  partOf(sequence: number): number {
    return this.#parts[sequence & this.#mask]!
  }

  /** Ends the wait of all that went out before `beforeMs` and hands each up. */
  expire(beforeMs: number, visit: (submission: Submission) => void): void {
    while (this.#waiting > 0) {
      const place = this.#oldest & this.#mask
      if (this.#states[place] === waiting && this.#sequences[place] === this.#oldest) {
        if (this.#sentMs[place]! > beforeMs) return
        this.#states[place] = late
        this.#waiting -= 1
        visit(this.#submissions[place]!)
      }
      this.#oldest = after(this.#oldest)
    }
  }

  /** Says whether something for this destination waits for its answer. */
  hasDestination(hash: number): boolean {
    if (this.#waiting === 0) return false
    for (let place = 0; place < this.#hashes.length; place += 1)
      if (this.#hashes[place] === hash && this.#states[place] === waiting) return true
    return false
  }
}

function after(sequence: number): number {
  return sequence === 0x7fffffff ? 1 : sequence + 1
}
