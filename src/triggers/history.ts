/**
 * What a rule remembers of one subscriber: entries of (time in epoch ms, log offset, value) in one flat array,
 * in order of time and, at equal times, of arrival. Numbers only: V8 keeps such an array unboxed, and it goes into
 * a checkpoint as it is. The offset leads back to the event in the log when a firing needs its id or its fields.
 */
export type History = number[]

const STRIDE = 3

/** How many entries there are. */
export const sizeOf = (history: History): number => history.length / STRIDE
/** When the event of an entry happened, epoch ms. */
export const timeAt = (history: History, index: number): number => history[index * STRIDE]!
/** Where in the log the event of an entry stands. */
export const offsetAt = (history: History, index: number): number => history[index * STRIDE + 1]!
/** What the rule noted of the event of an entry. */
export const valueAt = (history: History, index: number): number => history[index * STRIDE + 2]!

/** Notes something else of it. */
export function setValueAt(history: History, index: number, value: number): void {
  history[index * STRIDE + 2] = value
}

/**
 * Puts an entry in its place, after all entries of the same time, and returns its index; -1 when it is later than
 * `latenessMs` behind the newest entry, and then nothing is changed.
 */
export function place(
  history: History,
  timeMs: number,
  offset: number,
  value: number,
  latenessMs: number,
): number {
  let index = sizeOf(history)
  if (index === 0 || timeAt(history, index - 1) <= timeMs) {
    history.push(timeMs, offset, value)
    return index
  }
  if (timeMs <= timeAt(history, index - 1) - latenessMs) return -1
  while (index > 0 && timeAt(history, index - 1) > timeMs) index--
  history.splice(index * STRIDE, 0, timeMs, offset, value)
  return index
}

/**
 * Forgets entries that are `keepMs` or more behind the newest; with `keepOneBefore` the last of those stays,
 * because it is the predecessor of whatever comes next.
 */
export function forget(history: History, keepMs: number, keepOneBefore: boolean): void {
  const size = sizeOf(history)
  if (size === 0) return
  const limitMs = timeAt(history, size - 1) - keepMs
  let old = 0
  while (old < size && timeAt(history, old) <= limitMs) old++
  if (keepOneBefore) old--
  if (old > 0) history.splice(0, old * STRIDE)
}
