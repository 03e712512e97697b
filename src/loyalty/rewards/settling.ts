import { balancesInDetail, type ExtendRequest, type TransferRequest } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import { type Action, carryOut } from '../action.ts'
import { extensionsFrom } from '../activity.ts'
import { lastEarnedIn } from '../activity-store.ts'
import { type Book, programmeIn } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { selectMembers } from '../members-store.ts'
import { judgedDestination } from '../moved.ts'
import { destinationOf, onward, reinstatedUntil, sharedAmong } from '../reinstating.ts'
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
  const book = await parts.books.of(tenantId, tx)
  const returned = redemptions.filter(({ state }) => state !== 'done')
  const extensions = await extensionsOf(tx, book, returned, atMs)
  const actions = redemptions.map((one): Action => {
    const action = actionOf(one, { atMs, transfer: transferOf(book, one, atMs) })
    return { ...action, extensions: extensions.get(one.redemptionId) ?? [] }
  })
  await carryOut(parts, tx, tenantId, actions)
  const moves = await followMembers(tx, book, returned, atMs)
  if (moves.length > 0) await carryOut(parts, tx, tenantId, moves)
}

const bringsBack = (ending: Ending): boolean =>
  ending.state === 'cancelled' || (ending.state === 'refunded' && ending.restock)

function transferOf(book: Book, redemption: Redemption, atMs: number): TransferRequest {
  const pendingKey = reservationKey(redemption)
  const key = paymentKey(redemption)
  const at = instantOf(atMs)
  if (redemption.state === 'done') return { key, kind: 'post_pending', pendingKey, at }
  const programme = programmeIn(book, redemption.programmeId)
  const expiresNotBefore = reinstatedUntil(programme, atMs, book.timeZoneOf(programme))
  const back = { at, expiresNotBefore }
  return redemption.state === 'refunded'
    ? { ...back, key: `${pendingKey}:refund`, kind: 'reverse', reversedKey: key }
    : { ...back, key: `${pendingKey}:void`, kind: 'void_pending', pendingKey }
}

/** Where earning gives all points a new life, those that were set aside meanwhile get it when they come back. */
async function extensionsOf(
  tx: Tx,
  book: Book,
  returned: readonly Redemption[],
  atMs: number,
): Promise<Map<string, ExtendRequest[]>> {
  const found = new Map<string, ExtendRequest[]>()
  for (const [programmeId, ofOne] of Map.groupBy(returned, (one) => one.programmeId)) {
    const programme = programmeIn(book, programmeId)
    const lastEarned = await lastEarnedIn(
      tx,
      programme,
      ofOne.map(({ subscriberId }) => subscriberId),
    )
    for (const { redemptionId, subscriberId, accountId: account } of ofOne) {
      const about = { key: `redeem:${redemptionId}`, account, earnedAtMs: lastEarned.get(subscriberId), atMs }
      found.set(redemptionId, extensionsFrom(book, programme, about))
    }
  }
  return found
}

/**
 * Points come back to the account that paid, and go on from there to where the member's points are now; where the member
 * has left and given up all points, they lapse like those.
 */
async function followMembers(
  tx: Tx,
  book: Book,
  returned: readonly Redemption[],
  atMs: number,
): Promise<Action[]> {
  if (returned.length === 0) return []
  const members = await selectMembers(tx, [...new Set(returned.map(({ subscriberId }) => subscriberId))])
  const shared = new Set<string>()
  for (const [programmeId, ofOne] of Map.groupBy(returned, (one) => one.programmeId)) {
    const accounts = ofOne.map(({ accountId }) => accountId)
    for (const id of await sharedAmong(tx, programmeIn(book, programmeId), accounts)) shared.add(id)
  }
  const moved = returned.flatMap((redemption) => {
    const { accountId, subscriberId, programmeId } = redemption
    const member = members.find((one) => one.subscriberId === subscriberId && one.programmeId === programmeId)
    const destination = member && destinationOf(programmeIn(book, programmeId), member, accountId, shared)
    return destination ? [{ redemption, destination }] : []
  })
  const from = [...new Set(moved.map(({ redemption }) => redemption.accountId))]
  const balances = from.length === 0 ? new Map() : await balancesInDetail(tx, from, instantOf(atMs))
  const left = new Map(from.map((id): [string, bigint] => [id, balances.get(id)?.availableMinor ?? 0n]))
  return moved.flatMap(({ redemption, destination }): Action[] => {
    const { redemptionId, programmeId, subscriberId, state, accountId, points } = redemption
    // What was owed meanwhile has been paid by what came back.
    const room = left.get(accountId)!
    const amountMinor = room < points ? room : points
    if (amountMinor <= 0n) return []
    left.set(accountId, room - amountMinor)
    const key = `${redemptionId}:${state}:moved`
    const transfer = onward(`redeem:${key}`, accountId, destination, amountMinor, atMs)
    const judgements = judgedDestination(programmeIn(book, programmeId), accountId, destination, amountMinor)
    const about = { part: REWARDS, key, programmeId, subscriberId, atMs }
    return [{ ...about, accounts: [destination], transfers: [transfer], judgements }]
  })
}
