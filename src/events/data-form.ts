import type { Lookup } from '../profiles/index.ts'
import type { FieldCheck } from './field-check.ts'
import { DATA_DEPTH, type FieldWriter, isConstrained, isTextInBounds } from './field-writer.ts'
import { compared, type Member, membersAt, written } from './form-code.ts'
import { numberRead, readShortNumber, valueEnd } from './json-bytes.ts'
import { layoutOf } from './layout.ts'
import { readRfc3339 } from './moment-bytes.ts'
import { FALSE, NULL, putShortText, putText, TRUE, WORDS_AT } from './packed-data.ts'
import type { Window } from './window.ts'

/** Scans data of one form as `DataScanner.scan` does; -1 for any other. */
export type DataForm = (
  scanner: { end: number },
  writer: FieldWriter,
  source: Window,
  at: number,
  end: number,
  target: Window,
  to: number,
  lookup: Lookup,
) => number

const runtime = {
  numberRead,
  readShortNumber,
  valueEnd,
  putText,
  putShortText,
  isTextInBounds,
  readRfc3339,
}

const [TRUE_WORD, FALSE_WORD, NULL_WORD] = ['true', 'fals', 'null'].map((word) =>
  Buffer.from(word).readInt32LE(),
) as [number, number, number]

/**
 * Generates the code for data that look like `bytes[start, end)`, which are right: the same keys in the same order with
 * the same white space, and values whose fields, by number, are `checks`. Undefined when there are unusual keys.
 */
export function compileDataForm(
  bytes: Buffer,
  start: number,
  end: number,
  names: string[],
  checks: FieldCheck[],
): DataForm | undefined {
  const members = membersAt(bytes, start, end)?.members
  if (members === undefined) return undefined
  const lines: string[] = []
  const used: FieldCheck[] = []
  const kept = members.filter(({ key }) => names.includes(key))
  // What stands between two values goes from the end of the one to the beginning of the next; quotes belong to it.
  let from = start
  let word = 0
  for (const member of members) {
    const check = checks[names.indexOf(member.key)]
    const isQuoted = check !== undefined && hasPlainQuotes(check)
    lines.push(compared(bytes, from, member.start + (isQuoted ? 1 : 0)))
    from = member.end - (isQuoted ? 1 : 0)
    if (isQuoted && !isPlain(bytes, member)) return undefined
    if (check === undefined) {
      lines.push(`at = valueEnd(bytes, at, end, ${DATA_DEPTH}); if (at < 0) return -1`)
    } else {
      lines.push(valueCode(check, used.push(check) - 1, `to + ${WORDS_AT + 8 * word++}`))
    }
  }
  lines.push(compared(bytes, from, end))
  const layout = layoutOf(kept.map(({ key }) => key))
  const source = [
    '"use strict"',
    `const { ${Object.keys(runtime).join(', ')} } = runtime`,
    `const [${used.map((_, i) => `check${i}`).join(', ')}] = checks`,
    'return function scan(scanner, writer, source, at, end, target, to, lookup) {',
    `const { bytes, view } = source, out = target.view, limit = bytes.length`,
    `const textsAt = to + ${WORDS_AT + 8 * kept.length}`,
    'let free = textsAt, close = 0, value = 0',
    ...(lines.some((line) => line.includes('writer.'))
      ? ['writer.begin(source, target, textsAt, lookup)']
      : []),
    ...lines,
    'if (at > end) return -1',
    'scanner.end = at',
    `out.setInt32(to, ${layout.hash | 0}, true); out.setInt32(to + 4, ${layout.text.bytes.length}, true)`,
    written(layout.text.bytes),
    'return free }',
  ].join('\n')
  return (new Function('runtime', 'checks', source) as (...given: unknown[]) => DataForm)(runtime, used)
}

/** Whether a value of the field always stands in quotes, and is read from between them. */
function hasPlainQuotes(check: FieldCheck): boolean {
  return (check.kind === 'string' || check.kind === 'time') && !check.isNullable
}

