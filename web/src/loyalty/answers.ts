import { z } from 'zod'
import { words } from '../../../src/loyalty/contract.ts'

/* What the pages ask of answers that have no schema of their own in the contract. */

const minor = z.string().regex(/^-?\d+$/)
const amount = z.union([minor, z.int().transform(String)])

/** `GET /v1/members/:subscriber/play` */
export const playAnswer = z.object({
  quests: z.array(
    z.object({
      id: z.string(),
      name: words,
      state: z.enum(['not_joined', 'open', 'completed', 'expired']),
      completed: z.number(),
      times: z.number(),
      deadline: z.string().nullable(),
      steps: z.array(
        z.object({ id: z.string(), name: words, amount, reach: amount, doneAt: z.string().nullable() }),
      ),
    }),
  ),
  streaks: z.array(
    z.object({
      id: z.string(),
      name: words,
      every: z.enum(['day', 'week']),
      length: z.number(),
      best: z.number(),
      isKeptNow: z.boolean(),
      periodsLeft: z.number(),
    }),
  ),
  badges: z.array(z.object({ id: z.string(), name: words, at: z.string() })),
})
export type PlayAnswer = z.infer<typeof playAnswer>

/** `GET /v1/members/:subscriber/referrals` */
export const referralsAnswer = z.object({
  code: z.string(),
  brought: z.array(
    z.object({
      referralId: z.string(),
      refereeId: z.number(),
      linkedAt: z.string(),
      steps: z.array(z.object({ rewardId: z.string(), state: z.string(), reason: z.string().nullable() })),
    }),
  ),
  rewards: z.array(
    z.object({
      grantId: z.string(),
      referralId: z.string(),
      rewardId: z.string(),
      refereeId: z.number(),
      side: z.enum(['referrer', 'referee', 'chain']),
      state: z.enum(['paying', 'granted', 'refused']),
      reason: z.string().nullable(),
      atMs: z.number(),
    }),
  ),
})
export type ReferralsAnswer = z.infer<typeof referralsAnswer>

/** `GET /v1/ledger/accounts/:id/lots` */
export const lotsAnswer = z.object({
  lots: z.array(
    z.object({
      lotId: z.string(),
      remainingMinor: minor,
      earnedAt: z.string(),
      availableFrom: z.string(),
      expiresAt: z.string().optional(),
      originKey: z.string(),
    }),
  ),
})
export type Lot = z.infer<typeof lotsAnswer>['lots'][number]
