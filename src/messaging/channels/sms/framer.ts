import { headerBytes } from './pdu.ts'

/** Longest unit taken: a message_payload of 64 KiB with room for every other field. */
export const maxFrameBytes = 70_000

/**
 * Cuts a TCP stream into SMPP frames, however the bytes arrive. A command_length that no unit can have leaves no
 * way to find the next unit, so the stream is broken for good from there: the caller nacks and closes.
 */
export class Framer {
  private chunks: Buffer[] = []
  private size = 0
  private broken = false

  /** Takes a chunk; returns the frames it completed and whether the stream is broken after them. */
  push(chunk: Buffer): { frames: Buffer[]; broken: boolean } {
    const frames: Buffer[] = []
    if (this.broken) return { frames, broken: true }
    this.chunks.push(chunk)
    this.size += chunk.length
    while (this.size >= 4) {
      const length = this.front(4).readUInt32BE(0)
      if (length < headerBytes || length > maxFrameBytes) {
        this.broken = true
        this.chunks = []
        break
      }
      if (this.size < length) break
      const bytes = this.front(length)
      frames.push(bytes.subarray(0, length))
      this.chunks =
        bytes.length > length ? [bytes.subarray(length), ...this.chunks.slice(1)] : this.chunks.slice(1)
      this.size -= length
    }
    return { frames, broken: this.broken }
  }

  /** Makes the first chunk at least so long, joining chunks only when needed so that dribbled bytes stay cheap. */
  private front(bytes: number): Buffer {
    const first = this.chunks[0]
    if (first !== undefined && first.length >= bytes) return first
    const joined = Buffer.concat(this.chunks)
    this.chunks = [joined]
    return joined
  }
}
