import { randomBytes } from 'node:crypto'

/** Letters and digits that cannot be mistaken for each other (Crockford's base 32 in upper case). */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A code that nobody can guess: sixty bits by chance. */
export function discountCode(): string {
  return [...randomBytes(12)].map((byte) => LETTERS[byte & 31]).join('')
}
