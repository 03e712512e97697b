import type { Comparison, FieldNode, LiteralNode, Node } from './typed-tree.ts'

/** A value that a condition compares a field with. Timestamps and durations are milliseconds. */
export type AtomValue = boolean | number | string
/** The field of a variable is one of `values`. */
export type EqualityAtom = { variable: string; field: string; op: 'eq'; values: AtomValue[] }
/** The field of a variable is a number on one side of `value`. */
export type RangeAtom = { variable: string; field: string; op: 'lt' | 'le' | 'gt' | 'ge'; value: number }
/** A simple condition on one field. */
export type Atom = EqualityAtom | RangeAtom

/**
 * Conditions that hold whenever the whole is true, as far as they are simple; none if there are none. Through them an
 * index finds the few conditions that an event may satisfy. They are necessary, seldom sufficient.
 */
export function conjuncts(node: Node): Atom[] {
  switch (node.op) {
    case 'and':
      return node.of.flatMap((operand) => conjuncts(operand))
    case 'or':
      return common(node.of.map((operand) => conjuncts(operand)))
    case 'field':
      return node.type === 'bool' ? [equality(node, [true])] : []
    case 'not':
      return node.of.op === 'field' ? [equality(node.of, [false])] : []
    case 'in':
      return node.value.op === 'field'
        ? [
            equality(
              node.value,
              node.list.map((element) => element.value),
            ),
          ]
        : []
    case 'compare':
      return comparison(node)
    default:
      return []
  }
}

function equality({ variable, field }: FieldNode, values: AtomValue[]): EqualityAtom {
  return { variable, field, op: 'eq', values }
}

/** `a == 1 || a == 2` is `a in [1, 2]`: what every branch says of one field, put together. */
function common([first = [], ...others]: Atom[][]): Atom[] {
  return first.flatMap((atom) => {
    if (atom.op !== 'eq') return []
    const same = others.map((branch) =>
      branch.find(
        (other) => other.op === 'eq' && other.variable === atom.variable && other.field === atom.field,
      ),
    )
    const values = same.flatMap((other) => (other?.op === 'eq' ? other.values : []))
    return same.includes(undefined) ? [] : [{ ...atom, values: [...atom.values, ...values] }]
  })
}

const orders = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' } as const
const mirrored: Record<Comparison, Comparison> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

function comparison({ left, right, operator }: Extract<Node, { op: 'compare' }>): Atom[] {
  if (left.op === 'field' && right.op === 'literal') return fieldAgainst(left, operator, right)
  if (left.op === 'literal' && right.op === 'field') return fieldAgainst(right, mirrored[operator], left)
  return []
}

function fieldAgainst(field: FieldNode, operator: Comparison, { value }: LiteralNode): Atom[] {
  if (operator === '==') return [equality(field, [value])]
  if (operator === '!=') return typeof value === 'boolean' ? [equality(field, [!value])] : []
  if (typeof value !== 'number') return []
  return [{ variable: field.variable, field: field.field, op: orders[operator], value }]
}
