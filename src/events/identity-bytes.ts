import type { Lookup } from '../profiles/index.ts'

const PLUS = 0x2b
const MSISDN = Buffer.from('msisdn:')

/** The digits of `+79991234567` in `bytes[start, end)` as one whole number; 0 when it is not spelt that way. */
export function phoneAt(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start - 1
  if (length < 1 || length > 15 || bytes[start] !== PLUS || bytes[start + 1] === 0x30) return 0
  // Two whole numbers of 32 bits cost half of what a double would, digit by digit.
  const middle = start + 1 + (length > 9 ? length - 9 : 0)
  let head = 0
  for (let i = start + 1; i < middle; i++) {
    const digit = bytes[i]! - 48
    if (digit >>> 0 > 9) return 0
    head = (Math.imul(head, 10) + digit) | 0
  }
  let tail = 0
  for (let i = middle; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit >>> 0 > 9) return 0
    tail = (Math.imul(tail, 10) + digit) | 0
  }
  return head * 1e9 + tail
}

/** The subscriber of the identity `bytes[start, end)`, which is UTF-8; 0 when nobody has it. */
export function subscriberAt(bytes: Buffer, start: number, end: number, lookup: Lookup): number {
  let at = start
  if (bytes[start] !== PLUS && end - start > MSISDN.length) {
    let i = 0
    while (i < MSISDN.length && bytes[start + i] === MSISDN[i]) i++
    if (i === MSISDN.length) at += i
  }
  const digits = phoneAt(bytes, at, end)
  const id = digits === 0 ? 0 : lookup.phone(digits)
  return id !== 0 ? id : (lookup.resolve(bytes.toString('utf8', start, end)) ?? 0)
}
