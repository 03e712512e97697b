import { z } from 'zod'
import { tenantOf } from '../access/index.ts'
import { type Database, type FastifyInstance, parseInput } from '../platform/index.ts'
import type { Loyalty } from './service.ts'

const parameters = z.object({ subscriberId: z.coerce.number().int().min(0).max(2_147_483_647) })

/** `GET /v1/subscribers/:subscriberId/points`: balances, and why points were given or not. */
export function loyaltyRoutes(http: FastifyInstance, deps: { database: Database; loyalty: Loyalty }): void {
  http.get('/v1/subscribers/:subscriberId/points', (request) => {
    const { subscriberId } = parseInput(parameters, request.params)
    return deps.database.tx(tenantOf(request), (tx) => deps.loyalty.pointsOf(tx, subscriberId))
  })
}
