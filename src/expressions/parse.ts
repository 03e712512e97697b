import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'
import type { Problem } from '../platform/index.ts'
import type { ExpressionErrorCode } from './errors.ts'

/** Limits on what an author may write; a list's elements are counted apart, so that long `in` lists are possible. */
export const maxSourceLength = 20_000
export const maxOperations = 500
/** ClickHouse reads at most 1000 levels of a query, and one addition with its guard takes ten. */
export const maxChain = 64
const maxListElements = 1000
const maxDepth = 24

const environment = new Environment({
  limits: {
    maxAstNodes: maxOperations + 2 * maxListElements,
    maxDepth,
    maxListElements,
    maxMapEntries: 10,
    maxCallArguments: 10,
  },
})

const tokens: Record<string, string> = {
  EOF: 'the end of the expression',
  LPAREN: '`(`',
  RPAREN: '`)`',
  LBRACKET: '`[`',
  RBRACKET: '`]`',
  LBRACE: '`{`',
  RBRACE: '`}`',
  COLON: '`:`',
  COMMA: '`,`',
  DOT: '`.`',
  QUESTION: '`?`',
  IDENTIFIER: 'a name',
  STRING: 'a string',
  NUMBER: 'a number',
  EQ: '`==`',
  NE: '`!=`',
  LT: '`<`',
  LE: '`<=`',
  GT: '`>`',
  GE: '`>=`',
  AND: '`&&`',
  OR: '`||`',
  IN: '`in`',
  PLUS: '`+`',
  MULTIPLY: '`*`',
  DIVIDE: '`/`',
  MODULO: '`%`',
}

/** Line and column, both counted from 1, of an offset into the text; a column counts UTF-16 units as editors do. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

/** A problem at an offset of the source. */
export function problemAt(
  source: string,
  offset: number,
  code: ExpressionErrorCode,
  message: string,
  more: { field?: string; found?: unknown; expected?: string } = {},
): Problem {
  return { code, message, ...more, ...placeOf(source, offset) }
}

/** The syntax tree of a CEL expression, or the first place where it stops being one. */
export function parseSource(source: string): { tree: ASTNode } | { problem: Problem } {
  if (source.trim() === '') {
    const message = 'the expression is empty'
    return { problem: problemAt(source, 0, 'expression_syntax', message, { expected: 'a condition' }) }
  }
  if (source.length > maxSourceLength) {
    const message = `the expression is longer than ${maxSourceLength} characters`
    return { problem: problemAt(source, 0, 'expression_too_large', message, { found: source.length }) }
  }
  try {
    return { tree: environment.parse(source).ast }
  } catch (error) {
    // Thousands of unary signs exhaust the parser's stack before it counts them.
    if (error instanceof RangeError) {
      return { problem: problemAt(source, 0, 'expression_too_large', 'the expression is nested too deep') }
    }
    if (!(error instanceof ParseError)) throw error
    return { problem: syntaxProblem(source, error) }
  }
}

function syntaxProblem(source: string, error: ParseError): Problem {
  const start = Math.min(error.range?.start ?? 0, source.length)
  const found =
    source.slice(start, Math.max(error.range?.end ?? start, start + 1)) || 'the end of the expression'
  if (error.code === 'limit_exceeded') {
    const message = `the expression is too large: ${error.summary.toLowerCase()}`
    return problemAt(source, start, 'expression_too_large', message)
  }
  const readable = error.summary
    .replaceAll(/\b[A-Z]{2,}\b/g, (token) => tokens[token] ?? token.toLowerCase())
    .replace(/^./, (first) => first.toLowerCase())
  return problemAt(source, start, 'expression_syntax', `${readable}${hintFor(source, start, found)}`, {
    found,
  })
}

/** The slips of people who come from SQL or a spreadsheet. */
function hintFor(source: string, start: number, found: string): string {
  if (found === '=') return '; equality is written `==`'
  if (/^and$/i.test(found)) return '; write `&&`'
  if (/^or$/i.test(found)) return '; write `||`'
  if (source.slice(Math.max(0, start - 1), start + 1) === '<>') return '; inequality is written `!=`'
  return ''
}
