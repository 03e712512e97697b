import type { Lookup } from '../profiles/index.ts'
import { digitCount, digitsValue } from './digits.ts'
import type { Window } from './window.ts'

const PLUS = 0x2b
/** `msisdn:` as the two words that it has, one over the other. */
const [MSIS, SDN] = [0, 3].map((at) => Buffer.from('msisdn:').readInt32LE(at)) as [number, number]
const MSISDN_BYTES = 7

/**
 * The digits of `+79991234567` in `bytes[start, end)` as one whole number; 0 when it is not spelt that way. `view` sees
 * the same bytes.
 */
export function phoneAt(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  const length = end - start - 1
  if (length < 1 || length > 15 || bytes[start] !== PLUS || bytes[start + 1] === 0x30) return 0
  let at = start + 1
  // At most 7 digits and then 8: each fits into 32 bits, whose arithmetic costs half of what doubles would.
  const words = length >> 2
  let head = 0
  for (const stop = end - (words << 2); at < stop; at++) {
    const digit = bytes[at]! - 48
    if (digit >>> 0 > 9) return 0
    head = (Math.imul(head, 10) + digit) | 0
  }
  let tail = 0
  for (; at < end; at += 4) {
    const word = view.getInt32(at, true)
    if (digitCount(word) < 4) return 0
    const value = digitsValue(word, 4)
    if (end - at > 8) head = (Math.imul(head, 10_000) + value) | 0
    else tail = (Math.imul(tail, 10_000) + value) | 0
  }
  return words === 0 ? head : head * (words === 1 ? 1e4 : 1e8) + tail
}

/** The subscriber of the identity that stands in the window's `[start, end)`, UTF-8; 0 when nobody has it. */
export function subscriberAt({ bytes, view }: Window, start: number, end: number, lookup: Lookup): number {
  const isMarked =
    end - start > MSISDN_BYTES &&
    view.getInt32(start, true) === MSIS &&
    view.getInt32(start + 3, true) === SDN
  const digits = phoneAt(bytes, view, isMarked ? start + MSISDN_BYTES : start, end)
  const id = digits === 0 ? 0 : lookup.phone(digits)
  return id !== 0 ? id : (lookup.resolve(bytes.toString('utf8', start, end)) ?? 0)
}
