import { createReadStream, type ReadStream, statSync } from 'node:fs'
import { parse } from 'csv-parse'
import type { RawRow } from '../src/events/contract.ts'
import { CliError } from './errors.ts'

/** A data row with its number, counted from 1; `broken` when the line could not be split into columns. */
export type CsvRow = { number: number; row: RawRow; broken?: string }

/** A CSV file on its way: columns first, then its rows, with how much of it has been read. */
export type CsvFile = {
  columns: string[]
  rows: AsyncIterable<CsvRow>
  sizeBytes: number
  readBytes(): number
}

/**
 * Opens a CSV file with a header line and reads it as a stream, so its size does not matter. A row with too many
 * or too few columns is given as broken and the file goes on. Throws `CliError` when there is no file or header.
 */
export async function openCsv(file: string, delimiter: string): Promise<CsvFile> {
  let input: ReadStream
  let sizeBytes: number
  try {
    sizeBytes = statSync(file).size
    input = createReadStream(file)
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`)
  }
  const parser = input.pipe(
    parse({ bom: true, delimiter, relax_column_count: true, relax_quotes: true, skip_empty_lines: true }),
  )
  input.once('error', (error) => parser.destroy(error))
  const lines = (parser as AsyncIterable<string[]>)[Symbol.asyncIterator]()
  let header: IteratorResult<string[]>
  try {
    header = await lines.next()
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`)
  }
  if (header.done) throw new CliError(`${file} is empty: a header line is needed`)
  const columns = header.value.map((name) => name.trim())
  return { columns, rows: rowsOf(lines, columns, file), sizeBytes, readBytes: () => input.bytesRead }
}

async function* rowsOf(
  lines: AsyncIterator<string[]>,
  columns: string[],
  file: string,
): AsyncGenerator<CsvRow> {
  for (let number = 1; ; number++) {
    let next: IteratorResult<string[]>
    try {
      next = await lines.next()
    } catch (error) {
      throw new CliError(`${file}, after row ${number - 1}: ${(error as Error).message}`)
    }
    if (next.done) return
    const row = Object.fromEntries(columns.map((name, i) => [name, next.value[i] ?? '']))
    const found = next.value.length
    yield found === columns.length
      ? { number, row }
      : { number, row, broken: `${found} columns instead of ${columns.length}` }
  }
}

/** Fields as one line of CSV (RFC 4180). */
export function csvLine(fields: readonly unknown[]): string {
  return fields
    .map((field) => {
      const text = typeof field === 'string' ? field : field === undefined ? '' : JSON.stringify(field)
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    })
    .join(',')
}
