import type { JudgementView } from '../../../src/loyalty/contract.ts'

/** What came of an event in all, in minor units: what one rule gave less what another took back. */
export const netOf = (judgements: readonly Pick<JudgementView, 'points'>[]): bigint =>
  judgements.reduce((sum, { points }) => sum + BigInt(points), 0n)
