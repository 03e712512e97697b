import { z } from 'zod'

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

/** `GET /v1/webhooks/:id/dead` */
export const deadLettersOfWebhook = z.object({
  letters: z.array(
    z.object({
      letterId: z.string(),
      subscriberId: z.int().nullable(),
      type: z.string(),
      attempts: z.int(),
      firstFailedAt: z.string(),
      lastError: z.string().nullable(),
    }),
  ),
})
export type DeadLettersOfWebhook = z.infer<typeof deadLettersOfWebhook>

/** `POST /v1/webhooks/:id/dead/replay`: some letters, or all. */
export const replayDeadRequest = z.strictObject({
  letterIds: z.array(z.uuid()).min(1).max(10_000).optional(),
})
/** How many will be sent again. */
export const replayedDead = z.object({ replayed: z.int() })
