import { z } from 'zod'

const optional = z.string().optional().catch(undefined)

/** What a channel shows, as far as a phone can draw it. What does not fit is left out and never breaks the page. */
export const shownContent = z.object({
  text: z.string().catch(''),
  subject: optional,
  html: optional,
  link: optional,
  media: z.object({ url: z.string(), contentType: z.string() }).optional().catch(undefined),
  choices: z
    .array(z.object({ id: z.string(), label: z.string() }))
    .optional()
    .catch(undefined),
  appointment: z
    .object({
      startsAtMs: z.number(),
      endsAtMs: z.number(),
      timeZone: z.string(),
      method: z.string(),
      location: optional,
    })
    .optional()
    .catch(undefined),
})
export type ShownContent = z.infer<typeof shownContent>
