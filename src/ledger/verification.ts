import type { Tx } from '../platform/index.ts'
import type { Verification } from './contract.ts'
import { countBooks, firstDifference } from './verification-store.ts'

/** Recomputes everything that is kept from the journal, the journal's own chain first, and names the first difference. */
export async function verifyLedger(tx: Pick<Tx, 'query'>): Promise<Verification> {
  const difference = await firstDifference(tx)
  const counts = await countBooks(tx)
  return { ok: difference === undefined, ...counts, ...(difference === undefined ? {} : { difference }) }
}
