import { z } from 'zod'
import { tenantOf } from '../access/index.ts'
import { type Database, type FastifyInstance, parseInput } from '../platform/index.ts'
import { offersOfSubscriber } from './store.ts'

const parameters = z.object({ subscriberId: z.coerce.number().int().min(0).max(2_147_483_647) })

/** `GET /v1/subscribers/:subscriberId/offers`: what was offered, what not, and why. */
export function offersRoutes(http: FastifyInstance, deps: { database: Database }): void {
  http.get('/v1/subscribers/:subscriberId/offers', (request) => {
    const { subscriberId } = parseInput(parameters, request.params)
    return deps.database.tx(tenantOf(request), async (tx) => ({
      subscriberId,
      offers: await offersOfSubscriber(tx, subscriberId, 100),
    }))
  })
}
