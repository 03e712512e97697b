import { tenantOf } from '../access/index.ts'
import type { FastifyInstance } from '../platform/index.ts'
import type { Insights } from './service.ts'

/** `GET /v1/campaigns/:campaignId/report` */
export function insightsRoutes(http: FastifyInstance, insights: Insights): void {
  http.get<{ Params: { campaignId: string } }>('/v1/campaigns/:campaignId/report', (request) =>
    insights.report(tenantOf(request), request.params.campaignId),
  )
}
