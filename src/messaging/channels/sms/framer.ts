import { headerBytes } from './pdu.ts'

/** Longest unit taken: a message_payload of 64 KiB with room for every other field. */
export const maxFrameBytes = 70_000

/** What is read from the socket at a time at most, beside the rest of a unit that was cut. */
const readBytes = 262_144

/** Looks at one unit where it lies: `bytes` from `start` to `end`. It is overwritten by the next read. */
export type Visit = (bytes: Buffer, start: number, end: number) => void

/**
 * Cuts a TCP stream into SMPP units, however the bytes arrive. The socket reads into `space()`, and the units are
 * looked at where they lie: nothing is copied but the beginning of a unit whose end has not come. A command_length
 * that no unit can have leaves no way to find the next one, so the stream is broken for good from there.
 */
export class Framer {
  readonly #bytes: Buffer = Buffer.allocUnsafeSlow(maxFrameBytes + readBytes)
  #filled = 0
  #isBroken = false

  /** Where the next octets of the stream belong. */
  space(): Buffer {
    return this.#bytes.subarray(this.#filled)
  }

  /** Takes so many octets that were read into `space()`. False: the stream is broken after the units visited. */
  took(octets: number, visit: Visit): boolean {
    if (this.#isBroken) return false
    const bytes = this.#bytes
    const end = this.#filled + octets
    let at = 0
    while (end - at >= 4) {
      const length = bytes.readUInt32BE(at)
      if (length < headerBytes || length > maxFrameBytes) {
        this.#isBroken = true
        return false
      }
      if (end - at < length) break
      visit(bytes, at, at + length)
      at += length
    }
    if (at > 0) bytes.copyWithin(0, at, end)
    this.#filled = end - at
    return true
  }

  /** Takes a chunk that lies elsewhere; the same as `took`. */
  push(chunk: Buffer, visit: Visit): boolean {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(this.space(), 0, at)
      at += copied
      if (!this.took(copied, visit)) return false
    }
    return !this.#isBroken
  }
}
