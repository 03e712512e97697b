import { z } from 'zod'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { documentId, MAIN_PROGRAMME } from '../programmes.ts'

/** `{ kind: PointCost, id, currency, perPoint }`: what a point of the programme `id` costs when it is spent. */
export const pointCost = z.strictObject({
  kind: z.literal('PointCost'),
  /** The programme. */
  id: documentId,
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Major units of money for a whole point. */
  perPoint: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places'),
  /** Share of the points that are expected to expire as long as none of the own history has. */
  assumedBreakagePercent: z.int().min(0).max(100).optional(),
})
export type PointCost = z.infer<typeof pointCost>

/** `{ kind: 'PointCost', id, currency, perPoint }` */
export const pointCostKind: DocumentKind = { kind: 'PointCost', schema: pointCost, check }

function check({ id }: PointCost, reader: DocumentReader): Problem[] {
  if (id === MAIN_PROGRAMME || reader.get('Programme', id)) return []
  const message = `no programme "${id}"`
  return [{ code: 'programme_missing', message, field: 'id', found: id, expected: 'a saved Programme' }]
}
