import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pictureOf } from './picture.ts'
import type { BenchResult } from './result.ts'

/** Files beside the benchmarks that are none. */
const PARTS = new Set(['run.ts', 'result.ts', 'picture.ts', 'progress.ts'])

/**
 * `npm run bench -- NAME [--json]` runs `bench/NAME.ts` and keeps its last result in `bench/results/NAME.json`, with
 * its curves drawn in `NAME.svg` beside it.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const folder = import.meta.dirname
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !PARTS.has(file) && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3))
  const name = positionals[0]
  if (name === undefined || !names.includes(name)) {
    const known = names.length === 0 ? 'there is none yet' : `there are: ${names.join(', ')}`
    console.error(`${name === undefined ? 'name a benchmark' : `no benchmark "${name}"`}; ${known}`)
    process.exitCode = 1
    return
  }
  const bench = (await import(join(folder, `${name}.ts`))) as { run(): Promise<BenchResult> }
  const result = await bench.run()
  mkdirSync(join(folder, 'results'), { recursive: true })
  writeFileSync(join(folder, 'results', `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  const picture = pictureOf(result)
  if (picture !== undefined) writeFileSync(join(folder, 'results', `${name}.svg`), picture)
  if (values.json) console.log(JSON.stringify(result))
  else printTable(result)
}

function printTable({ bench, machine: on, figures, peers }: BenchResult): void {
  console.log(`${bench} — ${on}`)
  console.table({ tenure: figures, ...peers })
}

await main()
