import type { Problem, Tx } from '../platform/index.ts'
import { identityText } from './identity.ts'
import { type Placement, placeRows } from './placement.ts'
import { type CheckedRow, checkRow, isProblem, type RowRules } from './row.ts'
import {
  drawSubscriberIds,
  lockImports,
  type NumberedPlacement,
  savePlacements,
  selectOwners,
} from './store.ts'

export type Reject = { index: number; problem: Problem }

/** What one batch did; `added` are the identities to remember once the transaction has committed. */
export type BatchOutcome = {
  inserted: number
  updated: number
  rejects: Reject[]
  added: { identity: string; subscriberId: number }[]
}

/**
 * Checks a batch of rows and writes the good ones with a handful of statements, however many they are.
 * `firstIndex` is the place of the batch's first row in the request.
 */
export async function importBatch(
  tx: Tx,
  rows: unknown[],
  rules: RowRules,
  at: Temporal.Instant,
  firstIndex: number,
): Promise<BatchOutcome> {
  const rejects: Reject[] = []
  const checked: CheckedRow[] = []
  rows.forEach((row, i) => {
    const outcome = checkRow(row, firstIndex + i, rules)
    if (isProblem(outcome)) rejects.push({ index: firstIndex + i, problem: outcome })
    else checked.push(outcome)
  })
  if (checked.length === 0) return { inserted: 0, updated: 0, rejects, added: [] }

  await lockImports(tx)
  const owners = await selectOwners(
    tx,
    checked.flatMap((row) => row.identities),
  )
  const { placements, conflicts } = placeRows(checked, owners)
  const numbered = await numberPlacements(tx, placements)
  await savePlacements(tx, numbered, at)

  const inserted = numbered.filter((placement) => placement.isNew).length
  return {
    inserted,
    updated: checked.length - conflicts.length - inserted,
    rejects: [...rejects, ...conflicts].sort((a, b) => a.index - b.index),
    added: numbered.flatMap(({ newIdentities, subscriberId }) =>
      newIdentities.map((identity) => ({ identity: identityText(identity), subscriberId })),
    ),
  }
}

async function numberPlacements(tx: Tx, placements: Placement[]): Promise<NumberedPlacement[]> {
  const fresh = placements.filter((placement) => placement.isNew)
  const ids = await drawSubscriberIds(tx, fresh.length)
  fresh.forEach((placement, i) => {
    placement.subscriberId = ids[i]!
  })
  return placements as NumberedPlacement[]
}
