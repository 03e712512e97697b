import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  clubMembersView,
  clubsView,
  exchangesView,
  leaderboardView,
  migratedAccounts,
  migrationResult,
  referralRefusalsView,
  referralRewardsView,
  roundsOfGameView,
  roundView,
  type MigrationResult,
} from '../../../../src/loyalty/contract.ts'
import { calls } from '../../paths.ts'
import { ask } from '../../server.ts'
import { latestFirst } from '../latest-first.ts'

const OFTEN_MS = 5_000

/** All exchanges with their rates and what waits for settlement. */
export const exchangesQuery = queryOptions({
  queryKey: ['loyalty-exchanges'],
  queryFn: async ({ signal }) => (await ask(calls.exchanges, exchangesView, { signal })).exchanges,
  refetchInterval: OFTEN_MS,
})

/** All clubs with their members by state. */
export const clubsQuery = queryOptions({
  queryKey: ['loyalty-clubs'],
  queryFn: async ({ signal }) => (await ask(calls.clubs, clubsView, { signal })).clubs,
  refetchInterval: OFTEN_MS,
})

export type ClubState = 'active' | 'left' | 'lapsed'

/** Who is or was in a club, page by page. */
export const clubMembersQuery = (clubId: string, state: ClubState) =>
  infiniteQueryOptions({
    queryKey: ['loyalty-club-members', clubId, state],
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({ state, after: String(pageParam) })
      return ask(`${calls.clubMembers(clubId)}?${query}`, clubMembersView, { signal })
    },
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
  })

/** The first places of a leaderboard in the present period. */
export const boardQuery = (boardId: string) =>
  queryOptions({
    queryKey: ['loyalty-board', boardId],
    queryFn: ({ signal }) => ask(calls.leaderboard(boardId), leaderboardView, { signal }),
    refetchInterval: OFTEN_MS,
  })

/** The latest rounds of a game, with who played them. */
export const roundsQuery = (kind: string, gameId: string) =>
  queryOptions({
    queryKey: ['loyalty-rounds', kind, gameId],
    queryFn: async ({ signal }) =>
      (await ask(calls.roundsOfGame(kind, gameId), roundsOfGameView, { signal })).rounds,
    refetchInterval: OFTEN_MS,
  })

/** What anybody may know of a round. */
export const roundQuery = (roundId: string) =>
  queryOptions({
    queryKey: ['loyalty-round', roundId],
    queryFn: ({ signal }) => ask(calls.round(roundId), roundView, { signal }),
    retry: false,
  })

const PAGE = 20

/** What invitations of a document gave, the latest first, page by page. */
export const referralGrantsQuery = (referral: string) =>
  latestFirst(['loyalty-referral-grants', referral], (before, signal) => {
    const query = new URLSearchParams({ referral, limit: String(PAGE), ...before })
    return ask(`${calls.referralRewards}?${query}`, referralRewardsView, { signal })
  })

/** Codes of a document that gave nothing, the latest first, page by page. */
export const referralRefusalsQuery = (referral: string) =>
  latestFirst(['loyalty-referral-refusals', referral], (before, signal) => {
    const query = new URLSearchParams({ referral, limit: String(PAGE), ...before })
    return ask(`${calls.referralRefusals}?${query}`, referralRefusalsView, { signal })
  })

/** What a migration did to each account, the first of them. */
export const migratedQuery = (migrationId: string) =>
  queryOptions({
    queryKey: ['loyalty-migrated', migrationId],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.migration(migrationId, 'accounts')}?limit=50`, migratedAccounts, { signal }))
        .accounts,
  })

/** Moves members and points, or says what moving them would do. */
export const runMigration = (migrationId: string, dryRun: boolean): Promise<MigrationResult> =>
  ask(calls.migration(migrationId, 'run'), migrationResult, { body: { dryRun } })
