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

/** `/v1/members/:subscriberId/referrals` for members, `/v1/referrals/rewards` and `/v1/referrals/refusals` for agents. */
export function referralRoutes(http: FastifyInstance, referrals: Referrals): void {
  http.get('/v1/members/:subscriberId/referrals', async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const query = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })
    const { programme } = parseInput(query, request.query)
    return referrals.view(tenantOf(request), programme, subscriberId)
  })
  http.post('/v1/members/:subscriberId/referrals', async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { referral: referralId, code, idempotencyKey: key } = parseInput(codeBody, request.body)
    const asked = { referralId, subscriberId, code, ...(key === undefined ? {} : { key }) }
    return referrals.useCode(tenantOf(request), asked)
  })
  http.get('/v1/referrals/rewards', async (request) => ({
    rewards: await referrals.rewards(tenantOf(request), queryOf(parseInput(listQuery, request.query))),
  }))
  http.get('/v1/referrals/refusals', async (request) => ({
    refusals: await referrals.refusals(tenantOf(request), queryOf(parseInput(listQuery, request.query))),
  }))
}
