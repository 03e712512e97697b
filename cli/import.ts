import { basename } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { CellError, type EventMap, type IngestAnswer } from '../src/events/contract.ts'
import { type ImportAnswer, importPath } from '../src/profiles/contract.ts'
import type { Client } from './client.ts'
import { type CsvFile, type CsvRow, openCsv } from './csv.ts'
import { CliError } from './errors.ts'
import { columnsOfMap, type SubscriberMap } from './mapping.ts'
import { Rejects } from './rejects.ts'
import { eventOf, subscriberOf } from './rows.ts'
import { type Terminal, withThinSpaces } from './terminal.ts'

export type ImportOptions = { file: string; delimiter: string; rejectsFile?: string | undefined }

/** A row with what is sent for it. */
type Item = { from: CsvRow; body: unknown }

/** Takes items to the server; `end` resolves when everything sent has been answered. */
type Sink = { push(items: Item[]): Promise<void>; end(): Promise<void> }

type Tally = Record<string, number>

const BATCH_ROWS = 2_000

/**
 * Imports subscribers from a CSV file. Returns the exit code: 1 only when there were rows and none went in.
 */
export async function importSubscribers(
  client: Client,
  terminal: Terminal,
  options: ImportOptions & { map: SubscriberMap; dryRun: boolean },
): Promise<number> {
  const tally: Tally = { inserted: 0, updated: 0 }
  const csv = await openChecked(options, options.map)
  const rejects = new Rejects(options.rejectsFile, csv.columns)
  const take = (answer: ImportAnswer, items: Item[]): void => {
    tally['inserted']! += answer.inserted
    tally['updated']! += answer.updated
    for (const { index, problem } of answer.rejects) rejects.add(items[index]!.from, problem)
    rejects.count += answer.rejectedCount - answer.rejects.length
  }
  const sink = options.dryRun ? dryRunSink(client, take) : batchSink(client, take)
  await pump(csv, rejects, terminal, sink, ({ row }) => subscriberOf(row, options.map))
  return summary(terminal, `subscribers${options.dryRun ? ' (dry run)' : ''}`, tally, rejects, options)
}

/** Imports events of one type from a CSV file. Returns the exit code as above. */
export async function importEvents(
  client: Client,
  terminal: Terminal,
  options: ImportOptions & { map: EventMap; type: string },
): Promise<number> {
  const tally: Tally = { accepted: 0, duplicates: 0 }
  const csv = await openChecked(options, options.map)
  const rejects = new Rejects(options.rejectsFile, csv.columns)
  const name = basename(options.file)
  const sink: Sink = {
    async push(items) {
      const answer = await client.post<IngestAnswer>('/v1/events', {
        json: items.map((item) => item.body),
        type: 'application/cloudevents-batch+json',
      })
      tally['accepted']! += answer.accepted
      tally['duplicates']! += answer.duplicates
      for (const { index, problem } of answer.rejected) rejects.add(items[index]!.from, problem)
    },
    end: () => Promise.resolve(),
  }
  await pump(csv, rejects, terminal, sink, ({ row, number }) =>
    eventOf(row, number, options.map, options.type, name),
  )
  return summary(terminal, 'events', tally, rejects, options)
}

async function openChecked(options: ImportOptions, map: SubscriberMap | EventMap): Promise<CsvFile> {
  const csv = await openCsv(options.file, options.delimiter)
  const missing = columnsOfMap(map).filter((name) => !csv.columns.includes(name))
  if (missing.length > 0) {
    throw new CliError(
      `${options.file} has no column ${missing.map((name) => `"${name}"`).join(', ')}; it has ${csv.columns.join(', ')}`,
    )
  }
  return csv
}

/** Batch after batch, each answered before the next is read: the server sets the pace. */
function batchSink(client: Client, take: (answer: ImportAnswer, items: Item[]) => void): Sink {
  return {
    async push(items) {
      const json = items.map((item) => item.body)
      take(await client.post<ImportAnswer>(importPath(false), { json }), items)
    },
    end: () => Promise.resolve(),
  }
}

