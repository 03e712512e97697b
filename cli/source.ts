import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { CliError } from './errors.ts'

/** A document with the place in a file where it stands. */
export type SourceDocument = {
  file: string
  body: object
  node: Document.Parsed
  lines: LineCounter
  text: string
}

/** The documents of a YAML or JSON file. Throws `CliError` with the place of a syntax error. */
export function sourceDocuments(file: string, text: string): SourceDocument[] {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { lineCounter: lines })
  const nodes = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []
  return nodes
    .filter((node) => node.contents !== null || node.errors.length > 0)
    .map((node) => {
      const [error] = node.errors
      if (error) {
        const { line, col } = lines.linePos(error.pos[0])
        throw new CliError(`${file}:${line}:${col}: ${error.message.split('\n')[0]}`)
      }
      const body: unknown = node.toJS()
      if (typeof body !== 'object' || body === null) {
        const { line, col } = lines.linePos(node.range[0])
        throw new CliError(`${file}:${line}:${col}: a document must be a mapping with kind and id`)
      }
      return { file, body, node, lines, text }
    })
}

/**
 * Where a problem stands in the file: the value of its field, or the nearest thing above it that is there. A
 * problem inside a text (an expression) counts its own lines and columns, which are added.
 */
export function placeOf(
  { node, lines, text }: SourceDocument,
  field: string | undefined,
  within: { line?: number; column?: number },
): { line: number; column: number } {
  const path = field ? field.split('.') : []
  for (let depth = path.length; depth >= 0; depth--) {
    const found: unknown = depth === 0 ? node.contents : node.getIn(keysOf(path.slice(0, depth)), true)
    const range = (found as { range?: [number, number, number] } | null)?.range
    if (!range) continue
    const { line, col } = lines.linePos(range[0])
    const isWhole = depth === path.length
    if (!isWhole || within.line === undefined || !isScalar(found)) return { line, column: col }
    const column = within.column ?? 1
    if (found.type === 'BLOCK_LITERAL' || found.type === 'BLOCK_FOLDED') {
      const source = text.split('\n')[line + within.line - 1] ?? ''
      return { line: line + within.line, column: column + source.length - source.trimStart().length }
    }
    const quote = found.type === 'PLAIN' ? 0 : 1
    return { line: line + within.line - 1, column: within.line === 1 ? col + quote + column - 1 : column }
  }
  return { line: 1, column: 1 }
}

/** List positions are numbers in YAML's paths. */
const keysOf = (path: string[]): (string | number)[] =>
  path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
