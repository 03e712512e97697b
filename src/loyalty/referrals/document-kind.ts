import { checkExpression, type Declarations, type ExpectedType } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { isKnownType } from '../announcements.ts'
import type { EarnRule } from '../earning/earn-rule.ts'
import { playDeclarations } from '../play/measure.ts'
import { checkProgrammeExists, missingType } from '../programme-kind.ts'
import { type Referral, referral, type ReferralReward } from './documents.ts'
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
  expected: ExpectedType = 'bool',
): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, declarations, expected).map((problem) => ({ ...problem, field }))
}

/** What names something may be a text or a whole number. */
const checkName = (field: string, source: string | undefined, declarations: Declarations): Problem[] =>
  checkAt(field, source, declarations, ['string', 'int'])

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
    ...rewards.flatMap((reward, i) => checkReward(reward, `rewards.${i}`, programme, reader)),
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
  programme: string,
  reader: DocumentReader,
): Problem[] {
  const problems: Problem[] = []
  if (!referrer && !referee)
    problems.push(invalid(at, 'nobody gets anything', null, 'referrer, referee or both'))
  if (!('on' in when)) problems.push(...checkAt(`${at}.when.where`, when.where, stayDeclarations(reader)))
  else if (!isKnownType(reader, when.on)) problems.push(missingType(`${at}.when.on`, when.on))
  else problems.push(...checkDeed(when, `${at}.when`, programme, reader))
  return problems
}

function checkDeed(
  { on, where, reference, undoneBy }: Extract<ReferralReward['when'], { on: string }>,
  at: string,
  programme: string,
  reader: DocumentReader,
): Problem[] {
  const declarations = playDeclarations(reader, on)
  const problems = [
    ...checkAt(`${at}.where`, where, declarations),
    ...checkName(`${at}.reference`, reference, declarations),
  ]
  if (undoneBy === undefined)
    return [...problems, ...checkReturnable(on, `${at}.undoneBy`, programme, reader)]
  if (undoneBy === 'nothing') return problems
  const field = `${at}.undoneBy`
  if (!isKnownType(reader, undoneBy.on)) return [...problems, missingType(`${field}.on`, undoneBy.on)]
  const later = playDeclarations(reader, undoneBy.on)
  if ((reference === undefined) !== (undoneBy.reference === undefined)) {
    const message = 'what undoes a deed is compared with it by both references'
    problems.push(invalid(`${field}.reference`, message, undoneBy.reference ?? null, 'both or neither'))
  }
  return [
    ...problems,
    ...checkAt(`${field}.where`, undoneBy.where, later),
    ...checkName(`${field}.reference`, undoneBy.reference, later),
  ]
}

/** A payment for which points go back when it is returned must not leave a reward behind by an oversight. */
function checkReturnable(on: string, field: string, programme: string, reader: DocumentReader): Problem[] {
  const rules = reader.list('EarnRule') as EarnRule[]
  const rule = rules.find((one) => one.on === on && one.programme === programme && one.returns)
  if (!rule) return []
  const message = `earn rule "${rule.id}" takes back what is returned of "${on}"; say whether a return undoes the reward`
  return [invalid(field, message, null, `{ on: ${rule.returns!.on} } or nothing`)]
}
