import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { DomainError } from '../../platform/index.ts'
import type { RawRow } from './cell.ts'
import type { FolderSource } from './source.ts'

/** Where reading begins and what stands before it. */
export type CsvPlace = { readBytes: number; lines: number; rows: number }

/** A data row; `end` is the place behind it. `broken` when its columns are not those of the file. */
export type CsvRow = { row: RawRow; end: CsvPlace; broken?: string }

/** A longer record is a quote that nobody closed. */
const MAX_RECORD_BYTES = 2 ** 20

type Parsed = { record: string[]; info: { bytes: number; lines: number } }

/**
 * Rows of a file up to `sizeBytes`, as a stream: what is behind that place belongs to the next look at the file.
 * Reading goes on at `from`, the end of a row or 0. Throws `file_unreadable`.
 */
export async function* readCsv(
  path: string,
  format: FolderSource,
  sizeBytes: number,
  from: CsvPlace,
): AsyncGenerator<CsvRow> {
  const decode = decoderOf(format.encoding)
  const columns = format.columns ?? (await headerOf(path, format, sizeBytes))?.map(decode)
  if (columns === undefined || from.readBytes >= sizeBytes) return
  let isHeader = format.columns === undefined && from.readBytes === 0
  let { rows } = from
  for await (const { record, info } of records(path, format, from.readBytes, sizeBytes)) {
    const end = { readBytes: from.readBytes + info.bytes, lines: from.lines + info.lines, rows }
    if (isHeader) {
      isHeader = false
      continue
    }
    end.rows = ++rows
    const row: RawRow = {}
    for (const [i, name] of columns.entries()) row[name] = decode(record[i] ?? '')
    yield record.length === columns.length
      ? { row, end }
      : { row, end, broken: `${record.length} columns instead of ${columns.length}` }
  }
}

/** The names in a file's first line; undefined for an empty file. */
async function headerOf(
  path: string,
  format: FolderSource,
  sizeBytes: number,
): Promise<string[] | undefined> {
  if (sizeBytes === 0) return undefined
  for await (const { record } of records(path, format, 0, sizeBytes)) return record.map((name) => name.trim())
  return undefined
}

async function* records(
  path: string,
  format: FolderSource,
  start: number,
  end: number,
): AsyncGenerator<Parsed> {
  const input = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 })
  const parser = input.pipe(
    parse({
      info: true,
      bom: format.encoding === 'utf-8',
      // Every other encoding here has one byte a character and ASCII as its lower half: cells are decoded alone.
      encoding: format.encoding === 'utf-8' ? 'utf8' : 'latin1',
      delimiter: format.delimiter,
      record_delimiter: ['\r\n', '\n'],
      quote: format.quotes ? '"' : false,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_BYTES,
    }),
  )
  input.once('error', (error) => parser.destroy(error))
  try {
    for await (const parsed of parser) yield parsed as Parsed
  } catch (error) {
    throw new DomainError('file_unreadable', (error as Error).message, { expected: 'a CSV file' })
  } finally {
    input.destroy()
  }
}

function decoderOf(encoding: FolderSource['encoding']): (cell: string) => string {
  if (encoding === 'utf-8') return (cell) => cell
  const decoder = new TextDecoder(encoding)
  return (cell) => (/[\u0080-\u00ff]/.test(cell) ? decoder.decode(Buffer.from(cell, 'latin1')) : cell)
}
