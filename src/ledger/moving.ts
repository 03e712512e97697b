import type { Problem } from '../platform/index.ts'
import type { Deficit, LotTerms, MoveRequest } from './contract.ts'
import type { Layer } from './layer.ts'
import {
  type GivingTerms,
  giveToLots,
  keepsExpiry,
  type OnLot,
  type Part,
  promisedLotNo,
  spendable,
  takeExpired,
  takeFromLots,
} from './lots.ts'
import { type AccountState, type JournalRow, type LotMove, unreserved } from './state.ts'
import { largestMinor, refusal } from './transfer.ts'

/** The columns of a row that do not depend on the kind of request. */
export type RowHead = Pick<
  JournalRow,
  'key' | 'kind' | 'transferId' | 'inputHash' | 'effectiveMs' | 'memo' | 'group'
>

/** What the run of expiry asks for: all lots of the account that are expired at `at`. */
export type ExpiryRequest = MoveRequest & { expired: true }

/** How much may be taken and how much of it is forgiven, or undefined when it is refused. */
export type Allowance = { movedMinor: bigint; forgivenMinor: bigint } | undefined

/** Books a post or a reservation in the layer; a problem means that nothing was changed. */
export function bookMove(
  layer: Layer,
  request: MoveRequest,
  head: RowHead,
  accounts: [AccountState, AccountState],
): Problem | undefined {
  const [debit, credit] = accounts
  const { amountMinor, kind } = request
  if (outOfRange(debit, credit, amountMinor)) return tooLarge()
  const atMs = head.effectiveMs
  if ('expired' in request) {
    const moves = takeExpired(debit, atMs, layer.changeLot)
    post(layer, head, accounts, amountMinor, { moves })
    return undefined
  }
  const allowance = allowed(debit, amountMinor, atMs, request.deficit ?? 'refuse')
  if (!allowance) {
    writeRow(layer, head, accounts, { amountMinor, refusal: 'ledger_balance_insufficient' })
    return undefined
  }
  if (kind === 'pending') {
    reserve(layer, request, head, accounts)
    return undefined
  }
  const { movedMinor, forgivenMinor } = allowance
  const everything = request.deficit !== undefined && request.deficit !== 'refuse'
  const taken = debit.keepsLots
    ? takeFromLots(debit, movedMinor, atMs, { everything, spent: true }, layer.changeLot)
    : []
  const parts = partsOfCredit(taken, movedMinor, atMs, request.lot)
  const given = giveIfLots(credit, parts, layer.nextSeq(), layer.changeLot)
  post(layer, head, accounts, movedMinor, {
    moves: [...taken, ...given],
    ...(forgivenMinor > 0n ? { forgivenMinor } : {}),
  })
  return undefined
}

function reserve(
  layer: Layer,
  request: MoveRequest,
  head: RowHead,
  accounts: [AccountState, AccountState],
): void {
  const [debit, credit] = accounts
  const { amountMinor, lot, timeoutAt } = request
  const atMs = head.effectiveMs
  const moves = debit.keepsLots
    ? takeFromLots(debit, amountMinor, atMs, { everything: false, spent: false }, layer.changeLot)
    : []
  if (lot)
    moves.push({
      accountNo: credit.accountNo,
      lotNo: promisedLotNo(lot.keepsExpiry === true),
      deltaMinor: 0n,
      spentMinor: 0n,
      ...termsMs(lot, atMs),
    })
  debit.pendingDebitsMinor += amountMinor
  credit.pendingCreditsMinor += amountMinor
  const row = writeRow(layer, head, accounts, { amountMinor, moves })
  const timeout = timeoutAt === undefined ? {} : { timeoutMs: timeoutAt.epochMilliseconds }
  layer.changeStanding({
    seq: row.seq,
    state: 'pending',
    reversedMinor: 0n,
    restored: [],
    taken: [],
    ...timeout,
  })
}

