import type { ASTNode } from '@marcbachmann/cel-js'
import { sameType, typeName } from './cel-type.ts'
import { checkBool, type Checking, fieldOf, refuse } from './checking.ts'
import { operationOf, type OperationName } from './operations.ts'
import type { Comparison, Node } from './typed-tree.ts'

/** `!`: an error stays an error. */
export function checkNot(checking: Checking, tree: Extract<ASTNode, { op: '!_' }>): Node | undefined {
  const of = checkBool(checking, tree.args, 'the operand of `!`')
  return of && { op: 'not', type: 'bool', of }
}

const negations: Record<string, OperationName> = {
  int: 'negateInt',
  double: 'negateDouble',
  duration: 'negateDuration',
}

/** The minus sign before a number or duration. */
export function checkMinus(checking: Checking, tree: Extract<ASTNode, { op: '-_' }>): Node | undefined {
  const of = checking.check(tree.args)
  if (!of) return undefined
  // A negative number is a literal too, so that lists may hold it.
  if (of.op === 'literal' && typeof of.value === 'number') return { ...of, value: 0 - of.value }
  const operation = negations[typeName(of.type)]
  if (operation) return { op: 'call', type: of.type, operation, of: [of] }
  return refuse(checking, tree, 'expression_type', `\`-\` does not take ${typeName(of.type)}`, {
    ...fieldOf(of),
    found: typeName(of.type),
    expected: 'int, double or duration',
  })
}

/** `&&` and `||`. */
export function checkLogic(
  checking: Checking,
  tree: Extract<ASTNode, { op: '&&' | '||' }>,
  operands: [ASTNode, ASTNode],
): Node | undefined {
  const op = tree.op === '&&' ? 'and' : 'or'
  const checked = operands.map((operand) => checkBool(checking, operand, `an operand of \`${tree.op}\``))
  // A chain of the same operator becomes one node: flat SQL, and no deep nesting.
  const of = checked.flatMap((node) => (node?.op === op ? node.of : [node]))
  return of.every((node) => node !== undefined) ? { op, type: 'bool', of } : undefined
}

/** `condition ? yes : no`. */
export function checkConditional(
  checking: Checking,
  tree: ASTNode,
  [test, first, second]: [ASTNode, ASTNode, ASTNode],
): Node | undefined {
  const condition = checkBool(checking, test, 'the condition of `?:`')
  const yes = checking.check(first)
  const no = checking.check(second)
  if (!condition || !yes || !no) return undefined
  if (!sameType(yes.type, no.type)) {
    return refuse(checking, tree, 'expression_type', 'the two branches of `?:` differ in type', {
      found: `${typeName(yes.type)} and ${typeName(no.type)}`,
      expected: 'the same type in both',
    })
  }
  if (typeof yes.type !== 'string') {
    return refuse(checking, tree, 'expression_unsupported', '`?:` cannot choose between lists')
  }
  return { op: 'if', type: yes.type, condition, yes, no }
}

/** Equality and order: the same type on both sides, or two numbers. */
export function checkComparison(
  checking: Checking,
  tree: Extract<ASTNode, { op: Comparison }>,
  operator: Comparison,
): Node | undefined {
  const [left, right] = tree.args.map((operand) => checking.check(operand))
  if (!left || !right) return undefined
  const numbers = [left.type, right.type].every((type) => type === 'int' || type === 'double')
  if (typeof left.type === 'string' && (numbers || sameType(left.type, right.type))) {
    return { op: 'compare', type: 'bool', operator, left, right }
  }
  const found = `${typeName(left.type)} ${operator} ${typeName(right.type)}`
  return refuse(checking, tree, 'expression_type', `\`${found}\` cannot be compared`, {
    ...fieldOf(left, right),
    found,
    expected: typeof left.type === 'string' ? `${typeName(left.type)} on both sides` : '`in`, exists or all',
  })
}

const arithmetic: Record<string, OperationName> = {
  'int + int': 'addInt',
  'int - int': 'subtractInt',
  'int * int': 'multiplyInt',
  'int / int': 'divideInt',
  'int % int': 'moduloInt',
  'double + double': 'addDouble',
  'double - double': 'subtractDouble',
  'double * double': 'multiplyDouble',
  'double / double': 'divideDouble',
  'string + string': 'concat',
  'duration + duration': 'addDuration',
  'duration - duration': 'subtractDuration',
  'timestamp - timestamp': 'timestampDifference',
  'timestamp + duration': 'timestampPlus',
  'duration + timestamp': 'timestampPlus',
  'timestamp - duration': 'timestampMinus',
}

/** `+ - * / %`, by the table of signatures. */
export function checkArithmetic(
  checking: Checking,
  tree: ASTNode,
  operands: [ASTNode, ASTNode],
): Node | undefined {
  const [left, right] = operands.map((operand) => checking.check(operand))
  if (!left || !right) return undefined
  const found = `${typeName(left.type)} ${tree.op} ${typeName(right.type)}`
  const operation = arithmetic[found]
  if (operation) return { op: 'call', type: operationOf(operation).type, operation, of: [left, right] }
  const mixed = /^(?:int . double|double . int)$/.test(found) && tree.op !== '%'
  const known = Object.keys(arithmetic).filter((signature) => signature.split(' ')[1] === tree.op)
  return refuse(checking, tree, 'expression_type', `\`${found}\` is not defined`, {
    ...fieldOf(left, right),
    found,
    expected: mixed ? 'one type on both sides: write 2.0 for 2, or convert with double(…)' : known.join(', '),
  })
}
