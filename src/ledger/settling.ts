import type { Problem } from '../platform/index.ts'
import type { ExtendRequest, ReverseRequest, SettleRequest } from './contract.ts'
import type { Layer } from './layer.ts'
import {
  extendTo,
  type GivingTerms,
  held,
  isPromised,
  keepsExpiry,
  type Part,
  sharesOf,
  takeFromLots,
  takeShares,
} from './lots.ts'
import {
  allowed,
  giveIfLots,
  outOfRange,
  partsOfCredit,
  post,
  type RowHead,
  tooLarge,
  writeRow,
} from './moving.ts'
import type { AccountState, JournalRow, LotMove, Standing } from './state.ts'
import { refusal } from './transfer.ts'

/** Posts a pending transfer, wholly or in part, or voids it. */
export function bookSettlement(layer: Layer, request: SettleRequest, head: RowHead): Problem | undefined {
  const { pendingKey } = request
  const pending = layer.byKey(pendingKey)
  const standing = pending && layer.standing(pending.seq)
  const accounts = pending && accountsOf(layer, pending)
  if (!pending || !standing || !accounts || pending.kind !== 'pending') {
    return refusal('ledger_pending_not_found', 'no pending transfer has this key', {
      field: 'pendingKey',
      found: pendingKey,
    })
  }
  if (standing.state !== 'pending') {
    return refusal('ledger_pending_settled', `the pending transfer was ${standing.state} before`, {
      field: 'pendingKey',
      found: pendingKey,
    })
  }
  const amountMinor = request.kind === 'void_pending' ? 0n : (request.amountMinor ?? pending.amountMinor)
  if (amountMinor > pending.amountMinor) {
    return refusal('ledger_pending_exceeded', 'more would be posted than was reserved', {
      field: 'amountMinor',
      found: amountMinor,
      expected: `up to ${pending.amountMinor}`,
    })
  }
  settle(layer, request, head, { pending, standing, accounts }, amountMinor)
  return undefined
}

type Found = { pending: JournalRow; standing: Standing; accounts: [AccountState, AccountState] }

function settle(
  layer: Layer,
  { lot, expiresNotBefore }: SettleRequest,
  head: RowHead,
  { pending, standing, accounts }: Found,
  postedMinor: bigint,
): void {
  const [debit, credit] = accounts
  const seq = layer.nextSeq()
  const reserved = pending.moves.filter(({ deltaMinor }) => deltaMinor < 0n)
  const { spent, released } = divide(reserved, postedMinor)
  const back = giveIfLots(debit, released, seq, layer.changeLot, notBefore(expiresNotBefore))
  debit.pendingDebitsMinor -= pending.amountMinor
  credit.pendingCreditsMinor -= pending.amountMinor
  const extra = { relatedSeq: pending.seq }
  if (postedMinor === 0n) {
    writeRow(layer, head, accounts, { ...extra, amountMinor: pending.amountMinor, moves: back })
  } else {
    const promised = pending.moves.find(({ lotNo }) => isPromised(lotNo))
    const parts =
      promised && !lot
        ? [promisedPart(promised, postedMinor)]
        : partsOfCredit(spent, postedMinor, head.effectiveMs, lot)
    const given = giveIfLots(credit, parts, seq, layer.changeLot, { firstPlace: released.length })
    post(layer, head, accounts, postedMinor, { ...extra, moves: [...back, ...spent, ...given] })
  }
  layer.changeStanding({ ...standing, state: postedMinor === 0n ? 'voided' : 'posted' })
}

const notBefore = (moment: Temporal.Instant | undefined): GivingTerms =>
  moment === undefined ? {} : { notBeforeMs: moment.epochMilliseconds }

function promisedPart({ lotNo, earnedMs, availableMs, expiresMs }: LotMove, amountMinor: bigint): Part {
  return { amountMinor, earnedMs, availableMs, expiresMs, keepsExpiry: keepsExpiry(lotNo) }
}

/** The first `postedMinor` of what was reserved is spent, in the order in which it was reserved; the rest goes back. */
function divide(reserved: LotMove[], postedMinor: bigint): { spent: LotMove[]; released: Part[] } {
  const spent: LotMove[] = []
  const released: Part[] = []
  let left = postedMinor
  for (const move of reserved) {
    const amount = -move.deltaMinor
    const part = left < amount ? left : amount
    left -= part
    if (part > 0n) spent.push({ ...move, deltaMinor: 0n, spentMinor: part })
    const { lotNo, earnedMs, availableMs, expiresMs } = move
    if (part < amount) released.push({ lotNo, amountMinor: amount - part, earnedMs, availableMs, expiresMs })
  }
  return { spent, released }
}

/** Takes a posted transfer back, wholly or in part. */
export function bookReversal(layer: Layer, request: ReverseRequest, head: RowHead): Problem | undefined {
  const original = layer.byKey(request.reversedKey)
  const back = original && accountsOf(layer, original)?.toReversed()
  if (!original || !back || original.debitPrev === undefined) {
    return refusal('ledger_reversed_not_found', 'no posted transfer has this key', {
      field: 'reversedKey',
      found: request.reversedKey,
    })
  }
  const accounts = back as [AccountState, AccountState]
  const before: Standing = layer.standing(original.seq) ?? {
    seq: original.seq,
    state: 'posted',
    reversedMinor: 0n,
    restored: [],
    taken: [],
  }
  const left = original.amountMinor - before.reversedMinor
  const amountMinor = request.amountMinor ?? left
  if (left === 0n || amountMinor > left) {
    return refusal('ledger_reversal_exceeded', 'more would be taken back than is left of the transfer', {
      field: 'amountMinor',
      found: amountMinor,
      expected: `up to ${left}`,
    })
  }
  if (outOfRange(...accounts, amountMinor)) return tooLarge()
  reverse(layer, request, head, { original, before, accounts, amountMinor })
  return undefined
}

