import {
  impliedProgramme,
  MAIN_PROGRAMME,
  type Club,
  type EarnRule,
  type Exchange,
  type Programme,
  type Reward,
  type TierLadder,
} from '../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../documents/documents.ts'

/** Documents of a kind, in order of their ids. */
export const ofKind =
  <Document>(name: string) =>
  (documents: readonly AnyDocument[]): Document[] =>
    (documents.filter(({ kind }) => kind === name) as unknown as (Document & { id: string })[]).toSorted(
      (a, b) => (a.id < b.id ? -1 : 1),
    )

export const earnRulesOf = ofKind<EarnRule>('EarnRule')
export const laddersOf = ofKind<TierLadder>('TierLadder')
export const rewardsOf = ofKind<Reward>('Reward')
export const clubsOf = ofKind<Club>('Club')
export const exchangesOf = ofKind<Exchange>('Exchange')
export const savedProgrammesOf = ofKind<Programme>('Programme')

/** All programmes; `main` needs no document as long as something speaks of it. */
export function programmesOf(documents: readonly AnyDocument[]): Programme[] {
  const saved = savedProgrammesOf(documents)
  const isImplied =
    !saved.some(({ id }) => id === MAIN_PROGRAMME) &&
    documents.some(({ programme }) => programme === MAIN_PROGRAMME)
  return isImplied ? [impliedProgramme, ...saved] : saved
}

/** Decimals of a programme's points. */
export const decimalsOf = (documents: readonly AnyDocument[], programme: string | undefined): number =>
  programmesOf(documents).find(({ id }) => id === (programme ?? MAIN_PROGRAMME))?.decimals ?? 0

/** Event types that rules and steps may be on; what loyalty itself tells stands last. */
export const eventTypesOf = (documents: readonly AnyDocument[]): string[] =>
  documents
    .filter(({ kind }) => kind === 'EventType')
    .map(({ id }) => id)
    .concat('purchase')
    .toSorted()
    .toSorted((a, b) => Number(a.startsWith('loyalty.')) - Number(b.startsWith('loyalty.')))
