import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import {
  abuseCaseView,
  abuseEvidenceView,
  abuseQueueView,
  redemptionsView,
  redemptionView,
  rewardsView,
  type DecisionBody,
} from '../../../src/loyalty/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'
import { latestFirst } from './latest-first.ts'

const OFTEN_MS = 5_000

/** All rewards with what is left. */
export const rewardsQuery = queryOptions({
  queryKey: ['loyalty-rewards'],
  queryFn: async ({ signal }) => (await ask(calls.rewards, rewardsView, { signal })).rewards,
  refetchInterval: OFTEN_MS,
})

const PAGE = 20

/** The latest redemptions, of all members or of one, page by page. */
export const redemptionsQuery = (subscriberId?: number) =>
  latestFirst(['loyalty-redemptions', subscriberId ?? 'all'], (before, signal) => {
    const path = subscriberId === undefined ? calls.redemptions : `${calls.member(subscriberId)}/redemptions`
    const query = new URLSearchParams({ limit: String(PAGE), ...before })
    return ask(`${path}?${query}`, redemptionsView, { signal })
  })

/** What an agent does with a redemption; all but handing out take a reason. */
export const settleRedemption = (
  redemptionId: string,
  act: 'hand-out' | 'cancel' | 'refund',
  reason: string,
): Promise<unknown> =>
  ask(`${calls.redemptions}/${redemptionId}/${act}`, redemptionView, {
    body: act === 'hand-out' ? {} : { reason },
  })

/** Puts codes into the pool of a reward. */
export const addCodes = (rewardId: string, codes: readonly string[]): Promise<unknown> =>
  ask(calls.reward(rewardId, 'codes'), z.unknown(), { body: { codes } })

/** Puts pieces on the shelf, or takes them off; once a key. */
export const addPieces = (rewardId: string, add: number, idempotencyKey: string): Promise<unknown> =>
  ask(calls.reward(rewardId, 'stock'), z.unknown(), { body: { add, idempotencyKey } })

export type CaseState = z.infer<typeof abuseCaseView>['state']

/** Cases about members who look like abusing a programme, the oldest first. */
export const casesQuery = (state: CaseState) =>
  queryOptions({
    queryKey: ['abuse-cases', state],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.abuseCases}?${new URLSearchParams({ state })}`, abuseQueueView, { signal })).cases,
    refetchInterval: OFTEN_MS,
  })

/** One case with what the member lately did. */
export const evidenceQuery = (caseId: string) =>
  queryOptions({
    queryKey: ['abuse-case', caseId],
    queryFn: ({ signal }) => ask(calls.abuseCase(caseId), abuseEvidenceView, { signal }),
    refetchInterval: OFTEN_MS,
  })

/** Confirms a case, or takes everything back that it did. */
export const decideCase = (caseId: string, body: DecisionBody): Promise<unknown> =>
  ask(`${calls.abuseCase(caseId)}/decision`, abuseCaseView, { body })