type Reversal = {
  original: JournalRow
  before: Standing
  accounts: [AccountState, AccountState]
  amountMinor: bigint
}

function reverse(layer: Layer, request: ReverseRequest, head: RowHead, found: Reversal): void {
  const { original, before, accounts, amountMinor } = found
  const [debit, credit] = accounts
  const relatedSeq = original.seq
  const deficit = request.deficit ?? 'refuse'
  // What was given is taken back whether it is available yet or not.
  const there = debit.keepsLots ? held(debit.lots!) : 0n
  const allowance =
    debit.keepsLots && there >= amountMinor
      ? { movedMinor: amountMinor, forgivenMinor: 0n }
      : allowed(debit, amountMinor, head.effectiveMs, deficit)
  if (!allowance) {
    writeRow(layer, head, accounts, { amountMinor, relatedSeq, refusal: 'ledger_balance_insufficient' })
    return
  }
  const { movedMinor, forgivenMinor } = allowance
  const made = original.moves.filter((move) => move.accountNo === original.creditNo && move.deltaMinor > 0n)
  const spent = original.moves.filter(({ spentMinor }) => spentMinor > 0n)
  const toTake = rest(
    made.map(({ deltaMinor }) => deltaMinor),
    original.amountMinor,
    before.taken,
  )
  const toRestore = rest(
    spent.map(({ spentMinor }) => spentMinor),
    original.amountMinor,
    before.restored,
  )
  const takeShare = sharesOf(amountMinor, toTake)
  const restoreShare = sharesOf(movedMinor, toRestore)
  const own = debit.keepsLots ? takeShares(debit, capped(made, takeShare, movedMinor), layer.changeLot) : []
  const missing = movedMinor - own.reduce((sum, { spentMinor }) => sum + spentMinor, 0n)
  const others = debit.keepsLots
    ? takeFromLots(debit, missing, head.effectiveMs, { everything: true, spent: true }, layer.changeLot)
    : []
  const given = giveIfLots(
    credit,
    partsBack(spent, restoreShare, head.effectiveMs),
    layer.nextSeq(),
    layer.changeLot,
    notBefore(request.expiresNotBefore),
  )
  post(layer, head, accounts, movedMinor, {
    relatedSeq,
    moves: [...own, ...others, ...given],
    ...(forgivenMinor > 0n ? { forgivenMinor } : {}),
  })
  layer.changeStanding({
    ...before,
    reversedMinor: before.reversedMinor + amountMinor,
    taken: takeShare.map((share, i) => share + (before.taken[i] ?? 0n)),
    restored: restoreShare.map((share, i) => share + (before.restored[i] ?? 0n)),
  })
}

/** What is left of each part, and at the end of the part that was in no lot: a debt. */
function rest(parts: bigint[], wholeMinor: bigint, gone: bigint[]): bigint[] {
  const inLots = parts.reduce((sum, part) => sum + part, 0n)
  return [...parts, wholeMinor - inLots].map((part, i) => part - (gone[i] ?? 0n))
}

/** Shares of lots, no more in all than what moves. */
function capped(
  made: LotMove[],
  shares: bigint[],
  movedMinor: bigint,
): { lotNo: number; amountMinor: bigint }[] {
  let left = movedMinor
  return made.map(({ lotNo }, i) => {
    const amountMinor = shares[i]! < left ? shares[i]! : left
    left -= amountMinor
    return { lotNo, amountMinor }
  })
}

/** What never was in a lot comes back as one that never expires, and pays a debt before all others. */
function partsBack(spent: LotMove[], shares: bigint[], atMs: number): Part[] {
  const parts = spent.map(({ lotNo, earnedMs, availableMs, expiresMs }, i): Part => ({
    lotNo,
    amountMinor: shares[i]!,
    earnedMs,
    availableMs,
    expiresMs,
  }))
  return [...partsOfCredit([], shares.at(-1)!, atMs), ...parts].filter(({ amountMinor }) => amountMinor > 0n)
}

/** Gives lots a later expiry. */
export function bookExtension(
  layer: Layer,
  request: ExtendRequest,
  head: RowHead,
  account: AccountState,
): Problem | undefined {
  const expiresMs = request.expiresAt.epochMilliseconds
  const moves = account.keepsLots ? extendTo(account, expiresMs, head.effectiveMs, layer.changeLot) : []
  if (moves.length === 0) {
    return refusal('ledger_lots_not_found', 'the account has no lots that expire earlier', {
      field: 'account',
      found: request.account,
    })
  }
  const extended = new Set(moves.map(({ lotNo }) => lotNo))
  const amountMinor = held(account.lots!.filter(({ lotNo }) => extended.has(lotNo)))
  writeRow(layer, head, [account, account], { amountMinor, moves })
  return undefined
}

function accountsOf(layer: Layer, row: JournalRow): [AccountState, AccountState] | undefined {
  const debit = layer.account(row.debitNo)
  const credit = layer.account(row.creditNo)
  return debit && credit && [debit, credit]
}
