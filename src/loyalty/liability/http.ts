import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { documentId } from '../programmes.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import { liabilityView, memberExpiryView } from './contract.ts'
import type { Liability } from './service.ts'

const options = {
  programmesLiability: {
    config: {
      operation: {
        summary: 'What is owed, by age and expiry, and the cost by month',
        answer: liabilityView,
      },
    },
  },
  expiry: {
    config: { operation: { summary: 'What of a member’s points expires when', answer: memberExpiryView } },
  },
}

/**
 * `GET /v1/loyalty/programmes/:programmeId/liability`: what is owed, by age and expiry, what of it is expected to
 * expire, and the cost by month. `GET /v1/members/:subscriber/expiry`: what of a member's points expires when.
 */
export function liabilityRoutes(
  http: FastifyInstance,
  parts: { liability: Liability; profiles: Profiles },
): void {
  const { liability, profiles } = parts
  http.get('/v1/loyalty/programmes/:programmeId/liability', options.programmesLiability, async (request) => {
    const { programmeId } = parseInput(z.object({ programmeId: documentId }), request.params)
    return liability.report(tenantOf(request), programmeId)
  })
  http.get('/v1/members/:subscriber/expiry', options.expiry, async (request) => {
    const { subscriber } = parseInput(z.object({ subscriber: z.string().min(1).max(200) }), request.params)
    const subscriberId = await subscriberOf(profiles, tenantOf(request), subscriber)
    return { programmes: await liability.expiryOf(tenantOf(request), subscriberId) }
  })
}
