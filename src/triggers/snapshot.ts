import type { History } from './history.ts'
import type { Scalar } from './rule-kind.ts'

/** A rule's memory as a checkpoint keeps it. */
export type Snapshot = {
  digest: string
  /** The log offset that the rule reads next. */
  position: number
  codes: Scalar[]
  histories: Map<number, History>
  lastFiredMs: Map<number, number>
}

type Head = { format: 1; digest: string; position: number; codes: Scalar[]; histories: number; fired: number }

/**
 * A length-prefixed JSON head, padded to 8 bytes, then 64-bit floats in the machine's order: for each history its
 * subscriber, its length and its numbers; then pairs of subscriber and time of the newest firing.
 */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const { digest, position, codes, histories, lastFiredMs } = snapshot
  const head: Head = {
    format: 1,
    digest,
    position,
    codes,
    histories: histories.size,
    fired: lastFiredMs.size,
  }
  const text = Buffer.from(JSON.stringify(head))
  const padded = Math.ceil((4 + text.length) / 8) * 8
  let count = 2 * (histories.size + lastFiredMs.size)
  for (const history of histories.values()) count += history.length
  const bytes = new Uint8Array(padded + count * 8)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  const numbers = new Float64Array(bytes.buffer, padded)
  let at = 0
  for (const [subscriberId, history] of histories) {
    numbers[at++] = subscriberId
    numbers[at++] = history.length
    for (const number of history) numbers[at++] = number
  }
  for (const [subscriberId, firedMs] of lastFiredMs) {
    numbers[at++] = subscriberId
    numbers[at++] = firedMs
  }
  return Buffer.from(bytes.buffer)
}

/** Reads a snapshot back; undefined when it is of another format, which then is as good as none. */
export function decodeSnapshot(stored: Uint8Array): Snapshot | undefined {
  // A copy of its own: the stored bytes may stand at an address that no Float64Array can start at.
  const bytes = Uint8Array.from(stored)
  const length = new DataView(bytes.buffer).getUint32(0, true)
  const head = JSON.parse(Buffer.from(bytes.buffer, 4, length).toString()) as Head
  if (head.format !== 1) return undefined
  const numbers = new Float64Array(bytes.buffer, Math.ceil((4 + length) / 8) * 8)
  let at = 0
  const histories = new Map<number, History>()
  for (let i = 0; i < head.histories; i++) {
    const subscriberId = numbers[at++]!
    const size = numbers[at++]!
    histories.set(subscriberId, Array.from(numbers.subarray(at, at + size)))
    at += size
  }
  const lastFiredMs = new Map<number, number>()
  for (let i = 0; i < head.fired; i++) lastFiredMs.set(numbers[at++]!, numbers[at++]!)
  return { digest: head.digest, position: head.position, codes: head.codes, histories, lastFiredMs }
}
