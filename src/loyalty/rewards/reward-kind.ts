import { checkExpression, type Declarations } from '../../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../../platform/index.ts'
import { subscriberDeclarations } from '../../profiles/index.ts'
import { memberDeclarations } from '../members.ts'
import { checkProgrammeExists } from '../programme-kind.ts'
import { type Reward, reward } from './reward.ts'

/** `{ kind: 'Reward', id, name, price, gives, … }` */
export const rewardKind: DocumentKind = { kind: 'Reward', schema: reward, check: checkReward }

/** What conditions about a member alone may read. */
export function applicantDeclarations(reader: DocumentReader): Declarations {
  return { subscriber: subscriberDeclarations(reader), member: memberDeclarations }
}

function checkReward({ programme, audience, validFrom, validTo }: Reward, reader: DocumentReader): Problem[] {
  const problems = checkProgrammeExists(programme, reader)
  if (audience !== undefined) {
    const found = checkExpression(audience, applicantDeclarations(reader), 'bool')
    problems.push(...found.map((problem) => ({ ...problem, field: 'audience' })))
  }
  if (validFrom !== undefined && validTo !== undefined && Date.parse(validTo) <= Date.parse(validFrom)) {
    problems.push({
      code: 'reward_invalid',
      message: 'it would never be on offer',
      field: 'validTo',
      found: validTo,
      expected: `a moment after ${validFrom}`,
    })
  }
  return problems
}
