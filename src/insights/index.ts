export type { CampaignReport } from './contract.ts'
export { insightsErrors } from './errors.ts'
export { insightsRoutes } from './http.ts'
export { createInsights, type Insights } from './service.ts'
