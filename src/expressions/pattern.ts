/** One regular expression written out twice: for JavaScript with the `u` flag, and for RE2. */
export type Pattern = { javascript: string; re2: string }

/** Why a pattern is refused, with the offset in it. */
export class PatternError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.name = 'PatternError'
    this.offset = offset
  }
}

const maxRepeat = 100
const maxVariableRepeats = 4
/** The letter classes spelled out, because `\s` and `.` differ between the two engines. */
const classes: Record<string, [number, number][]> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
}
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11 }

type Reader = { points: string[]; at: number; variableRepeats: number }
/** `plain` says that nothing inside repeats or branches, so repeating it cannot backtrack without end. */
type Piece = { javascript: string; re2: string; plain: boolean; repeatable: boolean }

/**
 * Reads the subset of regular expressions that RE2 and JavaScript understand alike: letters, `.`, classes, anchors,
 * `\d \w \s \b`, groups, alternatives and repeats. Refused: back references, look-around, flags, and repeats of what
 * repeats or branches, on which JavaScript could backtrack for minutes. Throws `PatternError`.
 */
export function parsePattern(text: string): Pattern {
  const reader: Reader = { points: [...text], at: 0, variableRepeats: 0 }
  const piece = readAlternatives(reader)
  if (reader.at < reader.points.length) fail(reader, 'a `)` without its `(`')
  // Without (?-s) ClickHouse lets `.` match a line break; here `.` is written as a class, and this is a second bolt.
  return { javascript: piece.javascript, re2: `(?-s)${piece.re2}` }
}

function fail(reader: Reader, message: string): never {
  throw new PatternError(message, reader.at)
}

function readAlternatives(reader: Reader): Piece {
  const branches = [readSequence(reader)]
  while (reader.points[reader.at] === '|') {
    reader.at++
    branches.push(readSequence(reader))
  }
  return {
    javascript: branches.map((branch) => branch.javascript).join('|'),
    re2: branches.map((branch) => branch.re2).join('|'),
    plain: branches.length === 1 && branches.every((branch) => branch.plain),
    repeatable: true,
  }
}

function readSequence(reader: Reader): Piece {
  const whole: Piece = { javascript: '', re2: '', plain: true, repeatable: true }
  for (;;) {
    const next = reader.points[reader.at]
    if (next === undefined || next === '|' || next === ')') return whole
    const piece = readRepeated(reader)
    whole.javascript += piece.javascript
    whole.re2 += piece.re2
    whole.plain &&= piece.plain
  }
}

