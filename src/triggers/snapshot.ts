import { Slice } from './slice.ts'
import type { WordArena } from './word-arena.ts'

const FORMAT = 2
const HEAD_NUMBERS = 6

/**
 * A slice as a checkpoint keeps it: six 64-bit floats (format, log position, subscribers, words in use, size classes,
 * words when tight), then the arrays one behind another as they stand in memory, in the machine's byte order.
 */
export function encodeSlice(slice: Slice, position: number): Buffer {
  const { words, used, blocks, free } = slice
  const parts: (Float64Array | Uint32Array)[] = [
    Float64Array.of(FORMAT, position, blocks.length, used, free.length, slice.tightWords),
    words.subarray(0, used),
    blocks,
    free,
  ]
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  return bytes
}

/** Reads a slice back; undefined when it is of another format, which then is as good as none. */
export function decodeSlice(stored: Uint8Array, bits: number, arena?: WordArena): Slice | undefined {
  let at = 0
  // Copies: stored bytes may stand at an address where no array of numbers can begin, and are not ours to change.
  const take = (bytes: number): ArrayBuffer => {
    const copy = new Uint8Array(bytes)
    copy.set(stored.subarray(at, at + bytes))
    at += bytes
    return copy.buffer
  }
  const head = new Float64Array(take(HEAD_NUMBERS * 8))
  const [format, position, subscribers, used, classes, tightWords] = head as unknown as number[]
  if (format !== FORMAT || subscribers !== 2 ** bits) return undefined
  const slice = new Slice(bits, position!, arena, used)
  if (classes !== slice.free.length) return undefined
  new Uint8Array(slice.words.buffer, slice.words.byteOffset).set(stored.subarray(at, at + used! * 8))
  at += used! * 8
  slice.used = used!
  slice.tightWords = tightWords!
  slice.blocks = new Uint32Array(take(subscribers * 4))
  slice.free = new Uint32Array(take(classes! * 4))
  slice.position = position!
  return slice
}
