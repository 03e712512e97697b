import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, isoOf, parseInput } from '../../platform/index.ts'
import { nextPlace } from '../pages.ts'
import { documentId } from '../programmes.ts'
import {
  codeBody,
  type MemberReferralsView,
  referralListQuery,
  referralOperations,
  type ReferralRefusalsView,
  type ReferralRewardsView,
  referralsQuery,
} from './contract.ts'
import type { Grant } from './referral.ts'
import type { Referrals } from './service.ts'

const member = z.object({ subscriberId: z.coerce.number().int().positive() })
const queryOf = ({ referral, state, subscriber, before, limit }: z.infer<typeof referralListQuery>) => ({
  referralId: referral ?? null,
  state: state ?? null,
  subscriberId: subscriber ?? null,
  before: before ?? null,
  limit,
})

const rewardView = ({ atMs, nextTryAtMs, settledAtMs, ...grant }: Grant) => ({
  ...grant,
  at: isoOf(atMs),
  nextTryAt: isoOf(nextTryAtMs),
  settledAt: isoOf(settledAtMs),
})

const says = (operation: keyof typeof referralOperations) => ({
  config: { operation: referralOperations[operation] },
})
const admin = {
  config: { roles: ['admin'] as const, operation: referralOperations.useCode },
}

/** `/v1/members/:subscriberId/referrals` for members, `/v1/referrals/rewards` and `/v1/referrals/refusals` for agents. */
export function referralRoutes(http: FastifyInstance, referrals: Referrals): void {
  http.get(
    '/v1/members/:subscriberId/referrals',
    says('ofMember'),
    async (request): Promise<MemberReferralsView> => {
      const { subscriberId } = parseInput(member, request.params)
      const { programme } = parseInput(referralsQuery, request.query)
      const view = await referrals.view(tenantOf(request), programme, subscriberId)
      const brought = view.brought.map((one) => ({ ...one, linkedAt: one.linkedAt.toString() }))
      return { ...view, brought, rewards: view.rewards.map(rewardView) }
    },
  )
  http.post('/v1/members/:subscriberId/referrals', admin, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { referral: referralId, code, idempotencyKey: key } = parseInput(codeBody, request.body)
    const asked = { referralId, subscriberId, code, ...(key === undefined ? {} : { key }) }
    return referrals.useCode(tenantOf(request), asked)
  })
  http.get(
    '/v1/members/:subscriberId/referrals/:referralId/qr.svg',
    says('qrCode'),
    async (request, reply) => {
      const { subscriberId, referralId } = parseInput(
        member.extend({ referralId: documentId }),
        request.params,
      )
      const svg = await referrals.qrCode(tenantOf(request), referralId, subscriberId)
      return reply.type('image/svg+xml').send(svg)
    },
  )
  http.get('/v1/referrals/rewards', says('rewards'), async (request): Promise<ReferralRewardsView> => {
    const query = queryOf(parseInput(referralListQuery, request.query))
    const found = await referrals.rewards(tenantOf(request), query)
    const next = nextPlace(found, query.limit, ({ atMs, grantId: id }) => ({ at: isoOf(atMs), id }))
    return { rewards: found.map(rewardView), next }
  })
  http.get('/v1/referrals/refusals', says('refusals'), async (request): Promise<ReferralRefusalsView> => {
    const query = queryOf(parseInput(referralListQuery, request.query))
    const found = await referrals.refusals(tenantOf(request), query)
    const refusals = found.map(({ atMs, ...one }) => ({ ...one, at: isoOf(atMs) }))
    const next = nextPlace(refusals, query.limit, ({ at, refusalId: id }) => ({ at, id }))
    return { refusals, next }
  })
}
