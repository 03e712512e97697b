import { checkExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { isKnownType } from '../announcements.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { playDeclarations } from '../play/measure.ts'
import { checkProgrammeExists, missingType } from '../programme-kind.ts'
import { memberDeclarations } from '../members.ts'
import { type Club, club } from './documents.ts'

/** `{ kind: 'Club', id, name, … }` */
export const clubKind: DocumentKind = { kind: 'Club', schema: club, check: checkClub }

/** What `who` may read: everything of a member but the balance, which changes with every purchase. */
export function whoDeclarations(reader: DocumentReader): Declarations {
  const { balance: _balance, ...member } = memberDeclarations
  return { subscriber: subscriberDeclarations(reader), member }
}

function checkClub({ programme, who, joinOn, fee }: Club, reader: DocumentReader): Problem[] {
  return [
    ...checkProgrammeExists(programme, reader),
    ...checkAt('who', who, whoDeclarations(reader)),
    ...checkOn('joinOn', joinOn, reader),
    ...(joinOn && fee && 'points' in fee ? [chargedUnasked(joinOn)] : []),
    ...(fee && 'on' in fee ? checkOn('fee', fee, reader) : []),
  ]
}

/** Points are taken from those alone who asked for it. */
const chargedUnasked = (found: object): Problem => ({
  code: 'club_invalid',
  message: 'a club that costs points lets nobody in unasked',
  field: 'joinOn',
  found,
  expected: 'no joinOn, or a fee by an event',
})

function checkAt(field: string, source: string | undefined, declarations: Declarations): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, declarations, 'bool').map((problem) => ({ ...problem, field }))
}

function checkOn(
  field: string,
  given: { on: string; where?: string | undefined } | undefined,
  reader: DocumentReader,
): Problem[] {
  if (given === undefined) return []
  if (!isKnownType(reader, given.on)) return [missingType(`${field}.on`, given.on)]
  // A club that lets in by what it tells itself would never rest.
  if (given.on.startsWith('loyalty.club_')) {
    const expected = 'another event type'
    const message = 'clubs cannot follow what clubs announce'
    return [{ code: 'club_invalid', message, field: `${field}.on`, found: given.on, expected }]
  }
  return checkAt(`${field}.where`, given.where, playDeclarations(reader, given.on))
}
