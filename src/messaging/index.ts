export { type Answer, markAnswers, takeAnswers } from './answer-store.ts'
export { messagingDocuments } from './documents.ts'
export { messagingRoutes } from './http.ts'
export { createMessaging, type Messaging, type StartCascade } from './service.ts'
