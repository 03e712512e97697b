import { tenantOf } from '../access/index.ts'
import { type FastifyInstance, parseInput } from '../platform/index.ts'
import { conversionQuery } from './contract.ts'
import type { Insights } from './service.ts'

/** `GET /v1/campaigns/:campaignId/report` and `GET /v1/cascades/:cascadeId/conversion` */
export function insightsRoutes(http: FastifyInstance, insights: Insights): void {
  http.get<{ Params: { campaignId: string } }>('/v1/campaigns/:campaignId/report', (request) =>
    insights.report(tenantOf(request), request.params.campaignId),
  )
  http.get<{ Params: { cascadeId: string } }>('/v1/cascades/:cascadeId/conversion', (request) =>
    insights.conversion(
      tenantOf(request),
      request.params.cascadeId,
      parseInput(conversionQuery, request.query),
    ),
  )
}
