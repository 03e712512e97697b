import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import { documentId, MAIN_PROGRAMME } from '../programmes.ts'
import type { Referrals } from './service.ts'

const member = z.object({ subscriberId: z.coerce.number().int().positive() })
const codeBody = z.strictObject({
  referral: documentId,
  code: z.string().min(1).max(100),
  idempotencyKey: z.string().min(1).max(200).optional(),
})
const listQuery = z.strictObject({
  referral: documentId.optional(),
  state: z.enum(['paying', 'granted', 'refused']).optional(),
  subscriber: z.coerce.number().int().positive().optional(),
  before: z.iso.datetime({ offset: true }).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

const queryOf = ({ referral, state, subscriber, before, limit }: z.infer<typeof listQuery>) => ({
  referralId: referral ?? null,
  state: state ?? null,
  subscriberId: subscriber ?? null,
  before: before === undefined ? null : Temporal.Instant.from(before),
  limit,
})

const programmeQuery = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })

const options = {
  referrals: {
    config: {
      operation: { summary: 'Whom a member has brought, and by what code', query: programmeQuery },
    },
  },
  postReferrals: { config: { operation: { summary: 'Use a code', body: codeBody } } },
  referralsQrSvg: { config: { operation: { summary: 'The link of a referral as a QR code' } } },
  referralsRewards: { config: { operation: { summary: 'Rewards of referrals', query: listQuery } } },
  referralsRefusals: {
    config: { operation: { summary: 'What was not rewarded, and why', query: listQuery } },
  },
}

/** `/v1/members/:subscriberId/referrals` for members, `/v1/referrals/rewards` and `/v1/referrals/refusals` for agents. */
export function referralRoutes(http: FastifyInstance, referrals: Referrals): void {
  http.get('/v1/members/:subscriberId/referrals', options.referrals, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(programmeQuery, request.query)
    return referrals.view(tenantOf(request), programme, subscriberId)
  })
  http.post('/v1/members/:subscriberId/referrals', options.postReferrals, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { referral: referralId, code, idempotencyKey: key } = parseInput(codeBody, request.body)
    const asked = { referralId, subscriberId, code, ...(key === undefined ? {} : { key }) }
    return referrals.useCode(tenantOf(request), asked)
  })
  http.get(
    '/v1/members/:subscriberId/referrals/:referralId/qr.svg',
    options.referralsQrSvg,
    async (request, reply) => {
      const { subscriberId, referralId } = parseInput(
        member.extend({ referralId: documentId }),
        request.params,
      )
      const svg = await referrals.qrCode(tenantOf(request), referralId, subscriberId)
      return reply.type('image/svg+xml').send(svg)
    },
  )
  http.get('/v1/referrals/rewards', options.referralsRewards, async (request) => ({
    rewards: await referrals.rewards(tenantOf(request), queryOf(parseInput(listQuery, request.query))),
  }))
  http.get('/v1/referrals/refusals', options.referralsRefusals, async (request) => ({
    refusals: await referrals.refusals(tenantOf(request), queryOf(parseInput(listQuery, request.query))),
  }))
}
