import type { FiringView } from './contract.ts'
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
