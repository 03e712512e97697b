import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import {
  cell,
  type Cell,
  cellType,
  columnsOf,
  columnsOfEventMap,
  type EventMap,
} from '../src/events/contract.ts'
import { identityKind } from '../src/profiles/contract.ts'
import { CliError } from './errors.ts'

/** How columns become subscribers. */
export const subscriberMap = z.strictObject({
  identities: z.partialRecord(identityKind, cell),
  attributes: z.record(z.string(), cell).default({}),
  timeZone: cell.optional(),
  language: cell.optional(),
  consents: z.record(z.string(), cell).default({}),
})
export type SubscriberMap = z.infer<typeof subscriberMap>

type Tree = { [key: string]: unknown }

/**
 * Reads `--map` arguments, each a YAML file or an inline `path=column`, `path=column:type`, `path==value`; later
 * ones win. A file with the sections `subscribers` and `events` gives the one that is asked for.
 */
export function readMap<T>(
  schema: z.ZodType<T>,
  section: 'subscribers' | 'events',
  given: readonly string[],
): T {
  if (given.length === 0) throw new CliError('--map is needed: a mapping file, or path=column')
  const tree: Tree = {}
  for (const argument of given) {
    if (argument.includes('=')) setInline(tree, argument)
    else mergeInto(tree, readMapFile(argument, section))
  }
  const parsed = schema.safeParse(tree)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || 'map'}: ${issue.message}`)
  throw new CliError(`the map cannot be used:\n${issues.join('\n')}`)
}

/** Every column that a map reads. */
export function columnsOfMap(map: SubscriberMap | EventMap): string[] {
  if (!('identities' in map)) return columnsOfEventMap(map)
  const cells: (Cell | undefined)[] = [
    ...Object.values(map.identities),
    ...Object.values(map.attributes),
    ...Object.values(map.consents),
    map.timeZone,
    map.language,
  ]
  return cells.flatMap((one) => (one ? columnsOf(one) : []))
}

function readMapFile(file: string, section: 'subscribers' | 'events'): Tree {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read the map ${file}: ${(error as Error).message}`)
  }
  let content: unknown
  try {
    content = parse(text)
  } catch (error) {
    throw new CliError(`the map ${file} is no YAML: ${(error as Error).message}`)
  }
  if (!isTree(content)) throw new CliError(`the map ${file} must be a YAML mapping`)
  if (!('subscribers' in content) && !('events' in content)) return content
  const part = content[section]
  if (!isTree(part)) throw new CliError(`the map ${file} has no section "${section}"`)
  return part
}

function setInline(tree: Tree, argument: string): void {
  const equals = argument.indexOf('=')
  const path = argument.slice(0, equals).split('.')
  const right = argument.slice(equals + 1)
  const isValue = right.startsWith('=')
  if (path.includes('') || right === '' || right === '=') {
    throw new CliError(`--map ${argument}: expected path=column, path=column:type or path==value`)
  }
  const text = isValue ? right.slice(1) : right
  mergeInto(tree, inlineTree(path, text, isValue))
}

function inlineTree(path: string[], text: string, isValue: boolean): Tree {
  const [first = '', second] = path
  if (first === 'subject' && second !== undefined && !isValue) {
    return { subject: { kind: second, column: text } }
  }
  if (first === 'id') return { id: isValue ? text : { columns: text.split(',') } }
  if (first === 'source' && isValue) return { source: text }
  // `time.zone==UTC` says how the column `time` is written; it is no field of its own.
  if (first === 'time' && second !== undefined && isValue) return { time: { [second]: text } }
  const leaf = isValue ? { value: text } : columnCell(text)
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), leaf) as Tree
}

function columnCell(text: string): Tree {
  const colon = text.lastIndexOf(':')
  const type = cellType.safeParse(text.slice(colon + 1))
  return colon > 0 && type.success ? { column: text.slice(0, colon), type: type.data } : { column: text }
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function mergeInto(target: Tree, source: Tree): void {
  for (const [name, value] of Object.entries(source)) {
    const old = Object.hasOwn(target, name) ? target[name] : undefined
    const replacesCell = isTree(value) && isTree(old) && 'value' in value !== 'value' in old
    if (isTree(value) && isTree(old) && !replacesCell) mergeInto(old, value)
    else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
  }
}
