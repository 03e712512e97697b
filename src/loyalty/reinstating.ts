import { type AccountOpening, expiryAfter, type MoveRequest } from '../ledger/index.ts'
import { instantOf, type Tx } from '../platform/index.ts'
import { accountOf, householdOwner, ownerOpening, programmeOpening } from './accounts.ts'
import { selectHouseholdMembers } from './liability/household-store.ts'
import { hasForfeited, type Member, ownerOf } from './members.ts'
import type { Programme } from './programmes.ts'

/**
 * Until when points live at least that come back to a member at a moment: what was set aside or held by the programme is
 * not lost by the time that it took. It is the end of a local day.
 */
export const reinstatedUntil = (
  { reinstatedForDays }: Programme,
  atMs: number,
  timeZone: string,
): Temporal.Instant => expiryAfter(instantOf(atMs), { days: reinstatedForDays }, timeZone)

/**
 * Where points go on to that have come back to an account, for the member may have become another one since, have joined
 * or left a household, or have left and given up all points. Undefined: they stay where they are.
 */
export function destinationOf(
  programme: Programme,
  member: Member,
  accountId: string,
  sharedAccounts: ReadonlySet<string>,
): AccountOpening | undefined {
  if (sharedAccounts.has(accountId)) return undefined
  if (hasForfeited(programme, member)) return programmeOpening(programme, 'breakage')
  const opening = ownerOpening(ownerOf(member), programme.currency)
  return opening.accountId === accountId ? undefined : opening
}

/** Memo of points that go on to another account of whoever has them. */
export const MOVED = 'moved'

/** The transfer by which they go on there. */
export const onward = (
  key: string,
  from: string,
  { accountId, purpose, currency }: AccountOpening,
  amountMinor: bigint,
  atMs: number,
): MoveRequest => ({
  key,
  kind: 'post',
  debitAccount: from,
  creditAccount: accountId,
  amountMinor,
  currency,
  at: instantOf(atMs),
  memo: purpose === 'breakage' ? 'left' : MOVED,
})

/** Which of a programme's accounts belong to a household that still has members. */
export async function sharedAmong(
  tx: Tx,
  programme: Programme,
  accountIds: readonly string[],
): Promise<string[]> {
  const before = householdOwner(programme.id, '')
  const after = accountOf('', programme.currency)
  const households = accountIds
    .filter((id) => id.startsWith(before) && id.endsWith(after))
    .map((id) => id.slice(before.length, -after.length))
  const members = await selectHouseholdMembers(tx, programme.id, [...new Set(households)])
  return [...members.keys()].map((id) => accountOf(householdOwner(programme.id, id), programme.currency))
}
