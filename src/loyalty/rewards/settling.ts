import { balancesInDetail, type TransferRequest } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import { accountOf, ownerOpening } from '../accounts.ts'
import { type Action, carryOut } from '../action.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { type Member, ownerOf } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import type { CancelReason } from './errors.ts'
import { paymentKey, type Redemption, reservationKey } from './redemption.ts'
import { movePieces, withdrawCodes } from './stock-store.ts'
import { updateRedemptions } from './store.ts'
import { actionOf, REWARDS } from './told.ts'

/** How a redemption ends that was not done at once. */
export type Ending =
  | { state: 'done' }
  | { state: 'cancelled'; reason: CancelReason; note?: string }
  | { state: 'refunded'; reason: CancelReason; note: string; restock: boolean }
export type End = { redemption: Redemption; ending: Ending }

/**
 * Ends redemptions within the caller's transaction, which holds loyalty's turn and knows that they may end so: the
 * reservation is posted, voided or reversed, codes and pieces go their way, and everybody concerned is told.
 */
export async function settle(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  ends: readonly End[],
): Promise<void> {
  if (ends.length === 0) return
  const atMs = parts.clock.nowMs()
  for (const { redemption, ending } of ends) {
    const reason = ending.state === 'done' ? {} : { reason: ending.reason, note: ending.note ?? null }
    Object.assign(redemption, { state: ending.state, nextTryAtMs: null, settledAtMs: atMs, ...reason })
  }
  const redemptions = ends.map(({ redemption }) => redemption)
  const refunded = redemptions.filter(({ state, gives }) => state === 'refunded' && 'voucher' in gives)
  await withdrawCodes(
    tx,
    refunded.map(({ redemptionId }) => redemptionId),
  )
  const back = ends.filter(({ redemption, ending }) => 'goods' in redemption.gives && bringsBack(ending))
  await movePieces(
    tx,
    back.map(({ redemption }) => redemption.rewardId),
    1,
  )
  await updateRedemptions(tx, redemptions)
  const actions = redemptions.map((one) =>
    actionOf(one, { atMs, transfer: transferOf(one, instantOf(atMs)) }),
  )
  await carryOut(parts, tx, tenantId, actions)
  const returned = redemptions.filter(({ state }) => state !== 'done')
  const moves = await followMembers(tx, returned, atMs)
  if (moves.length > 0) await carryOut(parts, tx, tenantId, moves)
}

const bringsBack = (ending: Ending): boolean =>
  ending.state === 'cancelled' || (ending.state === 'refunded' && ending.restock)

function transferOf(redemption: Redemption, at: Temporal.Instant): TransferRequest {
  const pendingKey = reservationKey(redemption)
  const key = paymentKey(redemption)
  if (redemption.state === 'done') return { key, kind: 'post_pending', pendingKey, at }
  if (redemption.state === 'refunded') {
    return { key: `${pendingKey}:refund`, kind: 'reverse', reversedKey: key, at }
  }
  return { key: `${pendingKey}:void`, kind: 'void_pending', pendingKey, at }
}

/**
 * Points come back to the account that paid. Where its member has been merged into another one since, or shares a
 * household's balance, they go on to where the member's points are now.
 */
async function followMembers(tx: Tx, returned: readonly Redemption[], atMs: number): Promise<Action[]> {
  if (returned.length === 0) return []
  const members = await selectMembers(tx, [...new Set(returned.map(({ subscriberId }) => subscriberId))])
  const moved = new Map<string, { redemption: Redemption; member: Member }>()
  for (const redemption of returned) {
    const { accountId, subscriberId, programmeId } = redemption
    const member = members.find((one) => one.subscriberId === subscriberId && one.programmeId === programmeId)
    const isHouseholds = accountId.startsWith('household:')
    if (member && !isHouseholds && !accountId.startsWith(`${ownerOf(member)}:`)) {
      moved.set(accountId, { redemption, member })
    }
  }
  if (moved.size === 0) return []
  const balances = await balancesInDetail(tx, [...moved.keys()], instantOf(atMs))
  return [...moved].flatMap(([accountId, { redemption, member }]): Action[] => {
    const { redemptionId, programmeId, subscriberId, state } = redemption
    const { availableMinor = 0n, currency = '' } = balances.get(accountId) ?? {}
    if (availableMinor <= 0n) return []
    const key = `${redemptionId}:${state}:moved`
    const transfer: TransferRequest = {
      key: `redeem:${key}`,
      kind: 'post',
      debitAccount: accountId,
      creditAccount: accountOf(ownerOf(member), currency),
      amountMinor: availableMinor,
      currency,
      at: instantOf(atMs),
    }
    const accounts = [ownerOpening(ownerOf(member), currency)]
    return [{ part: REWARDS, key, programmeId, subscriberId, atMs, accounts, transfers: [transfer] }]
  })
}
