import { instantOf } from '../platform/index.ts'
import { withCauses } from './decisions.ts'
import { Partition } from './partition.ts'
import type { RunnerParts } from './runner-parts.ts'
import { holdPartition, saveDecisions, selectStanding } from './store.ts'

export type RereadParts = RunnerParts & {
  /** By which claim on the partition this is written. */
  epoch: bigint
  memory: Partition
}

/**
 * Reads some subscribers anew from the beginning of the log: an event of theirs was let in though it is older than
 * what the memory still holds. What stands in the store is then made equal to what stands by this reading, and their
 * memory is replaced. All replays of a batch share one reading.
 */
export async function reread(parts: RereadParts): Promise<void> {
  const { database, tenantId, log, partition, zoneOf, nowMs, options, memory } = parts
  const subscribers = new Set(memory.reread)
  memory.reread.clear()
  const fresh = new Partition({
    partition,
    partitions: log.partitions,
    sliceBits: options.sliceBits,
    latenessMs: options.latenessMs,
    keepsAll: true,
    zoneOf,
    only: subscribers,
  })
  const live = [...memory.rules.values()]
  fresh.setRules(live)
  while (fresh.position < memory.position) {
    for (const chunk of await log.read(partition, fresh.position, options.batchEvents))
      fresh.read(chunk, memory.position)
  }
  memory.forget(subscribers)
  memory.adopt(fresh)
  const decided = 4 * memory.position + 1
  const stored = await withCauses(log, partition, fresh.decisions)
  const standing = new Map<string, Set<string>>()
  for (const one of stored) {
    if (!one.stands) continue
    one.decided = decided
    const causes = standing.get(one.ruleId) ?? new Set()
    standing.set(one.ruleId, causes.add(`${one.subscriberId}\n${one.cause}`))
  }
  await database.tx(tenantId, async (tx) => {
    await holdPartition(tx, partition, parts.epoch)
    const fallen = []
    for (const { rule, start } of live) {
      for (const { subscriberId, cause } of await selectStanding(tx, [...subscribers], rule.id, 4 * start)) {
        if (standing.get(rule.id)?.has(`${subscriberId}\n${cause}`)) continue
        fallen.push({ ruleId: rule.id, subscriberId, cause, decided, stands: false })
      }
    }
    const blank = { key: '', keyCode: null, firedAtMs: 0, values: {}, receivedMs: null }
    const all = [...stored.filter(({ stands }) => stands), ...fallen.map((one) => ({ ...blank, ...one }))]
    await saveDecisions(tx, partition, all, instantOf(nowMs()))
  })
}
