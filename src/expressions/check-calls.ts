import type { ASTNode } from '@marcbachmann/cel-js'
import { typeName } from './cel-type.ts'
import { type Checking, fieldOf, refuse } from './checking.ts'
import { checkField } from './check-fields.ts'
import { checkQuantifier } from './check-lists.ts'
import { parseDuration, parseTimestamp } from './literals.ts'
import { operationOf, type OperationName } from './operations.ts'
import { parsePattern, PatternError } from './pattern.ts'
import { nearestName } from './suggestion.ts'
import type { Node } from './typed-tree.ts'

type Call = Extract<ASTNode, { op: 'call' | 'rcall' }>

/** Every strict function by its signature; `same` converts a type to itself. */
const functions: Record<string, OperationName | 'same'> = {
  'int(int)': 'same',
  'int(double)': 'intOfDouble',
  'int(string)': 'intOfText',
  'int(timestamp)': 'intOfTimestamp',
  'double(double)': 'same',
  'double(int)': 'doubleOfInt',
  'double(string)': 'doubleOfText',
  'string(string)': 'same',
  'string(int)': 'stringOfInt',
  'string(double)': 'stringOfDouble',
  'string(bool)': 'stringOfBool',
  'timestamp(timestamp)': 'same',
  'timestamp(int)': 'timestampOfInt',
  'duration(duration)': 'same',
  'size(string)': 'sizeOfText',
  'size(list)': 'sizeOfList',
  'string.size()': 'sizeOfText',
  'list.size()': 'sizeOfList',
  'string.startsWith(string)': 'startsWith',
  'string.endsWith(string)': 'endsWith',
  'string.contains(string)': 'contains',
  'string.lowerAscii()': 'lowerAscii',
  'string.upperAscii()': 'upperAscii',
}

const globalNames = ['has', 'timestamp', 'duration', 'int', 'double', 'string', 'size']
const methodNames = [
  'startsWith',
  'endsWith',
  'contains',
  'matches',
  'size',
  'lowerAscii',
  'upperAscii',
  'exists',
  'all',
]

/** A call of a function or method. */
export function checkCall(checking: Checking, tree: Call): Node | undefined {
  const [name, receiver, args] = tree.op === 'call' ? [tree.args[0], undefined, tree.args[1]] : tree.args
  const known = receiver ? methodNames : globalNames
  if (!known.includes(name)) return unknownFunction(checking, tree, name, known)
  if (name === 'has') return checkHas(checking, tree, args)
  if (tree.op === 'rcall' && (name === 'exists' || name === 'all')) {
    if (args.length === 2) return checkQuantifier(checking, tree)
    return refuse(checking, tree, 'expression_type', `\`${name}\` takes a name and a condition`, {
      found: `${args.length} arguments`,
      expected: `list.${name}(x, condition)`,
    })
  }
  const parsedText = checkTextLiteral(checking, tree, name, args)
  if (parsedText !== 'not a text literal') return parsedText
  const operands = (receiver ? [receiver, ...args] : args).map((operand) => checking.check(operand))
  if (!operands.every((operand) => operand !== undefined)) return undefined
  if (name === 'matches') return checkMatches(checking, tree, operands)
  return checkStrict(checking, tree, name, operands)
}

function unknownFunction(checking: Checking, tree: Call, name: string, known: string[]): undefined {
  const near = nearestName(name, known)
  return refuse(checking, tree, 'expression_unknown_function', `unknown function \`${name}\``, {
    found: name,
    expected: near ?? `one of ${known.join(', ')}`,
  })
}

function checkHas(checking: Checking, tree: Call, args: ASTNode[]): Node | undefined {
  const [argument] = args
  if (args.length !== 1 || argument?.op !== '.') {
    return refuse(checking, tree, 'expression_type', '`has` takes one field', {
      expected: 'has(event.volumeMb)',
    })
  }
  const of = checkField(checking, argument)
  return of && { op: 'has', type: 'bool', of }
}

/** `timestamp("…")` and `duration("…")`: texts are read when saved, so what they mean cannot differ later. */
function checkTextLiteral(
  checking: Checking,
  tree: Call,
  name: string,
  args: ASTNode[],
): Node | undefined | 'not a text literal' {
  const [argument] = args
  const text = argument?.op === 'value' ? argument.args : undefined
  if (args.length !== 1 || typeof text !== 'string') return 'not a text literal'
  if (name !== 'timestamp' && name !== 'duration') return 'not a text literal'
  const value = name === 'timestamp' ? parseTimestamp(text) : parseDuration(text)
  if (value !== undefined) return { op: 'literal', type: name, value }
  return refuse(checking, argument ?? tree, 'expression_value', `\`${text}\` is not a ${name}`, {
    found: text,
    expected:
      name === 'timestamp'
        ? 'an instant from 1900 to 2299, to the millisecond, such as 2026-01-31T09:00:00Z'
        : 'hours, minutes, seconds and milliseconds, such as 72h or 1h30m; a day is 24h',
  })
}

function checkMatches(checking: Checking, tree: Call, [value, pattern, ...rest]: Node[]): Node | undefined {
  if (value?.type !== 'string' || pattern?.type !== 'string' || rest.length > 0) {
    const found = [value, pattern, ...rest].map((node) => (node ? typeName(node.type) : 'nothing')).join(', ')
    return refuse(checking, tree, 'expression_type', '`matches` is not defined for these types', {
      found,
      expected: 'string.matches("pattern")',
    })
  }
  if (pattern.op !== 'literal') {
    return refuse(checking, tree, 'expression_unsupported', 'the pattern of `matches` must be a literal')
  }
  try {
    return { op: 'matches', type: 'bool', value, pattern: parsePattern(String(pattern.value)) }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return refuse(
      checking,
      (tree.op === 'rcall' && tree.args[2][0]) || tree,
      'expression_value',
      `the pattern is refused at its character ${error.offset + 1}: ${error.message}`,
      { found: pattern.value },
    )
  }
}

function checkStrict(checking: Checking, tree: Call, name: string, operands: Node[]): Node | undefined {
  const types = operands.map((operand) => (typeof operand.type === 'string' ? operand.type : 'list'))
  const signature =
    tree.op === 'call' ? `${name}(${types.join(', ')})` : `${types[0]}.${name}(${types.slice(1).join(', ')})`
  const operation = functions[signature]
  const [first] = operands
  if (operation === 'same') return first
  if (operation) return { op: 'call', type: operationOf(operation).type, operation, of: operands }
  const known = Object.keys(functions).filter((one) =>
    tree.op === 'call' ? one.startsWith(`${name}(`) : one.includes(`.${name}(`),
  )
  const literal = { timestamp: 'timestamp("…")', duration: 'duration("…")' }[name]
  return refuse(checking, tree, 'expression_type', `\`${signature}\` is not defined`, {
    ...(first ? fieldOf(first) : {}),
    found: signature,
    expected: [...(literal ? [literal] : []), ...known].join(', '),
  })
}
