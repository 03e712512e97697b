import { tenantOf } from '../access/index.ts'
import { decodeRecord, type Events } from '../events/index.ts'
import { type Clock, entriesOf, type EventLog, type FastifyInstance, instantOf } from '../platform/index.ts'
import type { PartitionStats, Triggers } from '../triggers/index.ts'
import type { LiveSnapshot, PassingEvent } from './contract.ts'

/** Where the live figures come from: what modules count anyway, the end of the log, and the open dead letters. */
export type LiveSources = {
  clock: Clock
  events: Pick<Events, 'counters' | 'log'>
  triggers: Pick<Triggers, 'stats'>
  openDeadLetters(tenantId: string): Promise<{ code: string; open: number }[]>
}

/** How many of the newest events are told. */
const NEWEST = 12

/** However many people look, the sources are asked this rarely. */
const KEPT_MS = 500

/** Adds `GET /v1/live`: one snapshot of what goes on, made to be asked for every second. */
export function liveRoutes(http: FastifyInstance, sources: LiveSources): void {
  const kept = new Map<string, { snapshot: Promise<LiveSnapshot>; untilMs: number }>()
  http.get('/v1/live', (request) => {
    const tenantId = tenantOf(request)
    const last = kept.get(tenantId)
    if (last && last.untilMs > performance.now()) return last.snapshot
    const snapshot = snapshotOf(sources, tenantId)
    kept.set(tenantId, { snapshot, untilMs: performance.now() + KEPT_MS })
    snapshot.catch(() => kept.delete(tenantId))
    return snapshot
  })
}

async function snapshotOf(sources: LiveSources, tenantId: string): Promise<LiveSnapshot> {
  const { clock, events, triggers } = sources
  const [partitions, deadLetters, newest] = await Promise.all([
    triggers.stats(tenantId),
    sources.openDeadLetters(tenantId),
    newestOf(events.log(tenantId)),
  ])
  const { byType, duplicates, refused, bytes } = events.counters(tenantId)
  return {
    asOf: clock.now().toString(),
    measuredMs: performance.now(),
    events: {
      byType: Object.fromEntries([...byType].map(([type, counter]) => [type, counter.events])),
      duplicates,
      refused,
      bytes,
      newest,
    },
    rules: firingsByRule(partitions),
    retracted: sum(partitions.map((one) => one.retracted)),
    tooLate: sum(partitions.map((one) => one.tooLate)),
    behind: partitions.length > 0 ? sum(partitions.map(({ end, position }) => end - position)) : null,
    stateBytes: sum(partitions.map((one) => one.stateBytes)),
    checkpointAgeMs: partitions.length > 0 ? Math.max(...partitions.map((one) => one.checkpointAgeMs)) : null,
    deadLetters,
  }
}

/** The newest events of all partitions, without what they say: the end of the log is read, nothing is kept for it. */
async function newestOf(log: EventLog): Promise<PassingEvent[]> {
  const ends = await Promise.all(
    Array.from({ length: log.partitions }, async (_, partition) => {
      const end = await log.endOffset(partition)
      const entries = [...entriesOf(await log.read(partition, Math.max(0, end - NEWEST), NEWEST))]
      return entries.slice(-NEWEST).toReversed()
    }),
  )
  return ends
    .flat()
    .map(({ record }) => decodeRecord(record))
    .sort((a, b) => b.receivedMs - a.receivedMs)
    .slice(0, NEWEST)
    .map(({ atMs, type, subscriberId }) => ({ at: instantOf(atMs).toString(), type, subscriberId }))
}

/** Firings of each rule over all partitions. */
export function firingsByRule(partitions: readonly Pick<PartitionStats, 'firings'>[]): LiveSnapshot['rules'] {
  const byRule = new Map<string, number>()
  for (const { firings } of partitions) {
    for (const [ruleId, count] of Object.entries(firings)) {
      byRule.set(ruleId, (byRule.get(ruleId) ?? 0) + count)
    }
  }
  return [...byRule].map(([ruleId, firings]) => ({ ruleId, firings }))
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
