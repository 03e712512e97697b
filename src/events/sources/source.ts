import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { columnsOfEventMap, eventMap } from './mapping.ts'
import { isTimeZone } from '../../access/index.ts'

/** The type of the mapped events; CloudEvents carry their own. */
const mappedType = z.string().min(1).max(200)

const tcp = z.strictObject({
  port: z.int().min(0).max(65_535),
  /** The address to listen at; keys travel in clear, so by default nobody from outside can connect. */
  host: z.string().min(1).default('127.0.0.1'),
})

const kafka = z.strictObject({
  /** `host:port` of some brokers of the cluster. */
  brokers: z.array(z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/)).min(1),
  topic: z.string().min(1).max(249),
  /** Consumer group; `tenure-TENANT-ID` when absent. Every process with the same group takes a part of the topic. */
  group: z.string().min(1).max(200).optional(),
  /** With a map the messages are JSON objects of any shape; inner fields are named `a.b`. Without: CloudEvents. */
  type: mappedType.optional(),
  map: eventMap.optional(),
})

const folder = z.strictObject({
  /** Absolute path on the server. */
  path: z.string().min(1),
  /** Which files, such as `*.csv`; names that end in `.part` are never taken. */
  pattern: z.string().min(1).default('*'),
  type: mappedType,
  map: eventMap,
  delimiter: z.string().min(1).max(5).default(','),
  /** False: a quote is a character like any other. */
  quotes: z.boolean().default(true),
  /** Names of the columns, for files without a header line. */
  columns: z.array(z.string().min(1)).min(1).optional(),
  encoding: z
    .enum(['utf-8', 'windows-1251', 'windows-1252', 'koi8-r', 'koi8-u', 'ibm866', 'iso-8859-5'])
    .default('utf-8'),
  /** What cells that do not say it themselves are read with. */
  decimal: z.enum(['.', ',']).default('.'),
  zone: z.string().optional(),
  format: z.string().optional(),
})

const sourceSchema = z.strictObject({
  kind: z.literal('Source'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  description: z.string().optional(),
  /** True: nothing is read until it is false again. */
  paused: z.boolean().default(false),
  tcp: tcp.optional(),
  kafka: kafka.optional(),
  folder: folder.optional(),
})
export type Source = z.infer<typeof sourceSchema>
export type TcpSource = z.infer<typeof tcp>
export type KafkaSource = z.infer<typeof kafka>
export type FolderSource = z.infer<typeof folder>

/** `{ kind: Source, id: cdr, folder: { … } }`: a way for events into the system; exactly one of tcp, kafka, folder. */
export const sourceKind: DocumentKind = { kind: 'Source', schema: sourceSchema, check: checkSource }

function checkSource(source: Source, reader: DocumentReader): Problem[] {
  const given = (['tcp', 'kafka', 'folder'] as const).filter((way) => source[way] !== undefined)
  if (given.length !== 1) {
    const expected = 'exactly one of tcp, kafka, folder'
    const message = 'a source is one way in'
    return [{ code: 'source_invalid', message, field: given[1] ?? 'tcp', found: given, expected }]
  }
  if (source.tcp) return checkPort(source, reader)
  if (source.kafka) return checkTopic(source.kafka, reader)
  return checkFolder(source.folder!, reader)
}

function checkPort(source: Source, reader: DocumentReader): Problem[] {
  const port = source.tcp!.port
  const others = (reader.list('Source') as Source[]).filter(
    ({ id, tcp }) => id !== source.id && tcp?.port === port,
  )
  if (port === 0 || others.length === 0) return []
  const message = `the source "${others[0]!.id}" listens at this port`
  return [problem('tcp.port', message, port, 'a port of its own')]
}

function checkTopic({ type, map }: KafkaSource, reader: DocumentReader): Problem[] {
  if ((type === undefined) !== (map === undefined)) {
    const message = 'a map needs the type of its events, and a type a map'
    return [problem(type === undefined ? 'kafka.type' : 'kafka.map', message, undefined, 'both or none')]
  }
  return type === undefined ? [] : checkMapped('kafka', type, map!.time, reader)
}

function checkFolder(folder: FolderSource, reader: DocumentReader): Problem[] {
  const problems = checkMapped('folder', folder.type, folder.map.time, reader)
  if (!isAbsolute(folder.path)) {
    problems.push(problem('folder.path', 'the path must say the whole way', folder.path, 'an absolute path'))
  }
  if (folder.zone !== undefined && !isTimeZone(folder.zone)) {
    problems.push(
      problem('folder.zone', 'no such time zone', folder.zone, 'an IANA time zone such as Europe/Kyiv'),
    )
  }
  const missing =
    folder.columns && columnsOfEventMap(folder.map).find((name) => !folder.columns!.includes(name))
  if (missing !== undefined) {
    problems.push(problem('folder.map', `no column "${missing}"`, missing, folder.columns!.join(' | ')))
  }
  return problems
}

function checkMapped(way: 'kafka' | 'folder', type: string, time: object, reader: DocumentReader): Problem[] {
  const problems: Problem[] = []
  if (reader.get('EventType', type) === undefined) {
    const known = (reader.list('EventType') as { id: string }[]).map(({ id }) => id).join(' | ')
    problems.push(problem(`${way}.type`, `event type "${type}" is not registered`, type, known))
  }
  const zone = (time as { zone?: string }).zone
  if (zone !== undefined && !isTimeZone(zone)) {
    problems.push(problem(`${way}.map.time.zone`, 'no such time zone', zone, 'an IANA time zone'))
  }
  return problems
}

function problem(field: string, message: string, found: unknown, expected: string): Problem {
  return { code: 'source_invalid', message, field, expected, ...(found === undefined ? {} : { found }) }
}
