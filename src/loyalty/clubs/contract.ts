import { z } from 'zod'
import { documentId, MAIN_PROGRAMME, words } from '../programmes.ts'
import { club } from './documents.ts'

export { club, type Club } from './documents.ts'
export { type ClubReason, clubReasons, type ClubRefusal, clubRefusals } from './errors.ts'
export { clubWords } from './words.ts'

export const clubsQuery = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })

/** `POST /v1/members/:subscriber/clubs/:clubId/join` and `…/leave` */
export const clubBody = z.strictObject({ idempotencyKey: z.string().min(1).max(200).optional() })

export const clubMembershipView = z.object({
  club: z.string(),
  state: z.enum(['active', 'left', 'lapsed']),
  joinedAt: z.string(),
  paidUntil: z.string().nullable(),
  endedAt: z.string().nullable(),
  reason: z.string(),
  text: words,
})
export type ClubMembershipView = z.infer<typeof clubMembershipView>

/** `GET /v1/members/:subscriber/clubs` */
export const memberClubsView = z.object({
  clubs: z.array(
    z.object({
      club: z.string(),
      name: words,
      description: words.nullable(),
      fee: club.shape.fee.unwrap().nullable(),
      membership: clubMembershipView.nullable(),
      /** Null: the member can join, or is in. */
      refusal: z.string().nullable(),
      text: words.nullable(),
    }),
  ),
})
export type MemberClubsView = z.infer<typeof memberClubsView>

/** `GET /v1/loyalty/clubs` */
export const clubsView = z.object({
  clubs: z.array(
    z.object({
      club: z.string(),
      programme: z.string(),
      name: words,
      version: z.int(),
      members: z.record(z.string(), z.int()),
    }),
  ),
})
export type ClubsView = z.infer<typeof clubsView>

/** `GET /v1/loyalty/clubs/:clubId/members` (`?state=&after=&limit=`) */
export const clubMembersQuery = z.strictObject({
  state: clubMembershipView.shape.state.default('active'),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export const clubMembersView = z.object({
  members: z.array(clubMembershipView.extend({ subscriberId: z.int() })),
  /** `after` of the next page. */
  next: z.int().nullable(),
})
export type ClubMembersView = z.infer<typeof clubMembersView>

const membershipAnswer = z.object({ membership: clubMembershipView.nullable() })
/** What each route says of itself in the description of the API. */
export const clubOperations = {
  list: { summary: 'Clubs with their members by state', answer: clubsView },
  members: { summary: 'Who is or was in a club', query: clubMembersQuery, answer: clubMembersView },
  ofMember: { summary: 'Clubs as a member sees them', query: clubsQuery, answer: memberClubsView },
  join: { summary: 'Join a club and pay its fee', body: clubBody, answer: membershipAnswer },
  leave: { summary: 'Leave a club', body: clubBody, answer: membershipAnswer },
}