function readRepeated(reader: Reader): Piece {
  const piece = readAtom(reader)
  const rest = reader.points.slice(reader.at, reader.at + 10).join('')
  const match = /^(?:[*+?]|\{([0-9]{1,3})(?:(,)([0-9]{0,3}))?\})\??/.exec(rest)
  if (!match) return piece
  if (!piece.repeatable) fail(reader, 'an anchor cannot be repeated')
  if (!piece.plain) fail(reader, 'a group that repeats or branches inside cannot be repeated')
  const [repeat, least, comma, most] = match
  if (Number(least ?? 0) > maxRepeat || Number(most || 0) > maxRepeat) {
    fail(reader, `at most ${maxRepeat} repeats can be counted`)
  }
  if (most && Number(most) < Number(least)) fail(reader, 'the counts of a repeat stand in the wrong order')
  const fixed = least !== undefined && comma === undefined
  if (!fixed && ++reader.variableRepeats > maxVariableRepeats) {
    fail(reader, `more than ${maxVariableRepeats} repeats of open length`)
  }
  reader.at += repeat.length
  if (/^[*+?{]/.test(reader.points[reader.at] ?? '')) fail(reader, 'a repeat of a repeat')
  return {
    javascript: piece.javascript + repeat,
    re2: piece.re2 + repeat,
    plain: false,
    repeatable: false,
  }
}

function readAtom(reader: Reader): Piece {
  const point = reader.points[reader.at] ?? ''
  if (point === '(') return readGroup(reader)
  if (point === '[') return readClass(reader)
  if (point === '\\') return readEscape(reader)
  if ('*+?{'.includes(point)) fail(reader, `a \`${point}\` with nothing before it to repeat`)
  if (']}'.includes(point)) fail(reader, `a bare \`${point}\`; write \`\\${point}\``)
  reader.at++
  if (point === '^' || point === '$') return { javascript: point, re2: point, plain: true, repeatable: false }
  if (point === '.') return classOf([[10, 10]], true)
  return letter(codeOf(reader, point))
}

function readGroup(reader: Reader): Piece {
  reader.at++
  if (reader.points[reader.at] === '?') {
    if (reader.points[reader.at + 1] !== ':')
      fail(reader, 'look-around, flags and named groups are not supported')
    reader.at += 2
  }
  const inner = readAlternatives(reader)
  if (reader.points[reader.at] !== ')') fail(reader, 'a `(` without its `)`')
  reader.at++
  return { ...inner, javascript: `(?:${inner.javascript})`, re2: `(?:${inner.re2})` }
}

function readEscape(reader: Reader): Piece {
  const name = reader.points[reader.at + 1] ?? ''
  if (name === 'b' || name === 'B') {
    reader.at += 2
    return { javascript: `\\${name}`, re2: `\\${name}`, plain: true, repeatable: false }
  }
  const ranges = classes[name.toLowerCase()]
  if (ranges) {
    reader.at += 2
    return classOf(ranges, name !== name.toLowerCase())
  }
  return letter(readEscapedLetter(reader))
}

function readEscapedLetter(reader: Reader): number {
  const name = reader.points[reader.at + 1] ?? ''
  const code = controls[name] ?? (/^[!-/:-@[-`{-~]$/.test(name) ? name.codePointAt(0) : undefined)
  if (code === undefined) fail(reader, `\`\\${name}\` is not supported`)
  reader.at += 2
  return code
}

function readClass(reader: Reader): Piece {
  reader.at++
  const negated = reader.points[reader.at] === '^'
  if (negated) reader.at++
  const ranges: [number, number][] = []
  while (reader.points[reader.at] !== ']') {
    const name = reader.points[reader.at] === '\\' ? (reader.points[reader.at + 1] ?? '') : ''
    const named = classes[name]
    if (named) {
      ranges.push(...named)
      reader.at += 2
      continue
    }
    const first = readClassLetter(reader)
    let last = first
    if (reader.points[reader.at] === '-' && reader.points[reader.at + 1] !== ']') {
      reader.at++
      last = readClassLetter(reader)
      if (last < first) fail(reader, 'the ends of a range stand in the wrong order')
    }
    ranges.push([first, last])
  }
  if (ranges.length === 0) fail(reader, 'an empty class')
  reader.at++
  return classOf(ranges, negated)
}

function readClassLetter(reader: Reader): number {
  const point = reader.points[reader.at]
  if (point === undefined) fail(reader, 'a `[` without its `]`')
  if (point === '[') fail(reader, 'a bare `[` in a class; write `\\[`')
  if (point === '\\') return readEscapedLetter(reader)
  const code = codeOf(reader, point)
  reader.at++
  return code
}

function codeOf(reader: Reader, point: string): number {
  const code = point.codePointAt(0) ?? 0
  if (code === 0) fail(reader, 'a NUL character')
  return code
}

function letter(code: number): Piece {
  const { javascript, re2 } = spelled(code)
  return { javascript, re2, plain: true, repeatable: true }
}

/** Letters and digits stand for themselves; all else is spelled by its code point, so nothing needs escaping. */
function spelled(code: number): Pattern {
  const self = String.fromCodePoint(code)
  if (/^[0-9A-Za-z]$/.test(self)) return { javascript: self, re2: self }
  return { javascript: `\\u{${code.toString(16)}}`, re2: `\\x{${code.toString(16)}}` }
}

function classOf(ranges: [number, number][], negated: boolean): Piece {
  const parts = ranges.map(([first, last]) => [spelled(first), spelled(last)] as const)
  const write = (side: 'javascript' | 're2'): string =>
    `[${negated ? '^' : ''}${parts.map(([first, last]) => `${first[side]}-${last[side]}`).join('')}]`
  return { javascript: write('javascript'), re2: write('re2'), plain: true, repeatable: true }
}
