import { SUBSCRIBER_AT } from '../events/index.ts'
import { FRAME_BYTES } from '../platform/index.ts'
import type { Slice } from './slice.ts'

/** Records that are looked at together. */
const RECORDS = 32

/** Where each subscriber sits: so many share a slice, and so many partitions share all. */
export type Seating = { partitions: number; sliceBits: number }

/**
 * Looks at the next records of a chunk and at the memory of their subscribers, first where it begins, then at all of
 * it: the processor fetches places side by side, where reading would wait for one after the other.
 */
export class Lookahead {
  readonly subscriberIds = new Uint32Array(RECORDS)
  /** The subscriber's number among those of the partition. */
  readonly seats = new Uint32Array(RECORDS)
  /** Where the records end. */
  readonly ends = new Uint32Array(RECORDS)
  readonly #partitions: number
  readonly #sliceBits: number
  readonly #seatMask: number

  constructor({ partitions, sliceBits }: Seating) {
    this.#partitions = partitions
    this.#sliceBits = sliceBits
    this.#seatMask = 2 ** sliceBits - 1
  }

  /** Looks at the records from the frame at `from` on; returns how many they are. */
  look(view: DataView, from: number, slices: (Slice | undefined)[]): number {
    const { seats, subscriberIds, ends } = this
    const sliceBits = this.#sliceBits
    const seatMask = this.#seatMask
    const length = view.byteLength
    let frame = from
    let touched = 0
    let count = 0
    while (count < RECORDS && frame < length) {
      const at = frame + FRAME_BYTES
      frame = at + view.getUint32(frame, true)
      const subscriberId = view.getUint32(at + SUBSCRIBER_AT, true)
      const seat = this.#partitions === 1 ? subscriberId : Math.floor(subscriberId / this.#partitions)
      subscriberIds[count] = subscriberId
      seats[count] = seat
      ends[count] = frame
      count++
      const slice = slices[seat >>> sliceBits]
      if (slice !== undefined) touched += slice.words[slice.blocks[seat & seatMask]!]!
    }
    for (let i = 0; i < count; i++) {
      const seat = seats[i]!
      const slice = slices[seat >>> sliceBits]
      if (slice !== undefined) touched += slice.touch(seat & seatMask)
    }
    // What was read must seem to matter, or the compiler leaves the reading out.
    return touched === Number.POSITIVE_INFINITY ? 0 : count
  }
}
