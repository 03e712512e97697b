import { z } from 'zod'
import { tenantOf } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import type { Sources } from './sources.ts'

const filesQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) })

/** Adds `GET /v1/sources`, with what each way in does now, and `GET /v1/sources/:id/files` of a watched folder. */
export function sourcesRoutes(http: FastifyInstance, sources: Sources): void {
  http.get('/v1/sources', async (request) => ({ sources: await sources.status(tenantOf(request)) }))

  http.get<{ Params: { id: string } }>('/v1/sources/:id/files', async (request) => {
    const { limit } = parseInput(filesQuery, request.query)
    return { files: await sources.files(tenantOf(request), request.params.id, limit) }
  })
}
