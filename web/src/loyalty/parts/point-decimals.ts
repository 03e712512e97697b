import type { Exchange } from '../../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../../documents/documents.ts'
import { decimalsOf } from '../documents.ts'
import { rescaled } from './field.ts'
import type { Part, PartKind } from './kind.ts'

/** As many as a currency may have; while more are written, it is taken to have so many. */
const MOST_DECIMALS = 4

/** Decimals of what stands on one side of an exchange. */
export const sideDecimals = (side: Exchange['from'], documents: readonly AnyDocument[]): number =>
  'programme' in side ? decimalsOf(documents, side.programme) : Math.min(side.decimals ?? 0, MOST_DECIMALS)

/** Decimals of the points that a part speaks of: those of its programme, or of what an exchange takes. */
export function pointDecimals(
  { kind, isOnly }: Pick<PartKind, 'kind' | 'isOnly'>,
  part: Part,
  documents: readonly AnyDocument[],
): number {
  if (kind !== 'Exchange') return decimalsOf(documents, isOnly ? part.id : part.programme)
  return sideDecimals((part as unknown as Exchange).from, documents)
}

/** A part as it is begun: so many whole points as its kind says, whatever decimals they have. */
export function begunPart(
  kind: PartKind,
  id: string,
  programme: string,
  documents: readonly AnyDocument[],
): Part {
  const blank = kind.blank(id, programme)
  return rescaled(blank, kind.form.flat(), 0, pointDecimals(kind, blank, documents))
}
