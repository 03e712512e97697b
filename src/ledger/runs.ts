import { type Clock, type Database, DomainError, instantOf, type Stage, type Tx } from '../platform/index.ts'
import { expiredLots, nextTimeout, timedOut } from './reading-store.ts'
import type { ExpiryRequest } from './moving.ts'
import { postTransfers } from './service.ts'
import { lockHead } from './store.ts'

/** A run of expiry over one currency. */
export type ExpiryRun = {
  currency: string
  /** Receives what expires: opened before, purpose `breakage`. */
  breakageAccount: string
  /** Lots that expire up to this moment. */
  asOf: Temporal.Instant
  bookedAt: Temporal.Instant
  /** The programme's time zone: the run's name, which is the memo of its transfers, bears the local day. */
  timeZone: string
  /** Lots of this call, 5,000 when absent. */
  limit?: number
}
export type ExpiryResult = { transfers: number; lots: number; amountMinor: bigint; more: boolean }

const EXPIRY_LOTS = 5_000
const TIMEOUTS = 1_000

/**
 * Moves what is left in expired lots to the breakage account, about `limit` lots at a call, within the caller's
 * transaction: one transfer an account, effective when its last lot expired, with the run's name as memo. Call it
 * again while `more`; run again at any time, it moves only what has expired since.
 */
export async function expireLots(tx: Tx, run: ExpiryRun): Promise<ExpiryResult> {
  const { currency, breakageAccount, asOf, bookedAt, timeZone, limit = EXPIRY_LOTS } = run
  const { lastSeq } = await lockHead(tx)
  const due = await expiredLots(tx, currency, asOf.epochMilliseconds, limit)
  if (due.length === 0) return { transfers: 0, lots: 0, amountMinor: 0n, more: false }
  const day = asOf.toZonedDateTimeISO(timeZone).toPlainDate().toString()
  const requests = due.map(({ accountId, accountNo, amountMinor, expiredMs }): ExpiryRequest => ({
    // The place in the journal makes it unique: nothing else can be booked while this transaction holds the head.
    key: `expiry:${day}:${lastSeq}:${accountNo}`,
    kind: 'post',
    expired: true,
    debitAccount: accountId,
    creditAccount: breakageAccount,
    amountMinor,
    currency,
    at: instantOf(Number(expiredMs)),
    memo: `expiry ${day}`,
  }))
  const results = await postTransfers(tx, requests, bookedAt)
  const refused = results.find((result) => result.outcome === 'refused')
  if (refused?.outcome === 'refused') {
    const { code, message, ...details } = refused.problem
    throw new DomainError(code, message, details)
  }
  const lots = due.reduce((sum, one) => sum + one.lots, 0)
  return {
    transfers: due.length,
    lots,
    amountMinor: due.reduce((sum, one) => sum + one.amountMinor, 0n),
    more: lots >= limit,
  }
}

/** Voids pending transfers whose `timeoutAt` is not after `asOf`, at most `limit` at a call. */
export async function timeOutPending(
  tx: Tx,
  run: { asOf: Temporal.Instant; bookedAt: Temporal.Instant; limit?: number },
): Promise<{ voided: number; more: boolean }> {
  const limit = run.limit ?? TIMEOUTS
  await lockHead(tx)
  const due = await timedOut(tx, run.asOf.epochMilliseconds, limit)
  await postTransfers(
    tx,
    due.map(({ transferId, key, timeoutMs }) => ({
      key: `timeout:${transferId}`,
      kind: 'void_pending',
      pendingKey: key,
      at: instantOf(Number(timeoutMs)),
      memo: 'timeout',
    })),
    run.bookedAt,
  )
  return { voided: due.length, more: due.length === limit }
}

/** Stage `ledger-timeouts`: voids reservations as soon as their time is over. */
export function timeoutStage({ database, clock }: { database: Database; clock: Clock }): Stage {
  return {
    name: 'ledger-timeouts',
    run: (tenantId) =>
      database.tx(tenantId, async (tx) => {
        const now = clock.now()
        const next = await nextTimeout(tx)
        const nextDueMs = next === null ? null : Number(next)
        if (nextDueMs === null || nextDueMs > now.epochMilliseconds) return { more: false, nextDueMs }
        await timeOutPending(tx, { asOf: now, bookedAt: now })
        return { more: true, nextDueMs: null }
      }),
  }
}
