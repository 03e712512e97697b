import { MultiBar, Presets, type SingleBar } from 'cli-progress'

/** Bars of a benchmark's progress, one a step. */
export type Bars = { step(name: string, total: number): SingleBar }

/** Runs a benchmark with bars on the error stream, because the output belongs to the result. An interrupt ends it at once. */
export async function withBars<T>(work: (bars: Bars) => Promise<T>): Promise<T> {
  const format = '{name} {bar} {value}/{total} · {duration_formatted}'
  const noTTYOutput = !process.stderr.isTTY
  const multi = new MultiBar(
    { format, hideCursor: true, noTTYOutput, notTTYSchedule: 10_000 },
    Presets.shades_classic,
  )
  const interrupted = (): never => process.exit(130)
  process.once('SIGINT', interrupted)
  try {
    return await work({ step: (name, total) => multi.create(total, 0, { name: name.padEnd(16) }) })
  } finally {
    process.off('SIGINT', interrupted)
    multi.stop()
  }
}
