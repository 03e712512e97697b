import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** A figure under the name that its requirement gives, and a series of points for a picture. */
export type Figures = Record<string, number>
export type Curve = { name: string; x: string; y: string; points: [number, number][] }

/** What one benchmark found; `peers` are other systems measured beside us in the same run. */
export type BenchResult = {
  bench: string
  machine: string
  figures: Figures
  peers: Record<string, Figures>
  curves: Curve[]
}

/** The machine in one line, for figures mean nothing without it. */
export function machine(): string {
  const cores = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  const model = cores[0]?.model.trim() ?? arch()
  return `${cores.length} × ${model}, ${memoryGb} GB, ${type()} ${release()}, Node ${process.versions.node}`
}

/** `npm run bench -- NAME [--json]` runs `bench/NAME.ts` and keeps its last result in `bench/results/NAME.json`. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const folder = import.meta.dirname
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && file !== 'run.ts' && !file.endsWith('.test.ts'))
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
  if (values.json) console.log(JSON.stringify(result))
  else printTable(result)
}

function printTable({ bench, machine: on, figures, peers }: BenchResult): void {
  console.log(`${bench} — ${on}`)
  console.table({ tenure: figures, ...peers })
}

// Not awaited at the top level: a benchmark imports this file, and would wait for its own end.
if (import.meta.main) void main()
