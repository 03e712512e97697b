import { decodeRecord, type LoggedEvent } from '../events/index.ts'
import { derivedId, entriesOf, type EventLog, ReadRoom } from '../platform/index.ts'
import type { Decision } from './decision.ts'
import { offsetOf } from './order.ts'

/** A decision as it is stored: with the id and the fields of its cause. */
export type StoredDecision = {
  ruleId: string
  subscriberId: number
  key: string
  keyCode: number | null
  /** Id of the event that made the rule fire, for absence of the one that began the wait. */
  cause: string
  /** Event time, epoch ms. */
  firedAtMs: number
  values: Record<string, unknown>
  decided: number
  stands: boolean
  /** When the cause was taken in, for the first firing by the cause itself; else null. */
  receivedMs: number | null
}

/** What a firing names as its cause: one id for source and id together, because ids are unique per source only. */
export function causeOf(event: { source: string; id: string }): string {
  return derivedId(event.source, event.id)
}

/**
 * The last decision on each firing, ready to be stored. A cause from further back is read from the log again, in order
 * of place, so that each stored batch of the log is unpacked once and not once a firing.
 */
export async function withCauses(
  log: EventLog,
  partition: number,
  decisions: Decision[],
  room = new ReadRoom(),
): Promise<StoredDecision[]> {
  const causes = await causesOf(log, partition, decisions, room)
  const last = new Map<string, StoredDecision>()
  for (const decision of decisions) {
    const { rule, subscriberId, key, firedAtMs, decided, stands, record } = decision
    const event = causes.get(offsetOf(decision.causeRef))!
    const cause = causeOf(event)
    const id = `${rule.id}\n${subscriberId}\n${cause}`
    // A decision that comes back to what was decided before in this batch still carries the later place.
    last.set(id, {
      ruleId: rule.id,
      subscriberId,
      key: rule.keyField === undefined ? '' : String(event.data[rule.keyField]),
      keyCode: key,
      cause,
      firedAtMs,
      values: Object.fromEntries(rule.emit.map((name) => [name, event.data[name] ?? null])),
      decided,
      stands,
      receivedMs: record === undefined ? null : event.receivedMs,
    })
  }
  return [...last.values()]
}

async function causesOf(
  log: EventLog,
  partition: number,
  decisions: Decision[],
  room: ReadRoom,
): Promise<Map<number, LoggedEvent>> {
  const causes = new Map<number, LoggedEvent>()
  const missing = new Set<number>()
  for (const { causeRef, record } of decisions) {
    const offset = offsetOf(causeRef)
    if (record !== undefined) causes.set(offset, decodeRecord(record))
    else if (!causes.has(offset)) missing.add(offset)
  }
  const wanted = [...missing].filter((offset) => !causes.has(offset)).sort((a, b) => a - b)
  for (let next = 0; next < wanted.length;) {
    const place = wanted[next]!
    for (const { offset, record } of entriesOf(await log.read(partition, place, 1, room))) {
      while (next < wanted.length && wanted[next]! < offset) next++
      if (wanted[next] === offset) causes.set(offset, decodeRecord(record))
    }
    if (!causes.has(place)) throw new Error(`the log lost its record ${partition}/${place}`)
    while (next < wanted.length && causes.has(wanted[next]!)) next++
  }
  return causes
}
