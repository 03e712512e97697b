import { hash } from 'node:crypto'

/** Letters of a name that are kept as they are; three bytes each, with others beside it, still fit an index. */
const LONGEST = 300
const BEGINNING = 200

/**
 * By what a purchase, or whatever else an event names, is found again. What is longer than anybody means a name to be is
 * known by its beginning and its digest, for an index takes no long text.
 */
export function nameIn(value: unknown): string {
  const text = String(value)
  if (text.length <= LONGEST) return text
  return `${text.slice(0, BEGINNING).toWellFormed()}…${hash('sha256', text, 'hex')}`
}
