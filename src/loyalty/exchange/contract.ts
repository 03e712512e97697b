import { z } from 'zod'
import { documentId, MAIN_PROGRAMME, pointsText, words } from '../programmes.ts'

export { exchange, type Exchange, transferTerms, type TransferTerms } from './documents.ts'
export { amountsOf } from './quote.ts'
export { type ExchangeRefusal, exchangeRefusals } from './errors.ts'
export { exchangeWords } from './words.ts'

const minor = z.string().regex(/^\d+$/)

/** `POST /v1/members/:subscriber/transfers` */
export const sendBody = z.strictObject({
  programme: documentId.default(MAIN_PROGRAMME),
  /** A subscriber id, or an identity such as `msisdn:+7…`. */
  recipient: z.string().min(1).max(200),
  points: pointsText,
  note: z.string().trim().min(1).max(500).optional(),
  idempotencyKey: z.string().min(1).max(200),
})

export const transferView = z.object({
  transferId: z.string(),
  programme: z.string(),
  from: z.int(),
  to: z.int(),
  points: minor,
  fee: minor,
  note: z.string().nullable(),
  at: z.string(),
})
export type TransferView = z.infer<typeof transferView>

/** `POST /v1/members/:subscriber/exchange-quotes`: minor units of what is given. */
export const quoteBody = z.strictObject({ exchange: documentId, amount: pointsText })

/** `POST /v1/members/:subscriber/conversions` */
export const convertBody = z.strictObject({ quoteId: z.uuid() })

export const quoteView = z.object({
  quoteId: z.string(),
  exchange: z.string(),
  name: words,
  rate: z.string(),
  spreadPercent: z.string(),
  fromCurrency: z.string(),
  /** No more is taken than the result needs. */
  from: minor,
  toCurrency: z.string(),
  to: minor,
  spread: minor,
  at: z.string(),
  expiresAt: z.string(),
  doneAt: z.string().nullable(),
})
export type QuoteView = z.infer<typeof quoteView>

const sideView = z.object({
  /** The programme, or the partner that keeps the currency. */
  of: z.string(),
  isPartner: z.boolean(),
  currency: z.string(),
  decimals: z.int(),
  /** Where the currency waits for settlement with the other side, and what stands there: above 0 it was taken in, below 0 given out. */
  clearingAccount: z.string(),
  clearing: z.string().regex(/^-?\d+$/),
})
export type ExchangeSideView = z.infer<typeof sideView>

/** `GET /v1/loyalty/exchanges` */
export const exchangesView = z.object({
  exchanges: z.array(
    z.object({
      exchange: z.string(),
      name: words,
      version: z.int(),
      rate: z.string(),
      spreadPercent: z.string(),
      /** Whether its time has come and has not passed. */
      isOpen: z.boolean(),
      from: sideView,
      to: sideView,
      /** What was exchanged so far, minor units of `from`. */
      done: z.object({ from: minor, times: z.int() }),
    }),
  ),
})
export type ExchangesView = z.infer<typeof exchangesView>

/** What each route says of itself in the description of the API. */
export const exchangeOperations = {
  list: {
    summary: 'Exchanges with their rates and what waits for settlement',
    answer: exchangesView,
  },
  send: { summary: 'Give points to another member', body: sendBody, answer: transferView },
  transfers: {
    summary: 'Points that a member gave and got',
    answer: z.object({ transfers: z.array(transferView) }),
  },
  quote: { summary: 'A rate that holds for minutes', body: quoteBody, answer: quoteView },
  convert: { summary: 'Take a quote', body: convertBody, answer: quoteView },
  conversions: {
    summary: 'What a member has exchanged',
    answer: z.object({ conversions: z.array(quoteView) }),
  },
}
