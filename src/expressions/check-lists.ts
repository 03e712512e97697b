import type { ASTNode } from '@marcbachmann/cel-js'
import { sameType, typeName } from './cel-type.ts'
import { checkBool, type Checking, fieldOf, refuse } from './checking.ts'
import type { FieldNode, LiteralNode, LocalNode, Node } from './typed-tree.ts'

/** `value in [literals]` or `value in listField`. */
export function checkIn(checking: Checking, tree: Extract<ASTNode, { op: 'in' }>): Node | undefined {
  const [left, right] = tree.args
  const value = checking.check(left)
  if (right.op === 'list') return checkInLiterals(checking, right, value)
  const list = checkList(checking, right, 'the right side of `in`')
  if (!value || !list) return undefined
  if (sameType(list.type, { list: value.type })) return { op: 'includes', type: 'bool', value, list }
  return refuse(
    checking,
    tree,
    'expression_type',
    `${typeName(value.type)} is looked for in ${typeName(list.type)}`,
    {
      ...fieldOf(list),
      found: typeName(value.type),
      expected: `an element of ${typeName(list.type)}`,
    },
  )
}

function checkInLiterals(
  checking: Checking,
  tree: Extract<ASTNode, { op: 'list' }>,
  value: Node | undefined,
): Node | undefined {
  const elements = tree.args.map((element) => checking.check(element))
  if (!value || elements.includes(undefined)) return undefined
  if (elements.length === 0) {
    return refuse(checking, tree, 'expression_value', 'the list is empty', {
      expected: 'at least one element',
    })
  }
  const list: LiteralNode[] = []
  for (const [index, element] of elements.entries()) {
    const at = tree.args[index] ?? tree
    if (element?.op !== 'literal') {
      return refuse(checking, at, 'expression_unsupported', 'an element of a list must be a literal', {
        expected: 'a literal, or `a == b || a == c`',
      })
    }
    // Whole numbers among doubles are doubles, as in a comparison.
    const typed: LiteralNode =
      value.type === 'double' && element.type === 'int' ? { ...element, type: 'double' } : element
    if (!sameType(value.type, typed.type)) {
      return refuse(checking, at, 'expression_type', `an element of the list is ${typeName(element.type)}`, {
        ...fieldOf(value),
        found: typeName(element.type),
        expected: typeName(value.type),
      })
    }
    list.push(typed)
  }
  return { op: 'in', type: 'bool', value, list }
}

/** A node that must be a list field. */
export function checkList(checking: Checking, tree: ASTNode, where: string): FieldNode | undefined {
  const node = checking.check(tree)
  if (!node || (node.op === 'field' && typeof node.type !== 'string')) return node
  return refuse(checking, tree, 'expression_type', `${where} is ${typeName(node.type)}`, {
    ...fieldOf(node),
    found: typeName(node.type),
    expected: 'a list field or a list of literals',
  })
}

/** `list.exists(x, condition)`, and `list.all(x, condition)` as "none exists that does not". */
export function checkQuantifier(
  checking: Checking,
  tree: Extract<ASTNode, { op: 'rcall' }>,
): Node | undefined {
  const [name, receiver, [element, condition]] = tree.args
  const list = checkList(checking, receiver, `what \`${name}\` looks through`)
  if (!list || typeof list.type === 'string' || !condition) return undefined
  // The parser lets only a plain name stand here.
  if (element?.op !== 'id') return undefined
  if (checking.locals.has(element.args) || Object.hasOwn(checking.declarations, element.args)) {
    return refuse(checking, element, 'expression_value', `the name \`${element.args}\` is already taken`, {
      found: element.args,
      expected: 'another name for the element',
    })
  }
  const local: LocalNode = { op: 'local', type: list.type.list, name: `cel_element_${checking.localCount++}` }
  checking.locals.set(element.args, local)
  const predicate = checkBool(checking, condition, `the condition of \`${name}\``)
  checking.locals.delete(element.args)
  if (!predicate) return undefined
  if (name === 'exists') return { op: 'exists', type: 'bool', list, local, predicate }
  const counterexample: Node = { op: 'not', type: 'bool', of: predicate }
  return {
    op: 'not',
    type: 'bool',
    of: { op: 'exists', type: 'bool', list, local, predicate: counterexample },
  }
}
