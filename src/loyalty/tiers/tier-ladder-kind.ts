import { type CelType, checkExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { usualAmount } from '../earning/earn-rule-kind.ts'
import { isKnownType } from '../announcements.ts'
import { missingType } from '../programme-kind.ts'
import { MAIN_PROGRAMME } from '../programmes.ts'
import { ladderDeclarations, pointTypes } from './ladder.ts'
import { type TierLadder, tierLadder } from './tier-ladder.ts'

/** `{ kind: 'TierLadder', id, name, by, tiers, … }` */
export const tierLadderKind: DocumentKind = {
  kind: 'TierLadder',
  schema: tierLadder,
  check: (ladder: TierLadder, reader) => [
    ...checkProgramme(ladder, reader),
    ...checkPrimary(ladder, reader),
    ...checkMeasure(ladder, reader),
  ],
}

const invalid = (field: string, message: string, expected: string, found?: unknown): Problem => ({
  code: 'tier_ladder_invalid',
  message,
  field,
  ...(found === undefined ? {} : { found }),
  expected,
})

function checkProgramme({ programme: id }: TierLadder, reader: DocumentReader): Problem[] {
  if (id === MAIN_PROGRAMME || reader.get('Programme', id)) return []
  const message = `no programme "${id}"`
  return [
    { code: 'programme_missing', message, field: 'programme', found: id, expected: 'a saved Programme' },
  ]
}

/** Conditions read one `member.tier`. */
function checkPrimary({ id, programme, isPrimary }: TierLadder, reader: DocumentReader): Problem[] {
  if (!isPrimary) return []
  const other = (reader.list('TierLadder') as TierLadder[]).find(
    (one) => one.id !== id && one.isPrimary && one.programme === programme,
  )
  if (!other) return []
  return [invalid('isPrimary', `ladder "${other.id}" gives the members their tier`, 'isPrimary: false', true)]
}

function checkMeasure({ by }: TierLadder, reader: DocumentReader): Problem[] {
  if (by.measure === 'tenure') {
    return checkAt('by.since', by.since, { subscriber: subscriberDeclarations(reader) }, ['timestamp'])
  }
  if (by.measure === 'points') {
    return checkAt('by.where', by.where, ladderDeclarations(reader, pointTypes[0]!), ['bool'])
  }
  return (['adds', 'takesBack'] as const).flatMap((list) =>
    by[list].flatMap(({ on, where, amount, reference }, i) => {
      const field = `by.${list}.${i}`
      if (!isKnownType(reader, on)) return [missingType(`${field}.on`, on)]
      const declarations = ladderDeclarations(reader, on)
      const problems = [
        ...checkAt(`${field}.where`, where, declarations, ['bool']),
        ...checkAt(`${field}.amount`, amount, declarations, ['int', 'double']),
        ...checkAt(`${field}.reference`, reference, declarations, ['string', 'int']),
      ]
      if (amount === undefined && usualAmount(reader, on) === undefined) {
        const message = `events "${on}" declare no priceMinor or amountMinor of type integer`
        problems.push(invalid(`${field}.amount`, message, 'an expression such as event.sumMinor'))
      }
      return problems
    }),
  )
}

/** Problems of an expression that may have one of several types, at its field. */
function checkAt(
  field: string,
  source: string | undefined,
  declarations: Declarations,
  types: CelType[],
): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, declarations, types).map((problem) => ({ ...problem, field }))
}
