import { tenantOf } from '../../access/index.ts'
import {
  type FastifyInstance,
  type FastifyRequest,
  type Operation,
  parseInput,
} from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import type { Book } from '../book.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import {
  convertBody,
  exchangeOperations as operations,
  type ExchangeSideView,
  type ExchangesView,
  quoteBody,
  type QuoteView,
  sendBody,
  type TransferView,
} from './contract.ts'
import { currencyOf } from './converting.ts'
import type { Exchanges } from './service.ts'
import type { SettlementSide } from './settlement.ts'
import type { MemberTransfer, Quote } from './store.ts'

type Member = { Params: { subscriber: string } }

const admin = (operation: Operation) => ({ config: { roles: ['admin'] as const, operation } })

/** `/v1/members/:subscriber/transfers`, `…/exchange-quotes` and `…/conversions`; `/v1/loyalty/exchanges` for agents. */
export function exchangeRoutes(
  http: FastifyInstance,
  { exchanges, profiles }: { exchanges: Exchanges; profiles: Profiles },
): void {
  const memberOf = (request: FastifyRequest<Member>): Promise<number> =>
    subscriberOf(profiles, tenantOf(request), request.params.subscriber)
  http.get(
    '/v1/loyalty/exchanges',
    { config: { operation: operations.list } },
    async (request): Promise<ExchangesView> => {
      const found = await exchanges.list(tenantOf(request))
      return {
        exchanges: found.map(({ exchange: { document, version }, isOpen, from, to, done }) => ({
          exchange: document.id,
          name: document.name,
          version,
          rate: document.rate,
          spreadPercent: document.spreadPercent,
          isOpen,
          from: sideOf(from),
          to: sideOf(to),
          done: { from: done.points.toString(), times: done.times },
        })),
      }
    },
  )
  http.post<Member>('/v1/members/:subscriber/transfers', admin(operations.send), async (request) => {
    const tenantId = tenantOf(request)
    const { programme, recipient, points, note, idempotencyKey } = parseInput(sendBody, request.body)
    const sent = await exchanges.send(tenantId, programme, {
      fromId: await memberOf(request),
      toId: await subscriberOf(profiles, tenantId, recipient),
      points: BigInt(points),
      note: note ?? null,
      key: idempotencyKey,
    })
    return transferOf(sent)
  })
  http.get<Member>(
    '/v1/members/:subscriber/transfers',
    { config: { operation: operations.transfers } },
    async (request) => {
      const found = await exchanges.transfersOf(tenantOf(request), await memberOf(request))
      return { transfers: found.map(transferOf) }
    },
  )
  http.post<Member>('/v1/members/:subscriber/exchange-quotes', admin(operations.quote), async (request) => {
    const tenantId = tenantOf(request)
    const { exchange, amount } = parseInput(quoteBody, request.body)
    const promised = await exchanges.quote(tenantId, exchange, await memberOf(request), BigInt(amount))
    return quoteOf(await exchanges.book(tenantId), promised)
  })
  http.post<Member>('/v1/members/:subscriber/conversions', admin(operations.convert), async (request) => {
    const tenantId = tenantOf(request)
    const { quoteId } = parseInput(convertBody, request.body)
    const done = await exchanges.convert(tenantId, await memberOf(request), quoteId)
    return quoteOf(await exchanges.book(tenantId), done)
  })
  http.get<Member>(
    '/v1/members/:subscriber/conversions',
    { config: { operation: operations.conversions } },
    async (request) => {
      const tenantId = tenantOf(request)
      const found = await exchanges.conversionsOf(tenantId, await memberOf(request))
      const book = await exchanges.book(tenantId)
      return { conversions: found.map((one) => quoteOf(book, one)) }
    },
  )
}

const sideOf = ({ clearingMinor, ...side }: SettlementSide): ExchangeSideView => ({
  ...side,
  clearing: clearingMinor.toString(),
})

function transferOf({
  transferId,
  programmeId,
  fromId,
  toId,
  points,
  fee,
  note,
  at,
}: MemberTransfer): TransferView {
  return {
    transferId,
    programme: programmeId,
    from: fromId,
    to: toId,
    points: points.toString(),
    fee: fee.toString(),
    note,
    at: at.toString(),
  }
}

function quoteOf(book: Book, one: Quote): QuoteView {
  const { terms } = one
  return {
    quoteId: one.quoteId,
    exchange: terms.id,
    name: terms.name,
    rate: terms.rate,
    spreadPercent: terms.spreadPercent,
    fromCurrency: currencyOf(book, terms.from),
    from: one.fromMinor.toString(),
    toCurrency: currencyOf(book, terms.to),
    to: one.toMinor.toString(),
    spread: one.spreadMinor.toString(),
    at: one.at.toString(),
    expiresAt: one.expiresAt.toString(),
    doneAt: one.doneAt?.toString() ?? null,
  }
}
