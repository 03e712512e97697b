import { maxTimestampMs, minTimestampMs } from './cel-type.ts'
import { type Body, constant, emptyBody, functionOf, temporary } from './function-body.ts'
import { operationOf } from './operations.ts'
import { compare, write } from './to-javascript.ts'
import type { FieldNode, Node } from './typed-tree.ts'

/** The fields of one variable. */
export type Fields = Record<string, unknown>
/**
 * Whether a condition holds; an error is false. It takes the variables one by one in the order in which they were
 * declared. The first is always there; of another that is missing, every field is.
 */
export type Predicate = (first: Fields, ...others: (Fields | undefined)[]) => boolean

/**
 * Compiles a checked condition for the hot path. Where `toFunction` computes a value that may be an error, this asks
 * "is it true?" and "is it false?", so that an error needs no value of its own and no scope is built.
 */
export function toPredicate(node: Node, variables: string[]): Predicate {
  const names = new Map(variables.map((variable, index) => [variable, `v${index}`]))
  const body = emptyBody(({ variable, field }) => {
    const name = names.get(variable)
    return name === 'v0' ? `v0.${field}` : `${name}?.${field}`
  })
  return functionOf(body, [...names.values()].join(', '), test(body, node, true)) as Predicate
}

/** Code that is true exactly when the node is `wanted`, and false otherwise, errors included. */
function test(body: Body, node: Node, wanted: boolean): string {
  switch (node.op) {
    case 'literal':
      return String(node.value === wanted)
    case 'field':
      return `(${body.field(node)} === ${wanted})`
    case 'not':
      return test(body, node.of, !wanted)
    case 'and':
    case 'or': {
      // All operands of an `and` make it true, one makes it false; an `or` is the mirror.
      const operator = (node.op === 'and') === wanted ? '&&' : '||'
      return `(${node.of.map((operand) => test(body, operand, wanted)).join(` ${operator} `)})`
    }
    case 'compare':
      return testCompare(body, node, wanted)
    case 'in':
      return testIn(body, node, wanted)
    case 'call': {
      const operation = operationOf(node.operation)
      if (operation.canFail) return `(${write(body, node).text} === ${wanted})`
      return guarded(body, node.of, wanted, (a, b) => operation.javascript(a, b))
    }
    default:
      return `(${write(body, node).text} === ${wanted})`
  }
}

/** The guards of the operands, and then the result, negated if it is to be false. */
function guarded(
  body: Body,
  operands: Node[],
  wanted: boolean,
  result: (first: string, second: string) => string,
): string {
  const guards: string[] = []
  const names = operands.map((operand) => {
    const { guard, text } = operandOf(body, operand)
    if (guard !== '') guards.push(guard)
    return text
  })
  const text = result(names[0] ?? '', names[1] ?? '')
  return `(${[...guards, wanted ? `(${text})` : `!(${text})`].join(' && ')})`
}

/** A value, and the code that is true when it is no error; the guard must run before the value is named. */
function operandOf(body: Body, node: Node): { guard: string; text: string } {
  if (node.op === 'field' && typeof node.type === 'string') {
    const name = temporary(body)
    return { guard: guardOf(body, node, name), text: name }
  }
  const code = write(body, node)
  if (!code.canFail) return { guard: '', text: code.text }
  const name = temporary(body)
  return { guard: `(${name} = ${code.text}) !== undefined`, text: name }
}

/** The reader of a field's type as plain tests, which compile to a few instructions where a call would not. */
function guardOf(body: Body, node: FieldNode, name: string): string {
  const assignment = `(${name} = ${body.field(node)})`
  switch (node.type) {
    case 'bool':
      return `typeof ${assignment} === 'boolean'`
    case 'string':
      return `typeof ${assignment} === 'string'`
    case 'double':
      return `typeof ${assignment} === 'number' && Number.isFinite(${name})`
    case 'timestamp':
      return `typeof ${assignment} === 'number' && Number.isInteger(${name}) && ${name} >= ${minTimestampMs} && ${name} <= ${maxTimestampMs}`
    default:
      return `(typeof ${assignment} === 'number' ? Number.isSafeInteger(${name}) : (${name} = readInt(${name})) !== undefined)`
  }
}

function testCompare(body: Body, node: Extract<Node, { op: 'compare' }>, wanted: boolean): string {
  const { left, right, operator } = node
  const isText = left.op === 'field' && right.op === 'literal' && left.type === 'string'
  // Only a string equals a string, so the most common condition of all needs no guard.
  if (isText && operator === '==' && wanted) return `(${body.field(left)} === ${constant(body, right.value)})`
  return guarded(body, [left, right], wanted, (a, b) => compare(node, a, b))
}

/** Short lists are compared one by one, which beats the hash of a set. */
const shortList = 4

function testIn(body: Body, node: Extract<Node, { op: 'in' }>, wanted: boolean): string {
  if (node.value.op !== 'field' || node.list.length > shortList)
    return `(${write(body, node).text} === ${wanted})`
  const elements = node.list.map((element) => constant(body, element.value))
  return guarded(body, [node.value], wanted, (value) =>
    elements.map((element) => `${value} === ${element}`).join(' || '),
  )
}
