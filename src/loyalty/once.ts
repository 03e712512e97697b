import { DomainError, type Tx } from '../platform/index.ts'
import { actionId } from './action.ts'
import type { LoyaltyErrorCode } from './errors.ts'
import { selectJudgedEvent } from './judgements-store.ts'

/**
 * Whether an action was carried out under its key before. The same key answers the same, so ask before anything that
 * may refuse. Throws `loyalty_key_mismatch` where the key was used for another member, other points or another reason.
 */
export async function wasDone(
  tx: Tx,
  asked: { part: string; key: string; subscriberId: number; points: bigint; reason: string },
): Promise<boolean> {
  const { part, key, subscriberId, points, reason } = asked
  const before = await selectJudgedEvent(tx, actionId(part, key))
  if (!before) return false
  const [judgement] = before.judgements
  const found = [before.subscriberId, judgement?.points, judgement?.saw['reason']].join(' ')
  const expected = [subscriberId, points, reason].join(' ')
  if (found === expected) return true
  const code: LoyaltyErrorCode = 'loyalty_key_mismatch'
  throw new DomainError(code, 'the key was used for something else', {
    field: 'key',
    found: expected,
    expected: found,
  })
}
