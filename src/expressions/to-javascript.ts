import { type CelType, typeName } from './cel-type.ts'
import { type Body, constant, declared, emptyBody, functionOf, temporary } from './function-body.ts'
import { operationOf } from './operations.ts'
import type { FieldNode, Node } from './typed-tree.ts'

/** The values an expression reads: variable → field → value. Timestamps are epoch ms, durations ms. */
export type Scope = Record<string, Record<string, unknown>>
/** The value of an expression; `undefined` is an error. A condition holds only when this is `true`. */
export type CompiledFunction = (scope: Scope) => unknown

/** Code of one operand, and whether it can be `undefined`; a literal or name may be written out twice. */
type Code = { text: string; canFail: boolean }

/**
 * Compiles a checked tree into one closure. Every name in the text is either ours or a declared identifier that the
 * parser restricts to letters, digits and `_`; every literal is a constant beside the text.
 */
export function toFunction(node: Node): CompiledFunction {
  const field = (node: FieldNode): string => `scope.${node.variable}?.${node.field}`
  const body = emptyBody(field)
  return functionOf(body, 'scope', write(body, node).text) as CompiledFunction
}

const readers: Record<string, string> = {
  bool: 'readBool',
  int: 'readInt',
  double: 'readDouble',
  string: 'readString',
  timestamp: 'readTimestamp',
  duration: 'readInt',
  'list<int>': 'readInts',
  'list<double>': 'readDoubles',
  'list<string>': 'readStrings',
}

function read(body: Body, node: FieldNode): string {
  return `${readers[typeName(node.type)]}(${body.field(node)})`
}

function isList(type: CelType): boolean {
  return typeof type !== 'string'
}

/** The value of a node as code that `undefined` marks as an error. */
export function write(body: Body, node: Node): Code {
  switch (node.op) {
    case 'literal':
      return { text: constant(body, node.value), canFail: false }
    case 'field':
      return { text: read(body, node), canFail: !isList(node.type) }
    case 'local':
      return { text: node.name, canFail: false }
    case 'has':
      return {
        text: isList(node.of.type)
          ? `(${read(body, node.of)}.length > 0)`
          : `(${read(body, node.of)} !== undefined)`,
        canFail: false,
      }
    case 'not':
      return strict(body, [node.of], (operand) => `!${operand}`)
    case 'and':
      return logic(body, node.of, '&&', 'false', 'true')
    case 'or':
      return logic(body, node.of, '||', 'true', 'false')
    case 'if':
      return conditional(body, node)
    case 'compare':
      return strict(body, [node.left, node.right], (left, right) => compare(node, left, right))
    case 'in':
      return among(body, node)
    case 'includes':
      return strict(body, [node.value], (value) => `${read(body, node.list)}.includes(${value})`)
    case 'matches': {
      const pattern = constant(body, new RegExp(node.pattern.javascript, 'u'))
      return strict(body, [node.value], (value) => `${pattern}.test(${value})`)
    }
    case 'exists':
      return existential(body, node)
    default: {
      const operation = operationOf(node.operation)
      return strict(body, node.of, (a, b) => operation.javascript(a, b), operation.canFail)
    }
  }
}

/** An operation whose result is an error as soon as an operand is one. */
function strict(
  body: Body,
  operands: Node[],
  result: (first: string, second: string) => string,
  canFail = false,
): Code {
  const tests: string[] = []
  const names = operands.map((operand) => {
    const code = write(body, operand)
    if (!code.canFail) return code.text
    const name = temporary(body)
    tests.push(`(${name} = ${code.text}) === undefined`)
    return name
  })
  const text = result(names[0] ?? '', names[1] ?? '')
  if (tests.length === 0) return { text: `(${text})`, canFail }
  return { text: `(${tests.join(' || ')} ? undefined : ${text})`, canFail: true }
}

/** `true || error` is true and `false && error` is false on either side; only otherwise does an error win. */
function logic(body: Body, operands: Node[], operator: string, decisive: string, other: string): Code {
  const codes = operands.map((operand) => write(body, operand))
  if (codes.every((code) => !code.canFail)) {
    return { text: `(${codes.map((code) => code.text).join(` ${operator} `)})`, canFail: false }
  }
  const failures: string[] = []
  const tests = codes.map((code) => {
    if (!code.canFail) return `${code.text} === ${decisive}`
    const name = temporary(body)
    failures.push(`${name} === undefined`)
    return `(${name} = ${code.text}) === ${decisive}`
  })
  const rest = `${failures.join(' || ')} ? undefined : ${other}`
  return { text: `(${tests.join(' || ')} ? ${decisive} : ${rest})`, canFail: true }
}

function conditional(body: Body, node: Extract<Node, { op: 'if' }>): Code {
  const condition = write(body, node.condition)
  const yes = write(body, node.yes)
  const no = write(body, node.no)
  const canFail = yes.canFail || no.canFail
  if (!condition.canFail) return { text: `(${condition.text} ? ${yes.text} : ${no.text})`, canFail }
  const name = temporary(body)
  const test = `(${name} = ${condition.text}) === undefined`
  return { text: `(${test} ? undefined : ${name} ? ${yes.text} : ${no.text})`, canFail: true }
}

/** A comparison of two good values. */
export function compare(node: Extract<Node, { op: 'compare' }>, left: string, right: string): string {
  if (node.operator === '==' || node.operator === '!=') return `${left} ${node.operator}= ${right}`
  if (node.left.type === 'string') return `compareText(${left}, ${right}) ${node.operator} 0`
  return `${left} ${node.operator} ${right}`
}

function among(body: Body, node: Extract<Node, { op: 'in' }>): Code {
  const set = constant(body, new Set(node.list.map((element) => element.value)))
  return strict(body, [node.value], (value) => `${set}.has(${value})`)
}

function existential(body: Body, node: Extract<Node, { op: 'exists' }>): Code {
  const inner: Body = { ...body, temporaries: [] }
  const predicate = write(inner, node.predicate)
  const callback = `(${node.local.name}) => { ${declared(inner)}return ${predicate.text} }`
  return { text: `exists(${read(body, node.list)}, ${callback})`, canFail: predicate.canFail }
}
