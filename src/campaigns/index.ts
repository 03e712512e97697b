export { type Campaign, CONTROL } from './contract.ts'
export { campaignDocuments } from './documents.ts'
export { campaignRoutes } from './http.ts'
export { type Campaigns, createCampaigns } from './service.ts'