/**
 * The whole file as one request, because a dry run is one transaction that is rolled back: only so do rows see
 * those before them.
 */
function dryRunSink(client: Client, take: (answer: ImportAnswer, items: Item[]) => void): Sink {
  const stream = new PassThrough()
  const sent: Item[] = []
  const answer = client.post<ImportAnswer>(importPath(true), {
    stream: Readable.toWeb(stream) as ReadableStream<Uint8Array>,
    type: 'application/x-ndjson',
  })
  const failed = answer.then(
    () => undefined,
    (error: unknown) => error,
  )
  return {
    async push(items) {
      for (const item of items) {
        sent.push({ from: item.from, body: undefined })
        if (stream.write(`${JSON.stringify(item.body)}\n`)) continue
        const drained = new Promise<undefined>((resolve) => stream.once('drain', () => resolve(undefined)))
        const error = await Promise.race([drained, failed])
        if (error) throw error
      }
    },
    async end() {
      stream.end()
      take(await answer, sent)
    },
  }
}

async function pump(
  csv: CsvFile,
  rejects: Rejects,
  terminal: Terminal,
  sink: Sink,
  toBody: (row: CsvRow) => unknown,
): Promise<void> {
  const progress = terminal.isWatched ? new ProgressBar(csv.sizeBytes) : undefined
  let items: Item[] = []
  let rows = 0
  try {
    for await (const from of csv.rows) {
      rows++
      const item = convert(from, toBody, rejects)
      if (item) items.push(item)
      if (items.length < BATCH_ROWS) continue
      await sink.push(items)
      items = []
      progress?.update(csv.readBytes(), rows)
    }
    if (items.length > 0) await sink.push(items)
    await sink.end()
    progress?.update(csv.sizeBytes, rows)
  } finally {
    progress?.stop()
    rejects.close()
  }
}

function convert(from: CsvRow, toBody: (row: CsvRow) => unknown, rejects: Rejects): Item | undefined {
  if (from.broken !== undefined) {
    rejects.add(from, { code: 'row_broken', message: `the row has ${from.broken}` })
    return undefined
  }
  try {
    return { from, body: toBody(from) }
  } catch (error) {
    if (!(error instanceof CellError)) throw error
    rejects.add(from, error.problem)
    return undefined
  }
}

class ProgressBar {
  readonly #bar: SingleBar
  readonly #startedMs = performance.now()

  constructor(sizeBytes: number) {
    this.#bar = new SingleBar({
      format: '{bar} {percentage} % | {rows} rows | {rate} rows/s | ETA {eta_formatted}',
      stream: process.stderr,
      hideCursor: true,
      etaBuffer: 50,
    })
    this.#bar.start(Math.max(sizeBytes, 1), 0, { rows: 0, rate: 0 })
  }

  update(readBytes: number, rows: number): void {
    const seconds = Math.max((performance.now() - this.#startedMs) / 1_000, 0.001)
    const rate = withThinSpaces(String(Math.round(rows / seconds)))
    this.#bar.update(readBytes, { rows: withThinSpaces(String(rows)), rate })
  }

  stop(): void {
    this.#bar.stop()
  }
}

function summary(
  terminal: Terminal,
  what: string,
  tally: Tally,
  rejects: Rejects,
  options: ImportOptions,
): number {
  const good = Object.values(tally).reduce((sum, count) => sum + count, 0)
  const counts = { rows: good + rejects.count, ...tally, rejected: rejects.count }
  const words = Object.entries(counts).map(([name, count]) => `${withThinSpaces(String(count))} ${name}`)
  terminal.out(`${what}: ${words.join(', ')}`)
  if (rejects.count > 0) {
    for (const line of rejects.shown) terminal.err(`  ${line}`)
    if (rejects.count > rejects.shown.length) terminal.err('  …')
    if (options.rejectsFile !== undefined) terminal.err(`rejected rows: ${options.rejectsFile}`)
  }
  return rejects.count > 0 && good === 0 ? 1 : 0
}
