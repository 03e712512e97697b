import { queryOptions } from '@tanstack/react-query'
import { lotsView } from '../../../src/ledger/contract.ts'
import {
  abuseCasesView,
  explainAnswer,
  historyPage,
  liabilityView,
  memberClubsView,
  memberExpiryView,
  memberPlayView,
  memberReferralsView,
  roundsView,
  membershipsView,
  memberTiersView,
  programmesView,
  tierCountsView,
  tierHistoryView,
  tryAnswer,
  type CorrectionBody,
  type OverrideBody,
} from '../../../src/loyalty/contract.ts'
import { z } from 'zod'
import { calls, type Language } from '../paths.ts'
import { ask, askWithProgress, type Progress, ServerFailure } from '../server.ts'
import { latestFirst } from './latest-first.ts'

const OFTEN_MS = 5_000
const SELDOM_MS = 30_000

/** All programmes with their members by state. */
export const programmesQuery = queryOptions({
  queryKey: ['loyalty-programmes'],
  queryFn: async ({ signal }) => (await ask(calls.programmes, programmesView, { signal })).programmes,
  refetchInterval: SELDOM_MS,
})

/** What a programme owes, and what it costs. */
export const liabilityQuery = (programmeId: string) =>
  queryOptions({
    queryKey: ['loyalty-liability', programmeId],
    queryFn: ({ signal }) => ask(calls.liability(programmeId), liabilityView, { signal }),
    refetchInterval: SELDOM_MS,
  })

/** How many members stand on each tier of a ladder that is saved. */
export const tierCountsQuery = (ladderId: string, isSaved: boolean) =>
  queryOptions({
    queryKey: ['loyalty-tier-counts', ladderId],
    queryFn: async ({ signal }) =>
      (await ask(calls.ladderMembers(ladderId), tierCountsView, { signal })).tiers,
    enabled: isSaved,
    refetchInterval: SELDOM_MS,
  })

/** What somebody has in each programme. */
export const membershipsQuery = (subscriberId: number) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'memberships'],
    queryFn: async ({ signal }) =>
      (await ask(calls.member(subscriberId), membershipsView, { signal })).memberships,
    refetchInterval: OFTEN_MS,
  })

/** When it expires, and what the programme says about it. */
export const memberExpiryQuery = (subscriberId: number) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'expiry'],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.member(subscriberId)}/expiry`, memberExpiryView, { signal })).programmes,
    refetchInterval: OFTEN_MS,
  })

const PAGE = 10

/** What happened and what each rule made of it, the latest first, page by page. */
export const memberHistoryQuery = (subscriberId: number, programme: string, language: Language) =>
  latestFirst(['member', subscriberId, 'history', programme, language], (before, signal) => {
    const query = new URLSearchParams({ programme, language, limit: String(PAGE), ...before })
    return ask(`${calls.member(subscriberId)}/points?${query}`, historyPage, { signal })
  })

/** Every ladder with what lies ahead. */
export const memberTiersQuery = (subscriberId: number) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'tiers'],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.member(subscriberId)}/tiers`, memberTiersView, { signal })).ladders,
    refetchInterval: OFTEN_MS,
  })

/** Each move on a ladder, and why. */
export const tierHistoryQuery = (subscriberId: number, ladderId: string) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'tier-history', ladderId],
    queryFn: async ({ signal }) =>
      (await ask(calls.memberTierHistory(subscriberId, ladderId), tierHistoryView, { signal })).changes,
  })

const missingAsNull = (error: unknown): null => {
  if (error instanceof ServerFailure && (error.kind === 'missing' || error.kind === 'refused')) return null
  throw error
}

/** What each rule made of one event. Missing where none judged such an event. */
export const explainQuery = (subscriberId: number, programme: string, event: string, language: Language) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'explain', programme, event, language],
    queryFn: ({ signal }) => {
      const path = calls.explainPoints(subscriberId, { programme, event, language })
      return ask(path, explainAnswer, { signal })
    },
    retry: false,
  })

/** The clubs of a programme as a member sees them; null for who has left. */
export const memberClubsQuery = (subscriberId: number, programme: string) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'clubs', programme],
    queryFn: async ({ signal }) => {
      const path = `${calls.member(subscriberId)}/clubs?${new URLSearchParams({ programme })}`
      return (await ask(path, memberClubsView, { signal }).catch(missingAsNull))?.clubs ?? null
    },
    refetchInterval: SELDOM_MS,
  })

/** Cases of suspected abuse about a member, the latest first. */
export const memberCasesQuery = (subscriberId: number) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'cases'],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.member(subscriberId)}/abuse`, abuseCasesView, { signal })).cases,
    refetchInterval: OFTEN_MS,
  })

/** The latest rounds of games that a member played. */
export const memberRoundsQuery = (subscriberId: number) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'rounds'],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.member(subscriberId)}/rounds`, roundsView, { signal })).rounds,
    refetchInterval: SELDOM_MS,
  })

/** Quests, streaks and badges; null for who has left. */
export const memberPlayQuery = (subscriberId: number, programme: string) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'play', programme],
    queryFn: ({ signal }) =>
      ask(`${calls.member(subscriberId)}/play?${new URLSearchParams({ programme })}`, memberPlayView, {
        signal,
      }).catch(missingAsNull),
    refetchInterval: OFTEN_MS,
  })

/** Whom a member brought, and what came of it; null for who has left. */
export const memberReferralsQuery = (subscriberId: number, programme: string) =>
  queryOptions({
    queryKey: ['member', subscriberId, 'referrals', programme],
    queryFn: ({ signal }) =>
      ask(
        `${calls.member(subscriberId)}/referrals?${new URLSearchParams({ programme })}`,
        memberReferralsView,
        {
          signal,
        },
      ).catch(missingAsNull),
    refetchInterval: SELDOM_MS,
  })

/** The open lots of an account; none where it was never opened. */
export const lotsQuery = (accountId: string) =>
  queryOptions({
    queryKey: ['lots', accountId],
    queryFn: async ({ signal }) => (await ask(calls.lots(accountId), lotsView, { signal })).lots,
    refetchInterval: OFTEN_MS,
  })

/** Gives a tier by somebody's decision, or ends what was given. */
export const overrideTier = (subscriberId: number, body: OverrideBody): Promise<unknown> =>
  ask(`${calls.member(subscriberId)}/tier-overrides`, z.unknown(), { body })

/** Gives points, or takes them with a minus before them; once a key. */
export const correctPoints = (subscriberId: number, body: CorrectionBody): Promise<unknown> =>
  ask(`${calls.member(subscriberId)}/points/corrections`, z.unknown(), { body })

export type Span = { from: string; to: string }

/** Plays an earn rule over the log and says what it would have cost. */
export const tryRule =
  (rule: object) => (span: Span, signal: AbortSignal, onProgress: (progress: Progress) => void) =>
    askWithProgress(calls.tryEarnRule, tryAnswer, { body: { rule, ...span }, signal, onProgress })

/** Plays a quest, an achievement or a streak over the log and says what it would have cost. */
export const tryPlay =
  (document: object) => (span: Span, signal: AbortSignal, onProgress: (progress: Progress) => void) =>
    askWithProgress(calls.tryPlay, tryAnswer, { body: { document, ...span }, signal, onProgress })
