import type { ASTNode } from '@marcbachmann/cel-js'
import { type CelType, typeName } from './cel-type.ts'
import { type Checking, refuse } from './checking.ts'
import { nearestName } from './suggestion.ts'
import type { FieldNode, LocalNode } from './typed-tree.ts'

const listable = new Set(['int', 'double', 'string'])

/** A name that stands alone: only the element of `exists` and `all` may. */
export function checkName(checking: Checking, tree: Extract<ASTNode, { op: 'id' }>): LocalNode | undefined {
  const local = checking.locals.get(tree.args)
  if (local) return local
  if (Object.hasOwn(checking.declarations, tree.args)) {
    return refuse(checking, tree, 'expression_type', `\`${tree.args}\` is a record`, {
      field: tree.args,
      found: tree.args,
      expected: `one of its fields, such as ${tree.args}.${fieldNames(checking, tree.args)[0] ?? 'name'}`,
    })
  }
  return unknownVariable(checking, tree, tree.args)
}

/** A field of a declared variable. Nothing deeper exists: records are flat. */
export function checkField(checking: Checking, tree: Extract<ASTNode, { op: '.' }>): FieldNode | undefined {
  const [owner, field] = tree.args
  if (owner.op !== 'id' || checking.locals.has(owner.args)) {
    const path = checking.source.slice(tree.start, tree.end)
    return refuse(
      checking,
      tree,
      'expression_unsupported',
      `\`${path}\` reaches into a value, which has no fields`,
      {
        field: path,
        found: path,
        expected: 'a variable and one field, such as event.volumeMb',
      },
    )
  }
  const variable = owner.args
  const fields = checking.declarations[variable]
  if (!fields || !Object.hasOwn(checking.declarations, variable))
    return unknownVariable(checking, owner, variable)
  const type = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (type === undefined) return unknownField(checking, tree, variable, field)
  if (!isReadable(type)) {
    return refuse(checking, tree, 'expression_unsupported', `\`${variable}.${field}\` is ${typeName(type)}`, {
      field: `${variable}.${field}`,
      found: typeName(type),
      expected: 'a plain value, or a list of int, double or string',
    })
  }
  checking.fields.add(`${variable}.${field}`)
  return { op: 'field', type, variable, field }
}

function isReadable(type: CelType): boolean {
  return typeof type === 'string' || (typeof type.list === 'string' && listable.has(type.list))
}

function fieldNames(checking: Checking, variable: string): string[] {
  return Object.keys(checking.declarations[variable] ?? {})
}

function unknownVariable(checking: Checking, tree: ASTNode, name: string): undefined {
  const known = Object.keys(checking.declarations)
  const near = nearestName(name, [...known, ...checking.locals.keys()])
  return refuse(checking, tree, 'expression_unknown_variable', `unknown name \`${name}\``, {
    field: name,
    found: name,
    expected: near ?? listed(known),
  })
}

function unknownField(checking: Checking, tree: ASTNode, variable: string, field: string): undefined {
  const known = fieldNames(checking, variable)
  const near = nearestName(field, known)
  return refuse(checking, tree, 'expression_unknown_field', `unknown field \`${variable}.${field}\``, {
    field: `${variable}.${field}`,
    found: field,
    expected: near === undefined ? listed(known) : `${variable}.${near}`,
  })
}

function listed(names: string[]): string {
  if (names.length === 0) return 'nothing: no field is declared'
  return `one of ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
}
