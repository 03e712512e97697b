import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { DomainError, problemOf } from '../../platform/index.ts'
import { type CsvRow, readCsv } from './csv-rows.ts'
import { columnsOfEventMap } from './mapping.ts'
import { type PlacedRow, type RowTools, takeRows } from './mapped-rows.ts'
import type { Progress } from './running.ts'
import type { FolderSource } from './source.ts'
import { selectSameContent, type StoredFile, upsertFile } from './store.ts'

export type FileTools = RowTools & {
  sourceId: string
  folder: FolderSource
  progress: Progress
  isStopped(): boolean
}

/** A file that has stopped growing. */
export type SettledFile = { name: string; path: string; sizeBytes: number; modifiedMs: number }

/** Rows that are taken in together; how far the file was read is remembered once for each batch. */
const BATCH_ROWS = 5_000

/**
 * Reads a file, or what has not been read of it. An event's id follows from the file's content and the row's number, so
 * a batch that was durable when the reader was killed has no effect the second time. Resolves with what is known of
 * the file now; a file that cannot be read is remembered with its error.
 */
export async function takeFile(
  tools: FileTools,
  settled: SettledFile,
  known: StoredFile | undefined,
): Promise<StoredFile> {
  const file = await recognize(tools, settled, known)
  if (file.finishedAt === null) {
    try {
      await readOn(tools, settled, file)
    } catch (error) {
      // A file that is wrong stays wrong; anything else (a store that is away) is tried again from the same place.
      if (!(error instanceof DomainError) || !['file_unreadable', 'columns_mismatch'].includes(error.code))
        throw error
      file.error = problemOf(error).message
      tools.progress.fail(error)
    }
  }
  await save(tools, file)
  return file
}

/**
 * Finds out by its content whether a file is new, has grown, or is an old one under another name. What a file has
 * grown by is new content: two files that began alike may go on differently.
 */
async function recognize(
  { tenantId, database, sourceId, clock }: FileTools,
  { name, path, sizeBytes, modifiedMs }: SettledFile,
  known: StoredFile | undefined,
): Promise<StoredFile> {
  const { sha256, prefixSha256 } = await hashesOf(path, sizeBytes, known?.sizeBytes)
  if (known?.sha256 === sha256) return { ...known, modifiedMs, error: null }
  const startedAt = clock.now()
  const fresh = {
    name,
    contentId: sha256,
    sizeBytes,
    modifiedMs,
    sha256,
    error: null,
    sameAs: null,
    startedAt,
  }
  if (known && prefixSha256 === known.sha256) {
    // What was begun is ended first, up to where the file ended then; the next look goes on from there.
    if (known.finishedAt === null) return { ...known, error: null }
    return { ...known, ...fresh, ...noCounts, finishedAt: null }
  }
  const same = await database.tx(tenantId, (tx) => selectSameContent(tx, sourceId, sha256))
  if (same?.finishedAt)
    return { ...same, ...fresh, ...noCounts, contentId: same.contentId, sameAs: same.name }
  if (same) return { ...same, ...fresh, contentId: same.contentId }
  return { ...fresh, ...noCounts, readBytes: 0, lines: 0, rows: 0, finishedAt: null }
}

const noCounts = { accepted: 0, duplicates: 0, rejected: 0 }

/** SHA-256 of the file up to `sizeBytes`, and of its first `prefixBytes` where it is longer than that. */
async function hashesOf(
  path: string,
  sizeBytes: number,
  prefixBytes = Infinity,
): Promise<{ sha256: string; prefixSha256: string | undefined }> {
  const hash = createHash('sha256')
  let prefixSha256 = prefixBytes === 0 ? createHash('sha256').digest('hex') : undefined
  let at = 0
  if (sizeBytes > 0) {
    for await (const chunk of createReadStream(path, { end: sizeBytes - 1, highWaterMark: 2 ** 20 })) {
      const bytes = chunk as Buffer
      const inPrefix = prefixBytes - at
      at += bytes.length
      if (prefixSha256 === undefined && inPrefix <= bytes.length) {
        prefixSha256 = hash.copy().update(bytes.subarray(0, inPrefix)).digest('hex')
      }
      hash.update(bytes)
    }
  }
  return { sha256: hash.digest('hex'), prefixSha256 }
}

async function readOn(tools: FileTools, { path }: SettledFile, file: StoredFile): Promise<void> {
  const { folder } = tools
  let batch: CsvRow[] = []
  let isFirst = true
  const { readBytes, lines, rows } = file
  for await (const read of readCsv(path, folder, file.sizeBytes, { readBytes, lines, rows })) {
    if (isFirst) checkColumns(read, folder)
    isFirst = false
    batch.push(read)
    if (batch.length < BATCH_ROWS) continue
    await takeBatch(tools, file, batch)
    batch = []
    if (tools.isStopped()) return
  }
  if (batch.length > 0) await takeBatch(tools, file, batch)
  file.readBytes = file.sizeBytes
  file.finishedAt = tools.clock.now()
}

/** The rows are durable first and remembered second: a kill between the two makes duplicates, which have no effect. */
async function takeBatch(tools: FileTools, file: StoredFile, batch: CsvRow[]): Promise<void> {
  const { folder, sourceId } = tools
  const rows = batch.map((read): PlacedRow => {
    const { row, end, broken } = read
    const place = {
      row,
      rowId: `${file.contentId.slice(0, 32)}-${end.rows}`,
      file: file.name,
      line: end.lines,
    }
    if (broken === undefined) return place
    return {
      ...place,
      broken: { code: 'columns_mismatch', message: broken, expected: 'as many as the header has' },
    }
  })
  const { map, type, decimal, zone, format } = folder
  const counts = await takeRows(tools, rows, {
    map,
    type,
    source: `folder/${sourceId}`,
    defaults: { decimal, zone, format },
  })
  tools.progress.add(counts)
  file.accepted += counts.accepted
  file.duplicates += counts.duplicates
  file.rejected += counts.rejected
  Object.assign(file, batch.at(-1)!.end)
  await save(tools, file)
}

function checkColumns({ row }: CsvRow, { map }: FolderSource): void {
  const missing = columnsOfEventMap(map).find((name) => !Object.hasOwn(row, name))
  if (missing === undefined) return
  throw new DomainError('columns_mismatch', `the file has no column "${missing}"`, {
    found: Object.keys(row).join(' | '),
    expected: missing,
  })
}

function save({ tenantId, database, sourceId }: FileTools, file: StoredFile): Promise<void> {
  return database.tx(tenantId, async (tx) => upsertFile(tx, sourceId, file))
}
