export { attributesKind, subscriberDeclarations } from './attributes.ts'
export {
  type ChangePlace,
  type DateQuery,
  selectByDate,
  selectSnapshot,
  selectSubscriberChanges,
  selectSubscriberPage,
  type SubscriberColumns,
} from './audience-store.ts'
export type { IdentityKind, ImportAnswer, SubscriberRow, SubscriberView } from './contract.ts'
export { type ConsentBook, consentTo, type ConsentWord } from './consent.ts'
export { contactRoutes } from './contact-http.ts'
export type { Contacts, Stop } from './contacts.ts'
export { type ProfilesErrorCode, profilesErrorCodes } from './errors.ts'
export { profilesRoutes } from './http.ts'
export type { Reject } from './import.ts'
export { MalformedLine, readNdjson } from './ndjson.ts'
export type { IdentityListener, Lookup, Resolver } from './identities.ts'
export type { Recipient, RecipientPage, RecipientTraits } from './recipients.ts'
export { createProfiles, type Profiles, type Subscriber } from './service.ts'
