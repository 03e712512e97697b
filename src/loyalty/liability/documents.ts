import { z } from 'zod'
import { documentId, moneyCurrency } from '../programmes.ts'

/** `{ kind: PointCost, id, currency, perPoint }`: what a point of the programme `id` costs when it is spent. */
export const pointCost = z.strictObject({
  kind: z.literal('PointCost'),
  /** The programme. */
  id: documentId,
  /** ISO 4217. */
  currency: moneyCurrency,
  /** Major units of money for a whole point. */
  perPoint: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places'),
  /** Share of the points that are expected to expire as long as none of the own history has. */
  assumedBreakagePercent: z.int().min(0).max(100).optional(),
})
export type PointCost = z.infer<typeof pointCost>
