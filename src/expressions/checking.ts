import type { ASTNode } from '@marcbachmann/cel-js'
import type { Problem } from '../platform/index.ts'
import { type Declarations, typeName } from './cel-type.ts'
import type { ExpressionErrorCode } from './errors.ts'
import { problemAt } from './parse.ts'
import type { LocalNode, Node } from './typed-tree.ts'

/** What is known while one expression is checked; problems gather so that the author sees all of them at once. */
export type Checking = {
  source: string
  declarations: Declarations
  locals: Map<string, LocalNode>
  localCount: number
  problems: Problem[]
  fields: Set<string>
  /** Types any node, or notes its problems and gives `undefined`; here, because operands are nodes again. */
  check(tree: ASTNode): Node | undefined
}

type More = { field?: string; found?: unknown; expected?: string }

/** Notes a problem at the node; returns `undefined`, the sign that the node has no type. */
export function refuse(
  checking: Checking,
  at: ASTNode,
  code: ExpressionErrorCode,
  message: string,
  more: More = {},
): undefined {
  const text = more.expected === undefined ? message : `${message}; expected ${more.expected}`
  checking.problems.push(problemAt(checking.source, at.start, code, text, more))
  return undefined
}

/** The name of the field that one of the nodes reads, to put it into a problem. */
export function fieldOf(...nodes: Node[]): { field?: string } {
  const node = nodes.find((one) => one.op === 'field')
  return node?.op === 'field' ? { field: `${node.variable}.${node.field}` } : {}
}

/** Checks a node that must be a bool. */
export function checkBool(checking: Checking, tree: ASTNode, where: string): Node | undefined {
  const node = checking.check(tree)
  if (!node || node.type === 'bool') return node
  return refuse(checking, tree, 'expression_type', `${where} is ${typeName(node.type)}`, {
    ...fieldOf(node),
    found: typeName(node.type),
    expected: 'bool',
  })
}
