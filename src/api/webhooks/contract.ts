import { z } from 'zod'

/**
 * `{ kind: Webhook, id, url, types, secret, … }`: a system that is told what happens, each event as a signed POST. What
 * is exported says `(kept)` for a secret.
 */
export const webhookSchema = z.strictObject({
  kind: z.literal('Webhook'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** Never followed elsewhere: a redirect is a failure. */
  url: z.url({ protocol: /^https?$/ }),
  /** Event types; one that ends with `*` means all that begin so. */
  types: z.array(z.string().min(1).max(200)).min(1).max(100),
  secret: z.string(),
  /** While a secret is being changed: calls bear a signature by it as well. */
  formerSecret: z.string().optional(),
  isActive: z.boolean().default(true),
  /** Calls under way at a time; those about one subscriber go one behind the other. */
  concurrency: z.int().min(1).max(32).default(8),
  timeoutMs: z.int().min(100).max(30_000).default(10_000),
  /** After so long without success an event is laid aside as dead. */
  giveUpAfterHours: z.int().min(1).max(720).default(72),
})
export type Webhook = z.infer<typeof webhookSchema>

/** `GET /v1/webhooks` */
export const webhooksView = z.object({
  webhooks: z.array(
    z.object({
      id: z.string(),
      url: z.string(),
      isDown: z.boolean(),
      lastError: z.string().nullable(),
      behind: z.int(),
      waiting: z.int(),
      dead: z.int(),
    }),
  ),
})
export type WebhooksView = z.infer<typeof webhooksView>

/** `waiting`: tried again with growing gaps. `dead`: laid aside after days. */
export const letterStates = ['waiting', 'dead'] as const
export type LetterState = (typeof letterStates)[number]

/** `GET /v1/webhooks/:id/letters` (`?state=`): what a receiver did not take, the earliest first. */
export const lettersQuery = z.strictObject({ state: z.enum(letterStates) })
export const lettersOfWebhook = z.object({
  letters: z.array(
    z.object({
      letterId: z.string(),
      subscriberId: z.int().nullable(),
      type: z.string(),
      attempts: z.int(),
      firstFailedAt: z.string(),
      /** When it is tried next; null for one that is laid aside. */
      dueAt: z.string().nullable(),
      lastError: z.string().nullable(),
    }),
  ),
})
export type LettersOfWebhook = z.infer<typeof lettersOfWebhook>

/** `POST /v1/webhooks/:id/letters/retry`: some letters, or all of a state. */
export const retryLettersBody = lettersQuery.extend({
  letterIds: z.array(z.uuid()).min(1).max(10_000).optional(),
})
/** How many will be sent again. */
export const retriedLetters = z.object({ retried: z.int() })

/** `POST /v1/webhooks/:id/secret`: a new secret, told this once; calls bear a signature by the one before as well. */
export const newSecret = z.object({ secret: z.string() })
