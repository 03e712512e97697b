import { z } from 'zod'
import { programmeSchema } from './programmes.ts'

const minor = z.string().regex(/^-?\d+$/)
/** A subscriber by number or identity (`msisdn:+7…`, `account:…`, `external:…`). */
const subscriber = z.union([z.int().positive().transform(String), z.string().min(1).max(200)])
const programme = z.string().min(1).max(63)
const key = z.string().min(1).max(200).optional()

/** `POST /v1/loyalty/members`: makes a member, or brings one back. `key` makes any of these requests idempotent. */
export const enrolRequest = z.strictObject({ programme, subscriber, key })
/** `POST /v1/loyalty/members/leave` */
export const leaveRequest = z.strictObject({ programme, subscriber, key })
/** `POST /v1/loyalty/members/merge`: `into` goes on with what both have. */
export const mergeRequest = z.strictObject({ programme, from: subscriber, into: subscriber, key })
/** `POST /v1/loyalty/households/:household/members`, and `…/leave` without the household. */
export const householdRequest = z.strictObject({ programme, subscriber, key })

export const memberView = z.object({
  programme: z.string(),
  subscriberId: z.int(),
  state: z.enum(['active', 'left', 'merged']),
  enrolledAt: z.string(),
  endedAt: z.string().nullable(),
  household: z.string().nullable(),
  sharesBalance: z.boolean(),
  referralCode: z.string(),
})
export type MemberView = z.infer<typeof memberView>

/** `GET /v1/members/:subscriber`: what somebody has, what comes and what expires when, programme by programme. */
export const membershipsView = z.object({
  subscriberId: z.int(),
  memberships: z.array(
    memberView.extend({
      name: programmeSchema.shape.name,
      terms: programmeSchema.shape.terms.nullable(),
      /** Whether points ever expire. */
      expires: z.boolean(),
      currency: z.string(),
      decimals: z.int(),
      /** Minor units; a debt is below zero. */
      balance: minor,
      available: minor,
      /** Given, to be spent later. */
      upcoming: minor,
      /** Waits for an event, or is reserved for a reward. */
      pendingIn: minor,
      reserved: minor,
      expiring: z.array(z.object({ at: z.string(), points: minor })),
    }),
  ),
})
export type MembershipsView = z.infer<typeof membershipsView>

/** `GET /v1/loyalty/programmes` */
export const programmesView = z.object({
  programmes: z.array(
    z.object({
      programme: programmeSchema,
      version: z.int(),
      timeZone: z.string(),
      /** Members by state. */
      members: z.record(z.string(), z.int()),
    }),
  ),
})
export type ProgrammesView = z.infer<typeof programmesView>
