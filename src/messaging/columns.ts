import { jsonText } from './packing.ts'

/** Array parameters of a statement, written as PostgreSQL's own array texts (manual, §8.15.2). */

/** Numbers, ids and words of our own lists. */
export function plain(values: (string | number | bigint | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) text += (i === 0 ? '' : ',') + (values[i] ?? 'null')
  return text + '}'
}

/** Any texts. */
function quoted(values: (string | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) text += (i === 0 ? '' : ',') + quote(values[i]!)
  return text + '}'
}

const special = /["\\\0]/
const specials = /["\\]/g

function quote(value: string | null): string {
  if (value === null) return 'null'
  // PostgreSQL has no place for the character zero.
  return `"${special.test(value) ? value.replaceAll('\0', '').replace(specials, '\\$&') : value}"`
}

const notInJsonb = /\\u(?:0000|d[89a-f][0-9a-f]{2})/gi

/** A value for jsonb, which knows neither the character zero nor half of a surrogate pair (manual, §8.14). */
export function documentText(value: object | null): string | null {
  if (value === null) return null
  const text = jsonText(value)
  return text.includes('\\u') ? text.replace(notInJsonb, '\ufffd') : text
}

/** Texts of which there are only a few different ones: they travel once, and each row names its own by number. */
export class Words {
  readonly #numbers = new Map<string | null, number>()

  /** The number of a word, from 1. */
  of(word: string | null): number {
    let number = this.#numbers.get(word)
    if (number === undefined) this.#numbers.set(word, (number = this.#numbers.size + 1))
    return number
  }

  toString(): string {
    return quoted([...this.#numbers.keys()])
  }
}
