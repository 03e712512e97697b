import { balancesOf } from '../../ledger/index.ts'
import type { Clock, Database } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import { clearingOf, currencyOf, decimalsOf, isOver, partnerOpening, programmeOf } from './converting.ts'
import type { Exchange, ExchangeSide } from './documents.ts'
import { exchangesOf, type Ready } from './plan.ts'
import { type Used, usedByExchange } from './store.ts'

/** A side of an exchange with what stands on its clearing account: above 0 it was taken in, below 0 given out. */
export type SettlementSide = {
  /** The programme, or the partner that keeps the currency. */
  of: string
  isPartner: boolean
  currency: string
  decimals: number
  clearingAccount: string
  clearingMinor: bigint
}

export type Settlement = {
  exchange: Ready<Exchange>
  isOpen: boolean
  from: SettlementSide
  to: SettlementSide
  /** What was exchanged so far. */
  done: Used
}

/** Every exchange with what was exchanged by it and what waits for settlement. */
export async function settlements(
  { database, clock }: { database: Database; clock: Clock },
  tenantId: string,
  book: Book,
): Promise<Settlement[]> {
  const exchanges = [...exchangesOf(book).values()]
  const accounts = exchanges.flatMap(({ document: { from, to } }) => [
    clearingAccount(book, from, to),
    clearingAccount(book, to, from),
  ])
  const ever = [{ subscriberId: null, fromMs: null, fromDay: '-infinity' }]
  const { balances, used } = await database.tx(tenantId, async (tx) => ({
    balances: await balancesOf(tx, accounts),
    used: await Promise.all(exchanges.map(({ document }) => usedByExchange(tx, document.id, ever))),
  }))
  const sideOf = (side: ExchangeSide, other: ExchangeSide): SettlementSide => {
    const account = clearingAccount(book, side, other)
    return {
      of: 'programme' in side ? side.programme : side.partner,
      isPartner: !('programme' in side),
      currency: currencyOf(book, side),
      decimals: decimalsOf(book, side),
      clearingAccount: account,
      clearingMinor: balances.get(account)?.balanceMinor ?? 0n,
    }
  }
  return exchanges.map((exchange, i) => {
    const { from, to } = exchange.document
    const isOpen = !isOver(exchange.document, clock.nowMs())
    return { exchange, isOpen, from: sideOf(from, to), to: sideOf(to, from), done: used[i]![0]! }
  })
}

function clearingAccount(book: Book, side: ExchangeSide, other: ExchangeSide): string {
  const programme = programmeOf(book, side)
  const opening = programme
    ? clearingOf(programme, other)
    : partnerOpening('partner' in side ? side.partner : '', 'clearing', currencyOf(book, side))
  return opening.accountId
}
