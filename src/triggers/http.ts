import { z } from 'zod'
import { tenantOf } from '../access/index.ts'
import { type FastifyInstance, parseInput } from '../platform/index.ts'
import type { Triggers } from './service.ts'

const firingsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  key: z.string().optional(),
})

/** Adds `GET /v1/triggers` and `GET /v1/triggers/:id/firings?limit=`. */
export function triggersRoutes(http: FastifyInstance, triggers: Triggers): void {
  http.get('/v1/triggers', async (request) => ({ triggers: await triggers.list(tenantOf(request)) }))
  http.get<{ Params: { id: string } }>('/v1/triggers/:id/firings', async (request) => {
    const { limit } = parseInput(firingsQuery, request.query)
    return { firings: await triggers.firings(tenantOf(request), request.params.id, limit) }
  })
}
