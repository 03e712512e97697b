import { z } from 'zod'

/** By what a subscriber is known outside. */
export const identityKind = z.enum(['msisdn', 'account', 'external'])
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
  }),
])

/** One row of `POST /v1/subscribers/import`. */
export const subscriberRow = z.strictObject({
  identities: z.partialRecord(identityKind, oneOrMore),
  /** Merged into what is known; null removes an attribute. */
  attributes: z.record(z.string(), z.unknown()).optional(),
  timeZone: z.string().optional(),
  language: z.enum(['en', 'ru', 'uk']).optional(),
  /** Consent to marketing by channel name. */
  consents: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/), consent).optional(),
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
  identities: z.array(z.object({ kind: identityKind, value: z.string() })),
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