/** What may be taken from an account at a moment, by its rule and by what is to happen with a deficit. */
export function allowed(
  account: AccountState,
  amountMinor: bigint,
  atMs: number,
  deficit: Deficit,
): Allowance {
  const whole = { movedMinor: amountMinor, forgivenMinor: 0n }
  const { floorMinor } = account
  if (floorMinor === undefined) return whole
  if (deficit === 'refuse') {
    const there = account.keepsLots ? spendable(account.lots!, atMs, amountMinor) : unreserved(account)
    return there >= amountMinor ? whole : undefined
  }
  const down = deficit === 'forgive' ? 0n : floorMinor
  const room = unreserved(account) - down
  if (room >= amountMinor) return whole
  if (deficit === 'debt') return undefined
  const movedMinor = room > 0n ? room : 0n
  return { movedMinor, forgivenMinor: amountMinor - movedMinor }
}

/** From lots to lots they stay what they were; else the credit is one part with the terms given. */
export function partsOfCredit(taken: LotMove[], amountMinor: bigint, atMs: number, lot?: LotTerms): Part[] {
  if (lot) return [{ amountMinor, ...termsMs(lot, atMs), keepsExpiry: lot.keepsExpiry === true }]
  const parts = taken.map(({ lotNo, spentMinor, earnedMs, availableMs, expiresMs }): Part => ({
    amountMinor: spentMinor,
    earnedMs,
    availableMs,
    expiresMs,
    keepsExpiry: keepsExpiry(lotNo),
  }))
  const rest = amountMinor - parts.reduce((sum, part) => sum + part.amountMinor, 0n)
  return rest === 0n ? parts : [...parts, { amountMinor: rest, ...termsMs({}, atMs) }]
}

function termsMs({ earnedAt, availableFrom, expiresAt }: LotTerms, atMs: number) {
  const earnedMs = earnedAt?.epochMilliseconds ?? atMs
  return {
    earnedMs,
    availableMs: availableFrom?.epochMilliseconds ?? earnedMs,
    expiresMs: expiresAt?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
  }
}

/** Nothing where the account keeps no lots. */
export function giveIfLots(
  account: AccountState,
  parts: Part[],
  seq: number,
  onLot: OnLot,
  terms?: GivingTerms,
): LotMove[] {
  return account.keepsLots ? giveToLots(account, parts, seq, onLot, terms) : []
}

/** Moves the amount between the balances and writes the row with both balances after it. */
export function post(
  layer: Layer,
  head: RowHead,
  [debit, credit]: [AccountState, AccountState],
  amountMinor: bigint,
  extra: Partial<JournalRow>,
): JournalRow {
  const seq = layer.nextSeq()
  debit.balanceMinor -= amountMinor
  credit.balanceMinor += amountMinor
  const row: JournalRow = {
    ...head,
    seq,
    debitNo: debit.accountNo,
    creditNo: credit.accountNo,
    amountMinor,
    debitAfter: debit.balanceMinor,
    creditAfter: credit.balanceMinor,
    debitPrev: debit.lastSeq,
    creditPrev: credit.lastSeq,
    moves: [],
    ...extra,
  }
  debit.lastSeq = seq
  credit.lastSeq = seq
  layer.write(row)
  return row
}

/** Writes a row that moves no balance. */
export function writeRow(
  layer: Layer,
  head: RowHead,
  [debit, credit]: [AccountState, AccountState],
  extra: Pick<JournalRow, 'amountMinor'> & Partial<JournalRow>,
): JournalRow {
  const row: JournalRow = {
    ...head,
    seq: layer.nextSeq(),
    debitNo: debit.accountNo,
    creditNo: credit.accountNo,
    debitAfter: debit.balanceMinor,
    creditAfter: credit.balanceMinor,
    moves: [],
    ...extra,
  }
  layer.write(row)
  return row
}

/** Pending amounts count as if they were posted, so that posting them later cannot fail. */
export function outOfRange(debit: AccountState, credit: AccountState, amountMinor: bigint): boolean {
  return (
    unreserved(debit) - amountMinor < -largestMinor ||
    credit.balanceMinor + credit.pendingCreditsMinor + amountMinor > largestMinor
  )
}

/** Refuses what no balance could hold. */
export const tooLarge = (): Problem =>
  refusal('ledger_balance_out_of_range', 'the balance would not fit any more', { field: 'amountMinor' })
