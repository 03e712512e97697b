import { checkExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { isKnownType } from '../announcements.ts'
import { playDeclarations } from '../play/measure.ts'
import { checkProgrammeExists, missingType } from '../programme-kind.ts'
import { type Referral, referral } from './documents.ts'
import { codeDeclarations, stayDeclarations } from './plan.ts'

/** `{ kind: 'Referral', id, name, rewards, … }` */
export const referralKind: DocumentKind = { kind: 'Referral', schema: referral, check: checkReferral }

const invalid = (field: string, message: string, found: unknown, expected: string): Problem => ({
  code: 'referral_invalid',
  message,
  field,
  found,
  expected,
})

function checkAt(
  field: string,
  source: string | undefined,
  declarations: Declarations,
  expected: 'bool' | 'string' = 'bool',
): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, declarations, expected).map((problem) => ({ ...problem, field }))
}

function checkReferral(document: Referral, reader: DocumentReader): Problem[] {
  const { programme, code, rewards, abuse, chain } = document
  const attributes = subscriberDeclarations(reader)
  const ids = rewards.map(({ id }) => id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  return [
    ...checkProgrammeExists(programme, reader),
    ...(code === undefined
      ? []
      : isKnownType(reader, code.on) && !code.on.startsWith('loyalty.')
        ? checkAt('code.code', code.code, codeDeclarations(reader, code.on), 'string')
        : [missingType('code.on', code.on)]),
    ...(twice === undefined ? [] : [invalid('rewards', `"${twice}" stands twice`, twice, 'distinct ids')]),
    ...rewards.flatMap((reward, i) => checkReward(reward, `rewards.${i}`, reader)),
    ...abuse.distinct.flatMap((name, i) =>
      attributes[name] === 'string' || attributes[name] === 'int'
        ? []
        : [
            invalid(
              `abuse.distinct.${i}`,
              'no such text or whole number of a subscriber',
              name,
              'a declared attribute',
            ),
          ],
    ),
    ...(chain && !rewards.some(({ referrer }) => referrer && 'points' in referrer)
      ? [invalid('chain', 'shares are of points, and no referrer gets any', chain, 'a reward in points')]
      : []),
  ]
}

function checkReward(
  { when, referrer, referee }: Referral['rewards'][number],
  at: string,
  reader: DocumentReader,
): Problem[] {
  const problems: Problem[] = []
  if (!referrer && !referee)
    problems.push(invalid(at, 'nobody gets anything', null, 'referrer, referee or both'))
  if (!('on' in when)) problems.push(...checkAt(`${at}.when.where`, when.where, stayDeclarations(reader)))
  else if (!isKnownType(reader, when.on)) problems.push(missingType(`${at}.when.on`, when.on))
  else problems.push(...checkAt(`${at}.when.where`, when.where, playDeclarations(reader, when.on)))
  return problems
}
