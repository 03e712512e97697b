import { type AccountState, type LotMove, type OpenLot, unreserved } from './state.ts'

/** Places for lots that one transfer makes; see the comment on `ledger.transfer.lots`. */
export const LOTS_OF_A_TRANSFER = 65_536
/** The upper half of the places is for lots that keep their expiry, so that a lot's number says it wherever it stands. */
const FIRST_FIXED_PLACE = LOTS_OF_A_TRANSFER / 2

/** Whether an extension leaves the lot as it is. */
export const keepsExpiry = (lotNo: number): boolean => lotNo % LOTS_OF_A_TRANSFER >= FIRST_FIXED_PLACE

/** The number of a lot that a pending transfer promises: no transfer has made it yet. */
export const promisedLotNo = (keeps: boolean): number => (keeps ? FIRST_FIXED_PLACE : 0)

/** Whether the number is that of a promise. */
export const isPromised = (lotNo: number): boolean => lotNo < LOTS_OF_A_TRANSFER

/** Told of each lot that is changed. */
export type OnLot = (accountNo: number, lot: OpenLot) => void

/** A part of a credit: with the lot it belongs to, or with the properties of a lot yet to be made. */
export type Part = {
  lotNo?: number
  amountMinor: bigint
  earnedMs: number
  availableMs: number
  expiresMs: number
  /** Absent: as the lot that it belongs to. */
  keepsExpiry?: boolean
}

/** What else matters when parts are put into lots. */
export type GivingTerms = { notBeforeMs?: number; firstPlace?: number }

/** The order of spending: the earliest expiry first, then what was earned first, then what was booked first. */
export function spendOrder(a: OpenLot, b: OpenLot): number {
  if (a.expiresMs !== b.expiresMs) return a.expiresMs - b.expiresMs
  return a.earnedMs - b.earnedMs || a.lotNo - b.lotNo
}

const canSpend = (lot: OpenLot, atMs: number): boolean => lot.availableMs <= atMs && atMs < lot.expiresMs

/** What of the lots can be spent at a moment, counted up to `enough`. */
export function spendable(lots: readonly OpenLot[], atMs: number, enough?: bigint): bigint {
  let sum = 0n
  for (const lot of lots) {
    if (canSpend(lot, atMs)) sum += lot.remainingMinor
    if (enough !== undefined && sum >= enough) return sum
  }
  return sum
}

/** What all lots hold, available or not. */
export function held(lots: readonly OpenLot[]): bigint {
  return lots.reduce((sum, lot) => sum + lot.remainingMinor, 0n)
}

/**
 * Takes up to `amountMinor` out of the account's lots in the order of spending. A clawback (`everything`) goes on with
 * what is not available yet and then with what is expired and not yet run out, for nothing may be owed while there is
 * something left. `spent` tells whether it is gone or only reserved.
 */
export function takeFromLots(
  account: AccountState,
  amountMinor: bigint,
  atMs: number,
  { everything, spent }: { everything: boolean; spent: boolean },
  onLot: OnLot,
): LotMove[] {
  const moves: LotMove[] = []
  let left = amountMinor
  const reaches: ((lot: OpenLot) => boolean)[] = [(lot) => canSpend(lot, atMs)]
  if (everything)
    reaches.push(
      (lot) => atMs < lot.expiresMs,
      () => true,
    )
  for (const isWithin of reaches) {
    if (left === 0n) break
    for (const lot of account.lots!) {
      if (left === 0n) break
      if (lot.remainingMinor === 0n || !isWithin(lot)) continue
      const part = lot.remainingMinor < left ? lot.remainingMinor : left
      left -= part
      moves.push(takeFrom(account, lot, part, spent, onLot))
    }
  }
  dropEmpty(account)
  return moves
}

/** Takes all that is expired at a moment. */
export function takeExpired(account: AccountState, atMs: number, onLot: OnLot): LotMove[] {
  const expired = account.lots!.filter(({ expiresMs }) => expiresMs <= atMs)
  const moves = expired.map((lot) => takeFrom(account, lot, lot.remainingMinor, true, onLot))
  dropEmpty(account)
  return moves
}

/** Takes each share out of its own lot as far as that still holds it. */
export function takeShares(
  account: AccountState,
  shares: readonly { lotNo: number; amountMinor: bigint }[],
  onLot: OnLot,
): LotMove[] {
  const moves: LotMove[] = []
  for (const { lotNo, amountMinor } of shares) {
    const lot = amountMinor > 0n && account.lots!.find((one) => one.lotNo === lotNo)
    if (!lot) continue
    const part = lot.remainingMinor < amountMinor ? lot.remainingMinor : amountMinor
    if (part > 0n) moves.push(takeFrom(account, lot, part, true, onLot))
  }
  dropEmpty(account)
  return moves
}

