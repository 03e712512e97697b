import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, isoOf, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { documentId } from '../programmes.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import type { ClubMembership } from './club-membership.ts'
import {
  clubBody,
  clubMembersQuery,
  type ClubMembersView,
  clubOperations as operations,
  type ClubMembershipView,
  clubsQuery,
  type ClubsView,
  type MemberClubsView,
} from './contract.ts'
import type { Clubs } from './service.ts'
import { clubWords } from './words.ts'

const member = z.object({ subscriber: z.string().min(1).max(200) })
const seat = member.extend({ clubId: documentId })

/** `/v1/members/:subscriber/clubs`, `…/:clubId/join`, `…/:clubId/leave`; `/v1/loyalty/clubs` and `…/:clubId/members` for agents. */
export function clubRoutes(
  http: FastifyInstance,
  { clubs, profiles }: { clubs: Clubs; profiles: Profiles },
): void {
  http.get(
    '/v1/loyalty/clubs',
    { config: { operation: operations.list } },
    async (request): Promise<ClubsView> => {
      const found = await clubs.list(tenantOf(request))
      return {
        clubs: found.map(({ club: { document, version }, members }) => ({
          club: document.id,
          programme: document.programme,
          name: document.name,
          version,
          members,
        })),
      }
    },
  )
  http.get(
    '/v1/loyalty/clubs/:clubId/members',
    { config: { operation: operations.members } },
    async (request): Promise<ClubMembersView> => {
      const { clubId } = parseInput(z.object({ clubId: documentId }), request.params)
      const query = parseInput(clubMembersQuery, request.query)
      const found = await clubs.membersOf(tenantOf(request), { clubId, ...query })
      return {
        members: found.map((one) => ({ ...viewOf(one), subscriberId: one.subscriberId })),
        next: found.length < query.limit ? null : found.at(-1)!.subscriberId,
      }
    },
  )
  http.get(
    '/v1/members/:subscriber/clubs',
    { config: { operation: operations.ofMember } },
    async (request): Promise<MemberClubsView> => {
      const tenantId = tenantOf(request)
      const { programme } = parseInput(clubsQuery, request.query)
      const id = await subscriberOf(profiles, tenantId, parseInput(member, request.params).subscriber)
      const lines = await clubs.ofMember(tenantId, programme, id)
      return {
        clubs: lines.map(({ club: { document }, membership, refusal }) => ({
          club: document.id,
          name: document.name,
          description: document.description ?? null,
          fee: document.fee ?? null,
          membership: membership && viewOf(membership),
          refusal,
          text: refusal === null ? null : clubWords[refusal],
        })),
      }
    },
  )
  for (const what of ['join', 'leave'] as const) {
    http.post(
      `/v1/members/:subscriber/clubs/:clubId/${what}`,
      { config: { roles: ['admin'] as const, operation: operations[what] } },
      async (request) => {
        const tenantId = tenantOf(request)
        const { subscriber, clubId } = parseInput(seat, request.params)
        const { idempotencyKey: key } = parseInput(clubBody, request.body ?? {})
        const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
        const asked = { tenantId, clubId, subscriberId, ...(key === undefined ? {} : { key }) }
        const membership = await clubs[what](asked)
        return { membership: membership && viewOf(membership) }
      },
    )
  }
}

function viewOf(membership: ClubMembership): ClubMembershipView {
  const { clubId, state, joinedAtMs, paidUntilMs, endedAtMs, reason } = membership
  return {
    club: clubId,
    state,
    joinedAt: isoOf(joinedAtMs),
    paidUntil: isoOf(paidUntilMs),
    endedAt: isoOf(endedAtMs),
    reason,
    text: clubWords[reason],
  }
}
