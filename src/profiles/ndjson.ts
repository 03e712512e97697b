import { DomainError, type Problem } from '../platform/index.ts'

/** A line of a stream that is not JSON; it is refused in its place like any other bad item. */
export class MalformedLine {
  readonly text: string
  readonly problem: Problem

  constructor(text: string, message: string) {
    this.text = text
    this.problem = { code: 'line_invalid', message, found: text.slice(0, 200), expected: 'one JSON value' }
  }

  /** Kept as the text that came, where refused items are stored. */
  toJSON(): string {
    return this.text
  }
}

/** A longer line is taken for a stream that is not NDJSON at all. */
const MAX_LINE_LENGTH = 2 ** 20

/**
 * Reads newline-delimited JSON in chunks of about `chunkLines` values, as the consumer asks for them: the next
 * bytes are taken from the stream only when a chunk is done, which is the back-pressure on the sender. Blank
 * lines are skipped. Throws `line_too_large`.
 */
export async function* readNdjson(
  stream: AsyncIterable<Uint8Array>,
  chunkLines = 2_000,
): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let chunk: unknown[] = []
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      pushLine(chunk, line)
      if (chunk.length < chunkLines) continue
      yield chunk
      chunk = []
    }
    checkLength(rest)
  }
  pushLine(chunk, rest + decoder.decode())
  if (chunk.length > 0) yield chunk
}

function pushLine(chunk: unknown[], line: string): void {
  checkLength(line)
  const text = line.trim()
  if (text === '') return
  try {
    chunk.push(JSON.parse(text))
  } catch (error) {
    chunk.push(new MalformedLine(text, `the line is not JSON: ${(error as Error).message}`))
  }
}

function checkLength(line: string): void {
  if (line.length > MAX_LINE_LENGTH) {
    throw new DomainError('line_too_large', 'a line of the stream is longer than 1 MiB', {
      found: line.length,
      expected: `at most ${MAX_LINE_LENGTH} characters`,
    })
  }
}
