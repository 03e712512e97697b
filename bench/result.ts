import { arch, cpus, release, totalmem, type } from 'node:os'

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

/** A figure with so many decimal places at most. */
export function round(value: number, places: number): number {
  return Number(value.toFixed(places))
}
