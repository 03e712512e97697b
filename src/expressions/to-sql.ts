import { typeName } from './cel-type.ts'
import { type Bind, operationOf } from './operations.ts'
import type { FieldNode, LiteralNode, Node } from './typed-tree.ts'

/** Gives the SQL of a field's column; its ClickHouse type must be the one the README's table names. */
export type ColumnOf = (variable: string, field: string) => string

type Writing = { column: ColumnOf; bindCount: number }

/** Beyond this length a text that is needed twice is bound to a name instead of being repeated. */
const repeatableLength = 120

/**
 * Compiles a checked tree into one ClickHouse expression that is NULL where the JavaScript is `undefined` and never
 * throws. Names come from `column`; every literal is quoted here. A timestamp result is DateTime64(3, 'UTC').
 */
export function toSql(node: Node, column: ColumnOf): string {
  const text = write({ column, bindCount: 0 }, node)
  return node.type === 'timestamp' ? `fromUnixTimestamp64Milli(${text}, 'UTC')` : text
}

/** A string literal of ClickHouse: within quotes only the quote, the backslash and NUL need an escape. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`
}

/** A literal without a cast, for comparisons and lists. Doubles keep a point or exponent, which makes them Float64. */
function plain(node: LiteralNode): string {
  const { value } = node
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  const digits = String(value)
  const text = node.type === 'double' && /^-?[0-9]+$/.test(digits) ? `${digits}.0` : digits
  return value < 0 ? `(${text})` : text
}

/** A literal as an operand: whole numbers as Int64, lest ClickHouse takes 5 for a UInt8. */
function literal(node: LiteralNode): string {
  const whole = typeof node.value === 'number' && node.type !== 'double'
  return whole ? `toInt64(${plain(node)})` : plain(node)
}

/**
 * A column as the language sees it: what JavaScript would not accept (beyond 2^53, infinite) is NULL here too, and
 * timestamps are epoch milliseconds.
 */
function read(writing: Writing, node: FieldNode): string {
  const column = writing.column(node.variable, node.field)
  switch (typeName(node.type)) {
    case 'int':
    case 'duration':
      return `if(abs(${column}) <= 9007199254740991, toInt64(${column}), NULL)`
    case 'double':
      return `if(isFinite(${column}), toFloat64(${column}), NULL)`
    case 'timestamp':
      return `toUnixTimestamp64Milli(${column})`
    case 'list<int>':
      return `arrayFilter(cel_item -> abs(cel_item) <= 9007199254740991, ${column})`
    case 'list<double>':
      return `arrayFilter(cel_item -> isFinite(cel_item), ${column})`
    default:
      return column
  }
}

function write(writing: Writing, node: Node): string {
  switch (node.op) {
    case 'literal':
      return literal(node)
    case 'field':
      return read(writing, node)
    case 'local':
      return node.name
    case 'has':
      return typeof node.of.type === 'string'
        ? `isNotNull(${read(writing, node.of)})`
        : `notEmpty(${read(writing, node.of)})`
    case 'not':
      // Spelled as a call, `not(a) < b` would be read as `not (a < b)`.
      return `(NOT ${write(writing, node.of)})`
    case 'and':
    case 'or':
      return `(${node.of.map((operand) => write(writing, operand)).join(` ${node.op.toUpperCase()} `)})`
    case 'if': {
      const branches = `WHEN 1 THEN ${write(writing, node.yes)} WHEN 0 THEN ${write(writing, node.no)}`
      return `CASE ${write(writing, node.condition)} ${branches} END`
    }
    case 'compare':
      return compare(writing, node)
    case 'in':
      return among(writing, node)
    case 'includes':
      return bind(writing)(write(writing, node.value), (value) => {
        return `if(isNull(${value}), NULL, has(${read(writing, node.list)}, ${value}))`
      })
    case 'matches':
      return `match(${write(writing, node.value)}, ${quote(node.pattern.re2)})`
    case 'exists':
      return exists(writing, node)
    default: {
      const [first, second] = node.of.map((operand) => write(writing, operand))
      return operationOf(node.operation).sql(first ?? '', second ?? '', bind(writing))
    }
  }
}

/** ClickHouse has no `let` inside an expression; a lambda over an array of one does the same. */
function bind(writing: Writing): Bind {
  return (sql, body) => {
    if (sql.length <= repeatableLength) return body(sql)
    const name = `cel_value_${writing.bindCount++}`
    return `arrayMap(${name} -> ${body(name)}, [${sql}])[1]`
  }
}

/** A set compares the bytes of doubles, in which −0 is not 0; adding 0 makes it so. */
function among(writing: Writing, node: Extract<Node, { op: 'in' }>): string {
  const value = write(writing, node.value)
  const list = node.list.map((element) => plain(element)).join(', ')
  return `(${node.value.type === 'double' ? `(${value} + 0)` : value} IN (${list}))`
}

function compare(writing: Writing, node: Extract<Node, { op: 'compare' }>): string {
  const operator = node.operator === '==' ? '=' : node.operator
  const side = (operand: Node): string =>
    operand.op === 'literal' ? plain(operand) : write(writing, operand)
  // A bare timestamp column against a constant lets ClickHouse use its primary key.
  const sides = [node.left, node.right]
  if (node.left.type === 'timestamp' && sides.every((one) => one.op === 'field' || one.op === 'literal')) {
    const [left, right] = sides.map((one) => bareTimestamp(writing, one))
    return `(${left} ${operator} ${right})`
  }
  return `(${side(node.left)} ${operator} ${side(node.right)})`
}

function bareTimestamp(writing: Writing, node: Node): string {
  if (node.op === 'field') return writing.column(node.variable, node.field)
  return node.op === 'literal' ? `fromUnixTimestamp64Milli(${literal(node)}, 'UTC')` : write(writing, node)
}

/**
 * Each element's answer becomes 2 for true, 1 for an error, 0 for false; the largest decides, as in runtime.ts.
 * An empty list has 0 as its largest.
 */
function exists(writing: Writing, node: Extract<Node, { op: 'exists' }>): string {
  const answer = `ifNull(toUInt8(${write(writing, node.predicate)}) * 2, 1)`
  const answers = `arrayMap(${node.local.name} -> ${answer}, ${read(writing, node.list)})`
  return `(nullIf(arrayMax(${answers}), 1) = 2)`
}
