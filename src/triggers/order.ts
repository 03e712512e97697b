import type { LogEntry } from '../platform/index.ts'

/*
 * A subscriber's events are ordered by time, and at equal times by 31 bits of the hash of source and id: never by
 * arrival, so that the order is a property of the events themselves. Two numbers hold an event's place and where it
 * stands in the log: `placeWord` = time · 2^11 + 11 bits of the hash, `refWord` = log offset · 2^20 + the other 20.
 */
const TIME_SCALE = 2 ** 11
const REF_SCALE = 2 ** 20

/** The 31 bits that order events of the same millisecond; `key` is the record's 64-bit key. */
export function tieOf(key: { lo: number; hi: number }): number {
  return (key.lo >>> 21) * REF_SCALE + (key.hi >>> 12)
}

/** First word of a place: compares as the event does, but for the last 20 bits. */
export function placeWord(atMs: number, keyLo: number): number {
  return atMs * TIME_SCALE + (keyLo >>> 21)
}

/** Second word: where the event stands in its partition's log (offsets below 2^33), and the last bits of its order. */
export function refWord(offset: number, keyHi: number): number {
  return offset * REF_SCALE + (keyHi >>> 12)
}

/** When the event happened, epoch ms. */
export function timeOf(place: number): number {
  return Math.floor(place / TIME_SCALE)
}

/** Whether the event happened at this whole millisecond or after it; without the division that its time takes. */
export function isAtOrAfter(place: number, ms: number): boolean {
  return place >= ms * TIME_SCALE
}

/** The log offset of the event. */
export function offsetOf(ref: number): number {
  return Math.floor(ref / REF_SCALE)
}

/** True when the first event comes before the second. */
export function isBefore(place: number, ref: number, otherPlace: number, otherRef: number): boolean {
  if (place !== otherPlace) return place < otherPlace
  const tie = ref % REF_SCALE
  const otherTie = otherRef % REF_SCALE
  return tie === otherTie ? ref < otherRef : tie < otherTie
}

/** The words of a record that stands at `offset`. */
export function wordsOf({ offset, record }: LogEntry): { place: number; ref: number } {
  return {
    place: placeWord(record.readDoubleLE(8), record.readUInt32LE(0)),
    ref: refWord(offset, record.readUInt32LE(4)),
  }
}
