import { minorDigits } from '../../operator/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { millionths } from '../earning/points.ts'
import { MAIN_PROGRAMME, type Programme } from '../programmes.ts'
import { type PointCost, pointCost } from './documents.ts'

/** `{ kind: 'PointCost', id, currency, perPoint }` */
export const pointCostKind: DocumentKind = { kind: 'PointCost', schema: pointCost, check }

/**
 * What points of a programme cost: minor units of money with `decimals` places, rounded down. Null where nobody has said
 * what one costs.
 */
export function costOf(
  programme: Pick<Programme, 'id' | 'decimals'>,
  reader: DocumentReader,
): { document: PointCost; decimals: number; of(points: bigint): bigint } | null {
  const document = reader.get('PointCost', programme.id) as PointCost | undefined
  if (!document) return null
  const decimals = minorDigits(document.currency)
  const over = millionths(document.perPoint) * 10n ** BigInt(decimals)
  const under = 1_000_000n * 10n ** BigInt(programme.decimals)
  return { document, decimals, of: (points) => (points * over) / under }
}

function check({ id }: PointCost, reader: DocumentReader): Problem[] {
  if (id === MAIN_PROGRAMME || reader.get('Programme', id)) return []
  const message = `no programme "${id}"`
  return [{ code: 'programme_missing', message, field: 'id', found: id, expected: 'a saved Programme' }]
}
