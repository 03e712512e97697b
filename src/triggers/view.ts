import type { LoggedEvent } from '../events/index.ts'
import { nameOf } from './compile.ts'
import type { CountedEvent, FiringView, Trigger } from './contract.ts'
import type { selectFirings } from './store.ts'

/** A stored firing as the interface shows it. */
export function viewOf(row: Awaited<ReturnType<typeof selectFirings>>[number]): FiringView {
  return {
    ...row,
    firingId: row.firingId.toString(),
    firedAt: row.firedAt.toString(),
    handledAt: row.handledAt?.toString() ?? null,
    retractedAt: row.retractedAt?.toString() ?? null,
  }
}

/** An event that a rule counted, with the value that the rule read of it. */
export function countedView({ change, threshold }: Trigger, event: LoggedEvent): CountedEvent {
  const { id, source, type, atMs, data } = event
  const field = change?.field ?? threshold?.of
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toString()
  return { id, source, type, at, value: field === undefined ? null : (data[nameOf(field)] ?? null) }
}
