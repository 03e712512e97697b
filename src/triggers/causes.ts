import { decodeRecord, type LoggedEvent } from '../events/index.ts'
import type { EventLog } from '../platform/index.ts'
import { causeOf, type LogEvent } from './event-record.ts'
import type { FoundFiring } from './rule-state.ts'
import type { NewFiring } from './store.ts'

/**
 * Firings as they are stored: with the id and the fields of their cause. A cause from further back is read from the
 * log again, in order of place, so that each stored batch of the log is unpacked once and not once a firing.
 */
export function withCauses(log: EventLog, found: FoundFiring[]): NewFiring[] {
  const causes = new Map<number, LoggedEvent | undefined>(
    found.map((firing) => [firing.causeOffset, firing.cause]),
  )
  const missing = [...causes].flatMap(([offset, cause]) => (cause ? [] : [offset])).sort((a, b) => a - b)
  let chunk: { offset: number; record: Uint8Array }[] = []
  for (const offset of missing) {
    const start = chunk[0]?.offset ?? 0
    if (offset >= start + chunk.length) chunk = log.read(offset, 1)
    causes.set(offset, decodeRecord(chunk[offset - chunk[0]!.offset]!.record))
  }
  return found.map(({ rule, subscriberId, firedAtMs, causeOffset, readTo }) => {
    const cause = causes.get(causeOffset) as LogEvent
    return {
      ruleId: rule.id,
      subscriberId,
      cause: causeOf(cause),
      firedAtMs,
      values: rule.valuesOf(cause),
      readTo,
    }
  })
}
