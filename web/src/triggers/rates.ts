import type { LiveSnapshot } from '../../../src/api/contract.ts'

/** How fast things went between two snapshots; null where the server had begun to count anew. */
export type Tick = { measuredMs: number; perSecond: ReadonlyMap<string, number> | null; total: number | null }

/** What is known of the stream: the last snapshot, the ticks before it, and the types in the order they were met. */
export type LiveFeed = { snapshot: LiveSnapshot; ticks: readonly Tick[]; types: readonly string[] }

/** What the line shows: two minutes at a look a second. */
export const SHOWN_MS = 120_000

const totalOf = (byType: LiveSnapshot['events']['byType']): number =>
  Object.values(byType).reduce((sum, count) => sum + count, 0)

/** The feed after one more snapshot. One that the server gave out before adds nothing. */
export function grown(before: LiveFeed | undefined, snapshot: LiveSnapshot): LiveFeed {
  const { byType } = snapshot.events
  if (!before) {
    const types = Object.keys(byType).sort((a, b) => (byType[b] ?? 0) - (byType[a] ?? 0))
    return { snapshot, ticks: [], types }
  }
  const last = before.snapshot
  const elapsedMs = snapshot.measuredMs - last.measuredMs
  if (elapsedMs === 0) return { ...before, snapshot }
  const known = new Set(before.types)
  const types = [...before.types, ...Object.keys(byType).filter((type) => !known.has(type))]
  const anew = elapsedMs < 0 || totalOf(byType) < totalOf(last.events.byType)
  const rate = (count: number): number => (count * 1_000) / elapsedMs
  const tick: Tick = {
    measuredMs: snapshot.measuredMs,
    perSecond: anew
      ? null
      : new Map(types.map((type) => [type, rate((byType[type] ?? 0) - (last.events.byType[type] ?? 0))])),
    total: anew ? null : rate(totalOf(byType) - totalOf(last.events.byType)),
  }
  const kept = anew ? [] : before.ticks.filter((one) => tick.measuredMs - one.measuredMs <= SHOWN_MS)
  return { snapshot, ticks: [...kept, tick], types }
}

/** A line of the picture: a type, or the rest of them together. */
export type TypeLine = {
  type: string | null
  now: number | null
  points: readonly [seconds: number, rate: number][]
}

/** The types that made up most of what is shown, in a fixed order, and the others as one. Seconds are ≤ 0. */
export function typeLines({ ticks, types }: LiveFeed, most: number): TypeLine[] {
  const measured = ticks.filter((tick) => tick.perSecond !== null)
  const end = measured.at(-1)?.measuredMs ?? 0
  const weight = (type: string): number =>
    measured.reduce((sum, { perSecond }) => sum + (perSecond?.get(type) ?? 0), 0)
  const heaviest = new Set([...types].sort((a, b) => weight(b) - weight(a)).slice(0, most))
  const line = (type: string | null, members: readonly string[]): TypeLine => {
    const points = measured.map(({ measuredMs, perSecond }): [number, number] => [
      (measuredMs - end) / 1_000,
      members.reduce((sum, one) => sum + (perSecond?.get(one) ?? 0), 0),
    ])
    return { type, now: points.at(-1)?.[1] ?? null, points }
  }
  const rest = types.filter((type) => !heaviest.has(type))
  const lines = types.filter((type) => heaviest.has(type)).map((type) => line(type, [type]))
  return rest.length > 0 ? [...lines, line(null, rest)] : lines
}
