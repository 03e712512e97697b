import { tenantOf } from '../access/index.ts'
import type { FastifyInstance } from '../platform/index.ts'
import type { Campaigns } from './service.ts'

/** `GET /v1/campaigns`: what runs. */
export function campaignRoutes(http: FastifyInstance, campaigns: Campaigns): void {
  http.get('/v1/campaigns', (request) => campaigns.list(tenantOf(request)))
}
