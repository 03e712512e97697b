import { z } from 'zod'
import { type Access, principalOf, tenantOf } from '../access/index.ts'
import { type FastifyInstance, isoOf, parseInput } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import {
  enrolRequest,
  householdRequest,
  leaveRequest,
  type MembershipsView,
  membershipsView,
  type MemberView,
  memberView,
  mergeRequest,
  type ProgrammesView,
  programmesView,
} from './members-contract.ts'
import type { Members, Membership } from './members-service.ts'
import type { Member } from './members.ts'
import { subscriberOf } from './subscriber-parameter.ts'

export type MembersHttpParts = { members: Members; profiles: Profiles; access: Access }

const admin = { config: { roles: ['admin'] as const } }
const householdParameters = z.object({ household: z.string().min(1).max(63) })

const options = {
  programmes: {
    config: { operation: { summary: 'Programmes with their members by state', answer: programmesView } },
  },
  member: {
    config: { operation: { summary: 'What somebody has in each programme', answer: membershipsView } },
  },
  enrol: {
    config: {
      ...admin.config,
      operation: { summary: 'Enrol a member', body: enrolRequest, answer: memberView },
    },
  },
  leave: {
    config: {
      ...admin.config,
      operation: { summary: 'Let a member leave', body: leaveRequest, answer: memberView },
    },
  },
  merge: {
    config: {
      ...admin.config,
      operation: { summary: 'Make one member of two', body: mergeRequest, answer: memberView },
    },
  },
  joinHousehold: {
    config: {
      ...admin.config,
      operation: { summary: 'Let a member enter a household', body: householdRequest, answer: memberView },
    },
  },
  leaveHousehold: {
    config: {
      ...admin.config,
      operation: {
        summary: 'Let a member leave the household',
        body: householdRequest,
        answer: memberView,
      },
    },
  },
}

/** Adds the routes of programmes, members and households. */
export function membersRoutes(http: FastifyInstance, parts: MembersHttpParts): void {
  const { members, profiles, access } = parts
  const audit = (
    request: Parameters<typeof principalOf>[0],
    action: string,
    target: number,
    details: object,
  ) => {
    const { tenantId, keyId } = principalOf(request)
    return access.auditAlone(tenantId, { keyId, action, target: String(target), details })
  }
  http.get('/v1/loyalty/programmes', options.programmes, (request) =>
    programmesOf(members, tenantOf(request)),
  )
  http.get<{ Params: { subscriber: string } }>('/v1/members/:subscriber', options.member, async (request) => {
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, request.params.subscriber)
    const memberships = await members.membershipsOf(tenantId, subscriberId)
    return { subscriberId, memberships: memberships.map(membershipView) } satisfies MembershipsView
  })
  http.post('/v1/loyalty/members', options.enrol, async (request) => {
    const { programme, subscriber, key } = parseInput(enrolRequest, request.body)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    const member = await members.enrol({ tenantId, programmeId: programme, subscriberId, ...keyOf(key) })
    await audit(request, 'member_enrolled', subscriberId, { programme })
    return viewOf(member)
  })
  http.post('/v1/loyalty/members/leave', options.leave, async (request) => {
    const { programme, subscriber, key } = parseInput(leaveRequest, request.body)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    const member = await members.leave({ tenantId, programmeId: programme, subscriberId, ...keyOf(key) })
    await audit(request, 'member_left', subscriberId, { programme })
    return viewOf(member)
  })
  http.post('/v1/loyalty/members/merge', options.merge, async (request) => {
    const { programme, from, into, key } = parseInput(mergeRequest, request.body)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, into)
    const other = await subscriberOf(profiles, tenantId, from)
    const asked = { tenantId, programmeId: programme, subscriberId, from: other, ...keyOf(key) }
    const member = await members.merge(asked)
    await audit(request, 'members_merged', subscriberId, { programme, from: other })
    return viewOf(member)
  })
  householdRoutes(http, parts, audit)
}

type Audit = (
  request: Parameters<typeof principalOf>[0],
  action: string,
  target: number,
  details: object,
) => Promise<void>

function householdRoutes(http: FastifyInstance, { members, profiles }: MembersHttpParts, audit: Audit): void {
  http.post('/v1/loyalty/households/:household/members', options.joinHousehold, async (request) => {
    const { household } = parseInput(householdParameters, request.params)
    const { programme, subscriber, key } = parseInput(householdRequest, request.body)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    const asked = { tenantId, programmeId: programme, subscriberId, householdId: household, ...keyOf(key) }
    const member = await members.joinHousehold(asked)
    await audit(request, 'household_joined', subscriberId, { programme, household })
    return viewOf(member)
  })
  http.post('/v1/loyalty/households/leave', options.leaveHousehold, async (request) => {
    const { programme, subscriber, key } = parseInput(householdRequest, request.body)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    const asked = { tenantId, programmeId: programme, subscriberId, ...keyOf(key) }
    const member = await members.leaveHousehold(asked)
    await audit(request, 'household_left', subscriberId, { programme })
    return viewOf(member)
  })
}

async function programmesOf(members: Members, tenantId: string): Promise<ProgrammesView> {
  return { programmes: await members.programmes(tenantId) }
}

const keyOf = (key: string | undefined): { key?: string } => (key === undefined ? {} : { key })

/** A member as the API shows one. */
export function viewOf(member: Member): MemberView {
  const {
    programmeId,
    subscriberId,
    state,
    enrolledAtMs,
    endedAtMs,
    householdId,
    sharesBalance,
    referralCode,
  } = member
  return {
    programme: programmeId,
    subscriberId,
    state,
    enrolledAt: isoOf(enrolledAtMs),
    endedAt: isoOf(endedAtMs),
    household: householdId,
    sharesBalance,
    referralCode,
  }
}

function membershipView({ member, programme, balance }: Membership): MembershipsView['memberships'][number] {
  const { name, terms, expiry, currency, decimals } = programme
  return {
    ...viewOf(member),
    name,
    terms: terms ?? null,
    expires: expiry !== 'never',
    currency,
    decimals,
    balance: String(balance?.balanceMinor ?? 0n),
    available: String(balance?.availableMinor ?? 0n),
    upcoming: String(balance?.upcomingMinor ?? 0n),
    pendingIn: String(balance?.pendingCreditsMinor ?? 0n),
    reserved: String(balance?.pendingDebitsMinor ?? 0n),
    expiring: (balance?.expiring ?? []).map(({ expiresAt, amountMinor }) => {
      return { at: expiresAt.toString(), points: amountMinor.toString() }
    }),
  }
}
