import { z } from 'zod'
import { documentId } from '../programmes.ts'

/** `POST /v1/members/:subscriber/points/corrections`: points given by hand, or taken with a minus before them. */
export const correctionBody = z.strictObject({
  programme: documentId,
  /** Minor units. */
  points: z.string().regex(/^-?[1-9]\d{0,14}$/, 'a whole number that is not 0'),
  reason: z.string().trim().min(1).max(500),
  /** Idempotency key. */
  key: z.string().min(1).max(200).optional(),
})
export type CorrectionBody = z.infer<typeof correctionBody>

/** What the member can spend after a correction, minor units. */
export const correctionView = z.object({ available: z.string().regex(/^-?\d+$/) })
export type CorrectionView = z.infer<typeof correctionView>
