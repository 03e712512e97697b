import { createCipheriv } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LENGTH = 8
/** 46 bits are fewer than 62^8, so that eight characters hold each number. */
const HALF_BITS = 23
const HALF = 2 ** HALF_BITS
const ROUNDS = 8

/** How many numbers there are. */
export const NUMBERS = HALF * HALF

/**
 * Link numbers ↔ codes of eight letters and digits. The codes are a keyed permutation of the numbers (a Feistel network
 * with AES as its round function, as in NIST SP 800-38G), so nothing has to be stored or looked up to make one, the same
 * number never meets another, and neighbours have nothing in common: of a thousand million links in use somebody who
 * tries codes finds one in 70,000.
 */
export class LinkCodes {
  readonly #key: Buffer

  /** `key`: at least 16 octets, secret. */
  constructor(key: Buffer) {
    this.#key = key.subarray(0, 16)
  }

  /** Codes of `count` numbers from `first` on. In one go, because a call of the cipher costs more than its work. */
  encode(first: number, count: number): string[] {
    const left = new Uint32Array(count)
    const right = new Uint32Array(count)
    for (let i = 0; i < count; i++) {
      left[i] = Math.floor((first + i) / HALF)
      right[i] = (first + i) % HALF
    }
    for (let round = 0; round < ROUNDS; round++)
      this.#mix(round % 2 === 0 ? left : right, round % 2 === 0 ? right : left, round)
    return Array.from(left, (high, i) => textOf(high * HALF + right[i]!))
  }

  /** The number of a code; undefined for what is none. */
  decode(code: string): number | undefined {
    const value = valueOf(code)
    if (value === undefined) return undefined
    const left = Uint32Array.of(Math.floor(value / HALF))
    const right = Uint32Array.of(value % HALF)
    for (let round = ROUNDS - 1; round >= 0; round--)
      this.#mix(round % 2 === 0 ? left : right, round % 2 === 0 ? right : left, round)
    return left[0]! * HALF + right[0]!
  }

  /** Changes `changed` by what the cipher makes of `other`; doing it again takes it back. */
  #mix(changed: Uint32Array, other: Uint32Array, round: number): void {
    const blocks = Buffer.alloc(other.length * 16)
    for (let i = 0; i < other.length; i++) {
      blocks.writeUInt32LE(other[i]!, i * 16)
      blocks[i * 16 + 4] = round
    }
    const mixed = createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(blocks)
    for (let i = 0; i < changed.length; i++)
      changed[i] = changed[i]! ^ (mixed.readUInt32LE(i * 16) & (HALF - 1))
  }
}

function textOf(value: number): string {
  let text = ''
  for (let rest = value, i = 0; i < LENGTH; i++) {
    text = ALPHABET[rest % 62]! + text
    rest = Math.floor(rest / 62)
  }
  return text
}

function valueOf(code: string): number | undefined {
  if (code.length !== LENGTH) return undefined
  let value = 0
  for (const letter of code) {
    const digit = ALPHABET.indexOf(letter)
    if (digit < 0) return undefined
    value = value * 62 + digit
  }
  return value < NUMBERS ? value : undefined
}