const isPlain = (bytes: Buffer, { start, end }: Member): boolean => !bytes.subarray(start, end).includes('\\')

/** Code that packs the value at `at` into the word at `wordAt`, and moves `at` behind it. */
function valueCode(check: FieldCheck, number: number, wordAt: string): string {
  const taken = [
    'writer.free = free',
    `at = writer.take(check${number}, at, end, ${wordAt})`,
    'if (at < 0) return -1',
    'free = writer.free',
  ].join('; ')
  if (check.isNullable && check.kind !== 'any') {
    const nothing = `if (view.getInt32(at, true) === ${NULL_WORD}) { ${highWord(wordAt, NULL)}; at += 4 }`
    return `${nothing} else { ${check.kind === 'string' || check.kind === 'time' ? taken : plainCode(check, number, wordAt)} }`
  }
  return check.kind === 'any' ? taken : plainCode(check, number, wordAt)
}

function plainCode(check: FieldCheck, number: number, wordAt: string): string {
  switch (check.kind) {
    case 'number':
    case 'integer':
      return numberCode(check, number, wordAt)
    case 'boolean':
      return [
        `if (view.getInt32(at, true) === ${TRUE_WORD}) { ${highWord(wordAt, TRUE)}; at += 4 }`,
        `else if (view.getInt32(at, true) === ${FALSE_WORD} && bytes[at + 4] === 0x65) { ${highWord(wordAt, FALSE)}; at += 5 }`,
        'else return -1',
      ].join(' ')
    default:
      return textCode(check, number, wordAt)
  }
}

const highWord = (wordAt: string, hi: number): string =>
  `out.setInt32(${wordAt}, 0, true); out.setInt32(${wordAt} + 4, ${hi}, true)`

function numberCode(check: FieldCheck, number: number, wordAt: string): string {
  const wrong = ['value - value !== 0']
  if (check.kind === 'integer') wrong.push('Math.floor(value) !== value')
  if (check.minimum > -Infinity)
    wrong.push(`value ${check.isAboveMinimum ? '<=' : '<'} check${number}.minimum`)
  if (check.maximum < Infinity)
    wrong.push(`value ${check.isBelowMaximum ? '>=' : '>'} check${number}.maximum`)
  if (check.allowed !== undefined) wrong.push(`!check${number}.allowed.has(value)`)
  return [
    'value = readShortNumber(bytes, view, at, end)',
    'at = numberRead.end',
    `if (at < 0 || ${wrong.join(' || ')}) return -1`,
    `out.setFloat64(${wordAt}, value, true)`,
  ].join('; ')
}

/** The text begins at `at`; its closing quote is compared with what follows. */
function textCode(check: FieldCheck, number: number, wordAt: string): string {
  const found = 'close = source.plainEnd(at, end)'
  const put = `free = putText(source, at, close, target, ${wordAt}, free, textsAt)`
  if (check.kind === 'string' && !isConstrained(check)) {
    const long = `{ ${found}; ${put}; at = close }`
    return `close = putShortText(view, at, out, ${wordAt}); if (close >= 0) at += close; else ${long}`
  }
  const lines = [found]
  if (check.identity !== undefined) {
    lines.push('writer.free = free')
    lines.push(`if (writer.takeIdentity(check${number}, at, close, ${wordAt}) < 0) return -1`)
    lines.push('free = writer.free')
  } else {
    if (isConstrained(check)) lines.push(`if (!isTextInBounds(bytes, at, close, check${number})) return -1`)
    if (check.kind === 'string') lines.push(put)
    else lines.push('value = readRfc3339(bytes, view, at, close)', 'if (value !== value) return -1')
    if (check.kind === 'time') lines.push(`out.setFloat64(${wordAt}, value, true)`)
  }
  return [...lines, 'at = close'].join('; ')
}