function takeFrom(account: AccountState, lot: OpenLot, part: bigint, spent: boolean, onLot: OnLot): LotMove {
  lot.remainingMinor -= part
  onLot(account.accountNo, lot)
  return moveOf(account.accountNo, lot, -part, spent ? part : 0n)
}

function dropEmpty(account: AccountState): void {
  if (account.lots!.some((lot) => lot.remainingMinor === 0n)) {
    account.lots = account.lots!.filter((lot) => lot.remainingMinor > 0n)
  }
}

/**
 * Puts parts of a credit into lots, before the account's sums are changed: as far as the account owes, nothing is left
 * of it, of the earliest expiry first. Parts of a lot that is open go into it as it is now; others make a lot, new or as
 * it was. A part that would expire before `notBeforeMs` makes a lot that expires then, because what else is left of its
 * own lot gets no longer life by that. `seq` is the transfer's, and new lots are numbered from `firstPlace` on, where the
 * transfer gives to two accounts.
 */
export function giveToLots(
  account: AccountState,
  parts: readonly Part[],
  seq: number,
  onLot: OnLot,
  { notBeforeMs = Number.NEGATIVE_INFINITY, firstPlace = 0 }: GivingTerms = {},
): LotMove[] {
  const before = unreserved(account)
  let owed = before < 0n ? -before : 0n
  const moves: LotMove[] = []
  let place = firstPlace
  for (const part of parts) {
    const absorbed = owed < part.amountMinor ? owed : part.amountMinor
    owed -= absorbed
    const amountMinor = part.amountMinor - absorbed
    if (amountMinor === 0n) continue
    const lots = account.lots
    const own = part.lotNo === undefined ? undefined : lots!.find((lot) => lot.lotNo === part.lotNo)
    const isExtended = (own ?? part).expiresMs < notBeforeMs
    const open = isExtended ? undefined : own
    if (open) {
      open.remainingMinor += amountMinor
      onLot(account.accountNo, open)
      moves.push(moveOf(account.accountNo, open, amountMinor, 0n))
      continue
    }
    const { earnedMs, availableMs } = part
    const expiresMs = isExtended ? notBeforeMs : part.expiresMs
    const keeps = part.keepsExpiry ?? (part.lotNo !== undefined && keepsExpiry(part.lotNo))
    const lotNo =
      part.lotNo === undefined || isExtended
        ? seq * LOTS_OF_A_TRANSFER + promisedLotNo(keeps) + place++
        : part.lotNo
    const lot = { lotNo, remainingMinor: amountMinor, earnedMs, availableMs, expiresMs, stored: false }
    if (lots) insertInOrder(lots, lot)
    onLot(account.accountNo, lot)
    moves.push(moveOf(account.accountNo, lot, amountMinor, 0n))
  }
  return moves
}

/** Gives lots that expire before `expiresMs`, and have not yet at `atMs`, this expiry, but for those that keep theirs. */
export function extendTo(account: AccountState, expiresMs: number, atMs: number, onLot: OnLot): LotMove[] {
  const moves: LotMove[] = []
  for (const lot of account.lots!) {
    if (lot.expiresMs <= atMs || lot.expiresMs >= expiresMs || keepsExpiry(lot.lotNo)) continue
    lot.expiresMs = expiresMs
    onLot(account.accountNo, lot)
    moves.push(moveOf(account.accountNo, lot, 0n, 0n))
  }
  account.lots!.sort(spendOrder)
  return moves
}

/**
 * Divides an amount over parts, each its share of what is left of it: cumulative and rounded down, so that the shares
 * sum to the amount, no share is larger than its part, and the last call empties all.
 */
export function sharesOf(amountMinor: bigint, parts: readonly bigint[]): bigint[] {
  const total = parts.reduce((sum, part) => sum + part, 0n)
  let before = 0n
  let given = 0n
  return parts.map((part) => {
    before += part
    const upTo = total === 0n ? 0n : (amountMinor * before) / total
    const share = upTo - given
    given = upTo
    return share
  })
}

/** Puts a lot in its place among others in the order of spending. */
export function insertInOrder(lots: OpenLot[], lot: OpenLot): void {
  let at = lots.length
  while (at > 0 && spendOrder(lots[at - 1]!, lot) > 0) at--
  lots.splice(at, 0, lot)
}

function moveOf(accountNo: number, lot: OpenLot, deltaMinor: bigint, spentMinor: bigint): LotMove {
  const { lotNo, earnedMs, availableMs, expiresMs } = lot
  return { accountNo, lotNo, deltaMinor, spentMinor, earnedMs, availableMs, expiresMs }
}
