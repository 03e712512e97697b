import { z } from 'zod'
import { transferBody, transfersBody } from './contract.ts'

const minor = z.string().regex(/^-?\d+$/)

/** `POST /v1/ledger/transfers` takes either. */
export const transferRequestBody = z.union([transferBody, transfersBody])

const transferView = z.object({
  key: z.string(),
  outcome: z.enum(['booked', 'repeated']),
  transferId: z.string(),
  state: z.enum(['posted', 'pending', 'voided']),
  amountMinor: minor,
  forgivenMinor: minor.optional(),
})
const refusedView = z.object({
  key: z.string(),
  outcome: z.literal('refused'),
  problem: z.looseObject({ code: z.string(), message: z.string() }),
})

/** The answer to one transfer, whose refusal is a problem; or to a batch, each at its place. */
export const transferAnswer = z.union([
  transferView,
  z.object({ results: z.array(z.union([transferView, refusedView])) }),
])

/** What `POST /v1/ledger/accounts` has opened, or found open. */
export const accountsOpened = z.object({ accounts: z.array(z.string()) })
