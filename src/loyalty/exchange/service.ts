import { actionConsumer } from '../action.ts'
import type { Book } from '../book.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { convert, quote } from './converting.ts'
import { exchangesOf, transferTermsOf } from './plan.ts'
import { type Settlement, settlements } from './settlement.ts'
import {
  mergeExchange,
  type MemberTransfer,
  type Quote,
  selectConversions,
  selectTransfersOf,
} from './store.ts'
import { EXCHANGE, fail, refuse, send, type SendRequest } from './transferring.ts'
import { exchangeWords } from './words.ts'

export type Exchanges = {
  /** Gives points of one member to another. Throws an `ExchangeRefusal`, `transfer_key_mismatch`. */
  send(tenantId: string, programmeId: string, request: SendRequest): Promise<MemberTransfer>
  transfersOf(tenantId: string, subscriberId: number): Promise<MemberTransfer[]>
  /** Promises a rate. Throws an `ExchangeRefusal`, `exchange_not_found`. */
  quote(tenantId: string, exchangeId: string, subscriberId: number, amountMinor: bigint): Promise<Quote>
  /** Takes a quote, once. Throws an `ExchangeRefusal`, `quote_not_found`. */
  convert(tenantId: string, subscriberId: number, quoteId: string): Promise<Quote>
  conversionsOf(tenantId: string, subscriberId: number): Promise<Quote[]>
  /** Every exchange with what was exchanged by it and what waits for settlement. */
  list(tenantId: string): Promise<Settlement[]>
  book(tenantId: string): Promise<Book>
}

const LATEST = 100

/** Transfers between members, and exchange with other programmes and with partners. */
export function createExchanges(parts: LoyaltyParts): { service: Exchanges; consumer: Consumer } {
  const { database, books } = parts
  return {
    consumer: actionConsumer(EXCHANGE, {
      kinds: ['TransferTerms', 'Exchange'],
      words: exchangeWords,
      merge: mergeExchange,
    }),
    service: {
      async send(tenantId, programmeId, request) {
        const book = await books.of(tenantId)
        const terms = transferTermsOf(book).get(programmeId)
        if (!terms) return refuse('exchange_not_open')
        return database.tx(tenantId, (tx) => send(parts, tx, book, terms, request))
      },
      transfersOf: (tenantId, id) => database.tx(tenantId, (tx) => selectTransfersOf(tx, id, LATEST)),
      async quote(tenantId, exchangeId, subscriberId, amountMinor) {
        const book = await books.of(tenantId)
        const exchange = exchangesOf(book).get(exchangeId)
        if (!exchange)
          return fail('exchange_not_found', `no exchange "${exchangeId}"`, {
            field: 'exchange',
            found: exchangeId,
          })
        return database.tx(tenantId, (tx) => quote(parts, tx, book, exchange, subscriberId, amountMinor))
      },
      async convert(tenantId, subscriberId, quoteId) {
        const book = await books.of(tenantId)
        return database.tx(tenantId, (tx) => convert(parts, tx, book, subscriberId, quoteId))
      },
      conversionsOf: (tenantId, id) => database.tx(tenantId, (tx) => selectConversions(tx, id, LATEST)),
      list: async (tenantId) => settlements(parts, tenantId, await books.of(tenantId)),
      book: (tenantId) => books.of(tenantId),
    },
  }
}
