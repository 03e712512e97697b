import { isUtf8 } from 'node:buffer'
import type { Problem } from '../platform/index.ts'

/** A longer line is refused; no source has anything to say about one event that needs more. */
export const MAX_LINE_BYTES = 256 * 1024

/** How much of a line that is too long is kept. */
const KEPT_BYTES = 2_000

/** A line that is no event in itself; it is refused in its place like any other bad item. */
export class RefusedLine {
  readonly text: string
  readonly problem: Problem

  constructor(text: string, problem: Problem) {
    this.text = text
    this.problem = problem
  }

  /** Kept as the text that came, where refused items are stored. */
  toJSON(): string {
    return this.text
  }
}

/** The JSON value of a line, to be judged; or the line with what is wrong with it. */
export function parseLine(line: Buffer): unknown {
  if (line.length > MAX_LINE_BYTES) return tooLong(line, line.length)
  const text = line.toString()
  if (!isUtf8(line)) {
    const message = 'the line is not valid UTF-8'
    return new RefusedLine(text, { code: 'event_malformed', message, field: '', expected: 'UTF-8' })
  }
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch (error) {
    const message = `the line is not JSON: ${(error as Error).message}`
    const found = text.slice(0, 200)
    return new RefusedLine(text, { code: 'line_invalid', message, found, expected: 'one JSON value' })
  }
  const repeated = repeatedKey(text)
  if (repeated === undefined) return event
  const message = `the event says ${JSON.stringify(repeated)} twice`
  const code = 'event_duplicate_key'
  return new RefusedLine(text, { code, message, field: repeated, expected: 'each attribute once' })
}

/** A line of so many bytes that is too long, of which `beginning` is there. */
export function tooLong(beginning: Buffer, bytes: number): RefusedLine {
  const expected = `at most ${MAX_LINE_BYTES} bytes`
  const problem = { code: 'event_too_large', message: 'the line is too long', found: bytes, expected }
  return new RefusedLine(beginning.toString('utf8', 0, KEPT_BYTES), problem)
}

/** A key that the object of a JSON text has twice. The text is valid, so only depth and strings must be followed. */
function repeatedKey(text: string): string | undefined {
  const keys = new Set<string>()
  let depth = 0
  for (const [token] of text.matchAll(/[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && token.endsWith(':')) {
      const key = JSON.parse(token.slice(0, -1)) as string
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}
