import { closeSync, openSync, writeSync } from 'node:fs'
import { csvLine, type CsvRow } from './csv.ts'

/** What is wrong with a row: the columns of a rejects file. */
type Problem = {
  code: string
  message: string
  field?: string | undefined
  found?: unknown
  expected?: string | undefined
}

const problemColumns = ['row', 'code', 'field', 'message', 'found', 'expected'].map(
  (name) => `problem_${name}`,
)

/** How many problems are shown when no file takes them. */
const SHOWN = 5

/**
 * Rows that were not imported: the original columns and what was wrong, ready to be mended and imported again.
 * The file is made with its first row, so an import without rejects leaves none.
 */
export class Rejects {
  readonly #file: string | undefined
  readonly #columns: string[]
  readonly shown: string[] = []
  #handle: number | undefined
  count = 0

  constructor(file: string | undefined, columns: string[]) {
    this.#file = file
    // A rejects file that is imported again has these columns already; they are written anew.
    this.#columns = columns.filter((name) => !problemColumns.includes(name))
  }

  add({ number, row }: CsvRow, problem: Problem): void {
    this.count++
    if (this.shown.length < SHOWN) {
      const expected = problem.expected === undefined ? '' : ` (expected ${problem.expected})`
      this.shown.push(`row ${number}: ${problem.message}${expected}`)
    }
    if (this.#file === undefined) return
    if (this.#handle === undefined) {
      this.#handle = openSync(this.#file, 'w')
      writeSync(this.#handle, `${csvLine([...this.#columns, ...problemColumns])}\n`)
    }
    const { code, field, message, found, expected } = problem
    const values = this.#columns.map((name) => row[name])
    writeSync(this.#handle, `${csvLine([...values, number, code, field, message, found, expected])}\n`)
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
  }
}
