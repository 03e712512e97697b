import type { CelType } from './cel-type.ts'
import type { OperationName } from './operations.ts'
import type { Pattern } from './pattern.ts'

export type LiteralNode = { op: 'literal'; type: CelType; value: boolean | number | string }
export type FieldNode = { op: 'field'; type: CelType; variable: string; field: string }
/** The element that `exists` or `all` looks at; `name` is ours, not the author's, so it cannot clash. */
export type LocalNode = { op: 'local'; type: CelType; name: string }
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/**
 * An expression after checking: every node has its type, every overload is chosen, macros are expanded.
 * Both back ends read this tree and nothing else, so neither can understand the source in its own way.
 */
export type Node =
  | LiteralNode
  | FieldNode
  | LocalNode
  | { op: 'has'; type: 'bool'; of: FieldNode }
  | { op: 'not'; type: 'bool'; of: Node }
  | { op: 'and' | 'or'; type: 'bool'; of: Node[] }
  | { op: 'if'; type: CelType; condition: Node; yes: Node; no: Node }
  | { op: 'compare'; type: 'bool'; operator: Comparison; left: Node; right: Node }
  | { op: 'in'; type: 'bool'; value: Node; list: LiteralNode[] }
  | { op: 'includes'; type: 'bool'; value: Node; list: FieldNode }
  | { op: 'matches'; type: 'bool'; value: Node; pattern: Pattern }
  | { op: 'exists'; type: 'bool'; list: FieldNode; local: LocalNode; predicate: Node }
  | { op: 'call'; type: CelType; operation: OperationName; of: Node[] }
