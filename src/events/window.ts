/** From here on a call that copies is cheaper than words one by one. */
const LONG_BYTES = 96

/**
 * Bytes together with a view of them, which reads and writes four at once: comparing and copying short pieces is most
 * of the work on a line.
 */
export class Window {
  readonly bytes: Buffer
  readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Whether `[at, at + length)` holds the same bytes as `other` from `from` on; there are at least four. */
  matches(at: number, other: Window, from: number, length: number): boolean {
    const { view } = this
    const known = other.view
    const last = length - 4
    for (let i = 0; i < last; i += 4) {
      if (view.getInt32(at + i, true) !== known.getInt32(from + i, true)) return false
    }
    // The last word overlaps the one before.
    return view.getInt32(at + last, true) === known.getInt32(from + last, true)
  }

  /** Copies `[start, end)` to `out` at `to`; returns where the copy ends. */
  copyTo(start: number, end: number, out: Window, to: number): number {
    const length = end - start
    if (length >= LONG_BYTES) return to + this.bytes.copy(out.bytes, to, start, end)
    const last = length - 4
    if (last < 0) {
      for (let i = 0; i < length; i++) out.bytes[to + i] = this.bytes[start + i]!
      return to + length
    }
    const { view } = this
    const target = out.view
    for (let i = 0; i < last; i += 4) target.setInt32(to + i, view.getInt32(start + i, true), true)
    target.setInt32(to + last, view.getInt32(start + last, true), true)
    return to + length
  }

  /** The first byte of `[at, end)` that cannot stand plainly in a string: quote, backslash or control; or `end`. */
  plainEnd(at: number, end: number): number {
    const { view } = this
    for (; at + 4 <= end; at += 4) {
      const found = unusualBytes(view.getInt32(at, true))
      if (found !== 0) return at + lowestByte(found)
    }
    const { bytes } = this
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === 0x22 || byte === 0x5c || byte < 0x20) break
    }
    return at
  }
}

/**
 * The high bits of those bytes of a word that cannot stand plainly in a string; 0 for none. Only the lowest is right:
 * whether one of four bytes is zero or below a bound can be told by borrows, which go upwards (Bit Twiddling Hacks,
 * "determine if a word has a byte less than n").
 */
export function unusualBytes(word: number): number {
  const quotes = word ^ 0x22222222
  const backslashes = word ^ 0x5c5c5c5c
  const found =
    ((quotes - 0x01010101) & ~quotes) |
    ((backslashes - 0x01010101) & ~backslashes) |
    ((word - 0x20202020) & ~word)
  return found & 0x80808080
}

/** Which byte of a word, counted from the lowest, has the lowest of these high bits; there is one. */
export function lowestByte(highBits: number): number {
  return (31 - Math.clz32(highBits & -highBits)) >> 3
}
