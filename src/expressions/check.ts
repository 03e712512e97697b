import type { ASTNode } from '@marcbachmann/cel-js'
import type { Problem } from '../platform/index.ts'
import { type CelType, type Declarations, type ExpectedType, maxInt, sameType, typeName } from './cel-type.ts'
import { checkCall } from './check-calls.ts'
import { checkField, checkName } from './check-fields.ts'
import { checkIn } from './check-lists.ts'
import {
  checkArithmetic,
  checkComparison,
  checkConditional,
  checkLogic,
  checkMinus,
  checkNot,
} from './check-operators.ts'
import { type Checking, refuse } from './checking.ts'
import { maxChain, maxOperations, parseSource } from './parse.ts'
import type { LiteralNode, Node } from './typed-tree.ts'

export type Checked = { node: Node | undefined; problems: Problem[]; fields: string[] }

/** Parses and types an expression; `node` is there exactly when `problems` is empty. */
export function checkSource(source: string, declarations: Declarations, expected?: ExpectedType): Checked {
  const parsed = parseSource(source)
  if ('problem' in parsed) return { node: undefined, problems: [parsed.problem], fields: [] }
  const checking: Checking = {
    source,
    declarations,
    locals: new Map(),
    localCount: 0,
    problems: [],
    fields: new Set(),
    check: (tree) => checkNode(checking, tree),
  }
  const { count, depth } = sizeOf(parsed.tree)
  if (count > maxOperations || depth > maxChain) {
    const limit =
      count > maxOperations ? `${maxOperations} operations` : `${maxChain} operations inside each other`
    refuse(checking, parsed.tree, 'expression_too_large', `the expression has more than ${limit}`)
    return { node: undefined, problems: checking.problems, fields: [] }
  }
  const node = checkNode(checking, parsed.tree)
  const types = expected === undefined ? [] : ([expected].flat() as CelType[])
  if (node && types.length > 0 && !types.some((type) => sameType(node.type, type))) {
    refuse(checking, parsed.tree, 'expression_type', `the expression is ${typeName(node.type)}`, {
      found: typeName(node.type),
      expected: typeName(types[0]!),
    })
  } else if (node && typeof node.type !== 'string') {
    refuse(checking, parsed.tree, 'expression_unsupported', 'a list cannot be the result of an expression')
  }
  const done = checking.problems.length === 0
  return { node: done ? node : undefined, problems: checking.problems, fields: [...checking.fields] }
}

/**
 * Nodes of the tree and how many stand inside each other. The elements of a list literal do not count, and a chain of
 * `&&` or of `||` is one level, as it will be in the SQL.
 */
function sizeOf(tree: ASTNode, above?: string): { count: number; depth: number } {
  const children = Array.isArray(tree.args) ? (tree.args as unknown[]).flat() : [tree.args]
  const sizes = tree.op === 'list' ? [] : children.filter(isTree).map((child) => sizeOf(child, tree.op))
  const ownLevel = tree.op === above && (tree.op === '&&' || tree.op === '||') ? 0 : 1
  return {
    count: sizes.reduce((sum, size) => sum + size.count, 1),
    depth: sizes.reduce((most, size) => Math.max(most, size.depth), 0) + ownLevel,
  }
}

function isTree(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** The typed node of a syntax node, or `undefined` after its problems were noted. */
function checkNode(checking: Checking, tree: ASTNode): Node | undefined {
  switch (tree.op) {
    case 'value':
      return checkLiteral(checking, tree)
    case 'id':
      return checkName(checking, tree)
    case '.':
      return checkField(checking, tree)
    case 'call':
    case 'rcall':
      return checkCall(checking, tree)
    case '!_':
      return checkNot(checking, tree)
    case '-_':
      return checkMinus(checking, tree)
    case '&&':
    case '||':
      return checkLogic(checking, tree, tree.args)
    case '?:':
      return checkConditional(checking, tree, tree.args)
    case 'in':
      return checkIn(checking, tree)
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return checkComparison(checking, tree, tree.op)
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return checkArithmetic(checking, tree, tree.args)
    case 'list':
      return refuse(checking, tree, 'expression_unsupported', 'a list may stand only to the right of `in`')
    case '[]':
      return refuse(checking, tree, 'expression_unsupported', 'indexing with `[…]` is not supported', {
        expected: 'a field by name, such as event.volumeMb',
      })
    default:
      return refuse(checking, tree, 'expression_unsupported', 'maps and optional access are not supported')
  }
}

function checkLiteral(checking: Checking, tree: Extract<ASTNode, { op: 'value' }>): LiteralNode | undefined {
  const value = tree.args
  if (typeof value === 'boolean') return { op: 'literal', type: 'bool', value }
  if (typeof value === 'number') return { op: 'literal', type: 'double', value }
  if (typeof value === 'bigint') {
    if (value <= BigInt(maxInt)) return { op: 'literal', type: 'int', value: Number(value) }
    return refuse(checking, tree, 'expression_value', 'the number is too large for an int', {
      found: String(value),
      expected: `at most ${maxInt}, or a double such as 1e18`,
    })
  }
  if (typeof value === 'string') {
    if (value.isWellFormed()) return { op: 'literal', type: 'string', value }
    return refuse(
      checking,
      tree,
      'expression_value',
      'the string holds half of a character (a lone surrogate)',
    )
  }
  if (value === null) {
    return refuse(checking, tree, 'expression_unsupported', 'null is not supported', {
      found: 'null',
      expected: 'has(…) to ask whether a value is there',
    })
  }
  return refuse(checking, tree, 'expression_unsupported', 'bytes and unsigned numbers are not supported')
}
