import { DomainError, type ErrorDetails } from '../../platform/index.ts'
import type { RewardErrorCode, RewardRefusal } from './errors.ts'
import { rewardWords } from './words.ts'

/** Fails with one of the codes of rewards. */
export function fail(code: RewardErrorCode, message: string, details: ErrorDetails = {}): never {
  throw new DomainError(code, message, details)
}

/** What a member is told who cannot have a reward. */
export const refusalOf = (refusal: RewardRefusal, details: ErrorDetails): DomainError =>
  new DomainError(refusal, rewardWords[refusal].en, details)
