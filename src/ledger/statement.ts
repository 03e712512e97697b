import { DomainError, type Tx } from '../platform/index.ts'
import type { Entry } from './contract.ts'
import { accountHead, entriesFrom, type Period, seqsOfPeriod, totalsOf } from './reading-store.ts'
import { byIndex } from './store.ts'

/** Which part of an account's statement is asked for. */
export type StatementQuery = {
  accountId: string
  /** From this moment on … */
  from?: Temporal.Instant
  /** … and before this one; absent: without end. */
  to?: Temporal.Instant
  /** Which time the period means; absent: `booked`. */
  by?: 'booked' | 'effective'
  /** `next` of the page before. */
  after?: bigint
  /** Entries of a page, 100 when absent. */
  limit?: number
}

/** What happened on an account in a period: opening + the sum of all entries = closing, whatever the page. */
export type Statement = {
  accountId: string
  currency: string
  openingMinor: bigint
  closingMinor: bigint
  creditsMinor: bigint
  debitsMinor: bigint
  entryCount: number
  /** The latest booked first. With `by: 'effective'` the balances after are still those in order of booking. */
  entries: Entry[]
  /** To be given as `after` for the next page; absent: this was the last. */
  next?: bigint
}

const MAX_ENTRIES = 1_000
const LAST_SEQ = 9_223_372_036_854_775_807n
const EVER: Period = { fromSeq: 0n, toSeq: LAST_SEQ, from: '-infinity', to: 'infinity' }

/**
 * An account's statement for any period, a page at a time. By booking it costs as much as there are entries since the
 * period began, by effect as much as there are at all. Throws `ledger_account_not_found`.
 */
export async function statementOf(tx: Tx, query: StatementQuery): Promise<Statement> {
  const { accountId, from, to, by = 'booked', after } = query
  const limit = Math.min(Math.max(query.limit ?? 100, 1), MAX_ENTRIES)
  const account = await accountHead(tx, accountId)
  if (!account) throw new DomainError('ledger_account_not_found', 'no such account', { found: accountId })
  const period: Period =
    by === 'booked'
      ? { ...EVER, ...(await seqsOfPeriod(tx, from, to)) }
      : { ...EVER, from: from?.toString() ?? EVER.from, to: to?.toString() ?? EVER.to }
  const [totals, rows] = await byIndex(tx, () =>
    Promise.all([
      totalsOf(tx, account, period, by),
      entriesFrom(tx, account, after ?? account.lastSeq, period, limit),
    ]),
  )
  const last = rows.at(-1)
  const isMore =
    rows.length === limit && last !== undefined && last.prevSeq > 0n && last.prevSeq >= period.fromSeq
  return {
    accountId,
    currency: account.currency,
    openingMinor: totals.opening,
    closingMinor: totals.closing,
    creditsMinor: totals.credits,
    debitsMinor: totals.debits,
    entryCount: totals.count,
    entries: rows.map(withoutPrevious),
    ...(isMore ? { next: last.prevSeq } : {}),
  }
}

function withoutPrevious({ prevSeq: _prevSeq, ...entry }: Entry & { prevSeq: bigint }): Entry {
  return entry
}
