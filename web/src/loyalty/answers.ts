import { z } from 'zod'

/* What the pages ask of answers that have no schema of their own in the contract. */

const minor = z.string().regex(/^-?\d+$/)

/** `GET /v1/ledger/accounts/:id/lots` */
export const lotsAnswer = z.object({
  lots: z.array(
    z.object({
      lotId: z.string(),
      remainingMinor: minor,
      earnedAt: z.string(),
      availableFrom: z.string(),
      expiresAt: z.string().optional(),
      originKey: z.string(),
    }),
  ),
})
export type Lot = z.infer<typeof lotsAnswer>['lots'][number]
