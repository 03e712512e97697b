import { z } from 'zod'

/** By what a subscriber is known outside. */
export const identityKind = z.enum(['msisdn', 'account', 'external', 'email', 'telegram', 'push', 'webpush'])
export type IdentityKind = z.infer<typeof identityKind>

const oneOrMore = z.union([z.string(), z.array(z.string())])

const consent = z.union([
  z.boolean(),
  z.strictObject({
    granted: z.boolean(),
    /** RFC 3339; the moment of the import when absent. */
    at: z.iso.datetime({ offset: true }).optional(),
    /** Where the subscriber said so, such as `web form`. */
    source: z.string().max(200).optional(),
    /** What the subscriber had before the eyes when saying so: the proof. */
    shownText: z.string().max(4_000).optional(),
  }),
])

const consentChannel = /^(?:\*|[a-z][a-z0-9-]{0,40})$/
const consentPurpose = /^[a-z][a-z0-9-]{0,40}$/

/** One row of `POST /v1/subscribers/import`. */
export const subscriberRow = z.strictObject({
  identities: z.partialRecord(identityKind, oneOrMore),
  /** Merged into what is known; null removes an attribute. */
  attributes: z.record(z.string(), z.unknown()).optional(),
  timeZone: z.string().optional(),
  language: z.enum(['en', 'ru', 'uk']).optional(),
  /** Consent by `channel` (to marketing) or `channel/purpose`; the channel `*` is all of them. */
  consents: z
    .record(z.string().regex(/^(\*|[a-z][a-z0-9-]{0,40})(\/[a-z][a-z0-9-]{0,40})?$/), consent)
    .optional(),
})
export type SubscriberRow = z.infer<typeof subscriberRow>

const problem = z.object({
  code: z.string(),
  message: z.string(),
  field: z.string().optional(),
  found: z.unknown().optional(),
  expected: z.string().optional(),
})

/** Answer of `POST /v1/subscribers/import`. */
export const importAnswer = z.object({
  dryRun: z.boolean(),
  inserted: z.int(),
  updated: z.int(),
  rejectedCount: z.int(),
  /** The first refused rows; `index` counts the rows of the request from 0. */
  rejects: z.array(z.object({ index: z.int(), problem })),
})
export type ImportAnswer = z.infer<typeof importAnswer>

/** Answer of `GET /v1/subscribers/:id`. */
export const subscriberView = z.object({
  subscriberId: z.int(),
  identities: z.array(
    z.object({
      kind: identityKind,
      value: z.string(),
      /** Since when the provider says that nobody is there. */
      goneAt: z.string().optional(),
      goneReason: z.string().optional(),
    }),
  ),
  attributes: z.record(z.string(), z.unknown()),
  timeZone: z.string(),
  language: z.enum(['en', 'ru', 'uk']),
  consents: z.array(
    z.object({
      channel: z.string(),
      purpose: z.string(),
      granted: z.boolean(),
      at: z.string(),
      source: z.string(),
    }),
  ),
  createdAt: z.string(),
})
export type SubscriberView = z.infer<typeof subscriberView>

/** How many refused rows an answer lists; the count is always whole. */
export const listedRejects = 10_000

/** `POST /v1/subscribers/import` */
export const importPath = (dryRun: boolean): string => `/v1/subscribers/import${dryRun ? '?dryRun=true' : ''}`

/** `POST /v1/subscribers/:id/consents`: a word of the subscriber, with what proves it. */
export const consentWord = z.strictObject({
  channel: z.string().regex(consentChannel),
  purpose: z.string().regex(consentPurpose).default('marketing'),
  granted: z.boolean(),
  at: z.iso.datetime({ offset: true }).optional(),
  source: z.string().min(1).max(200),
  shownText: z.string().max(4_000).optional(),
})

/** `GET /v1/subscribers/:id/consents`: what holds now, and every word ever said, the newest first. */
export const consentsView = z.object({
  subscriberId: z.int(),
  current: subscriberView.shape.consents,
  history: z.array(
    subscriberView.shape.consents.element.extend({
      shownText: z.string().nullable(),
      messageId: z.string().nullable(),
      recordedAt: z.string(),
    }),
  ),
})
export type ConsentsView = z.infer<typeof consentsView>

/** One entry of `POST /v1/stop-list`: a subscriber, or an identity whether anybody has it or not. */
export const stopEntry = z
  .strictObject({
    subscriberId: z.int().positive().optional(),
    identity: z.string().optional(),
    /** Everything, or all but what the subscriber asks for at that moment (codes, receipts). */
    scope: z.enum(['all', 'marketing']).default('all'),
    reason: z.string().min(1).max(500),
    /** From now, and for ever, where these are absent. */
    from: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(
    ({ subscriberId, identity }) => (subscriberId === undefined) !== (identity === undefined),
    'either subscriberId or identity',
  )

/** One row of `GET /v1/stop-list`. */
export const stopView = z.object({
  stopId: z.string(),
  subscriberId: z.int().nullable(),
  identity: z.string().nullable(),
  scope: z.enum(['all', 'marketing']),
  reason: z.string(),
  from: z.string(),
  until: z.string().nullable(),
  addedAt: z.string(),
})
export type StopView = z.infer<typeof stopView>
