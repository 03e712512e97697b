export { type Answer, markAnswers, takeAnswers } from './answer-store.ts'
export { adHocId } from './catalogue.ts'
export { cascadeRoutes } from './cascade-http.ts'
export type {
  Callback,
  CallbackReply,
  Channel,
  ChannelEvents,
  ChannelKind,
  Content,
  DeliveryReceipt,
  InboundAnswer,
  AddressGone,
  OutboundMessage,
  SubmitOutcome,
} from './channel.ts'
export {
  campaignsOfCascade,
  type Converted,
  conversionsOfCascade,
  type StepConversion,
} from './conversion-store.ts'
export { messagingDocuments } from './documents.ts'
export { messagingErrors } from './errors.ts'
export { messagingRoutes } from './http.ts'
export { overviewRoutes } from './overview-http.ts'
export { policyRoutes } from './policy-http.ts'
export { createMessaging, type Messaging } from './service.ts'
export type { StartCascade } from './start-store.ts'
export { takeWords, type WordAnswer, type WordOutcome } from './consent-withdrawal.ts'
export { inboxRoutes } from './inbox-http.ts'
export { linkRoutes } from './links/http.ts'
export { linkStatisticsRoutes } from './links/statistics-http.ts'
export { createLinks, type HumanClick, type LinkBatch, type Links } from './links/links.ts'
export { templateRoutes } from './template-http.ts'
export { fieldsRead } from './template-check.ts'
export type { Cascade } from './contract.ts'
export type { Template } from './template-contract.ts'
export { createTemplates, type SendTest, type Templates } from './template-preview.ts'
export { unsubscribeLinks, unsubscribeRoutes } from './unsubscribe-http.ts'
