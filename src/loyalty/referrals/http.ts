import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import { documentId } from '../programmes.ts'
import { codeBody, referralListQuery, referralOperations, referralsQuery } from './contract.ts'
import type { Referrals } from './service.ts'

const member = z.object({ subscriberId: z.coerce.number().int().positive() })
const queryOf = ({ referral, state, subscriber, before, limit }: z.infer<typeof referralListQuery>) => ({
  referralId: referral ?? null,
  state: state ?? null,
  subscriberId: subscriber ?? null,
  before: before === undefined ? null : Temporal.Instant.from(before),
  limit,
})

const says = (operation: keyof typeof referralOperations) => ({
  config: { operation: referralOperations[operation] },
})
const admin = {
  config: { roles: ['admin'] as const, operation: referralOperations.useCode },
}

/** `/v1/members/:subscriberId/referrals` for members, `/v1/referrals/rewards` and `/v1/referrals/refusals` for agents. */
export function referralRoutes(http: FastifyInstance, referrals: Referrals): void {
  http.get('/v1/members/:subscriberId/referrals', says('ofMember'), async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(referralsQuery, request.query)
    return referrals.view(tenantOf(request), programme, subscriberId)
  })
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
  http.get('/v1/referrals/rewards', says('rewards'), async (request) => ({
    rewards: await referrals.rewards(
      tenantOf(request),
      queryOf(parseInput(referralListQuery, request.query)),
    ),
  }))
  http.get('/v1/referrals/refusals', says('refusals'), async (request) => ({
    refusals: await referrals.refusals(
      tenantOf(request),
      queryOf(parseInput(referralListQuery, request.query)),
    ),
  }))
}
