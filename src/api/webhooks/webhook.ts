import { z } from 'zod'
import { type DocumentKind, type DocumentReader, type Problem, webhookSecret } from '../../platform/index.ts'

const secret = z.string().regex(webhookSecret, 'whsec_ and at least 24 bytes in Base64')

/** `{ kind: Webhook, id, url, types, secret, … }`: a system that is told what happens, each event as a signed POST. */
export const webhookSchema = z.strictObject({
  kind: z.literal('Webhook'),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** Never followed elsewhere: a redirect is a failure. */
  url: z.url({ protocol: /^https?$/ }),
  /** Event types; one that ends with `*` means all that begin so. */
  types: z.array(z.string().min(1).max(200)).min(1).max(100),
  secret,
  /** While a secret is being changed: calls bear a signature by it as well. */
  formerSecret: secret.optional(),
  isActive: z.boolean().default(true),
  /** Calls under way at a time; those about one subscriber go one behind the other. */
  concurrency: z.int().min(1).max(32).default(8),
  timeoutMs: z.int().min(100).max(30_000).default(10_000),
  /** After so long without success an event is laid aside as dead. */
  giveUpAfterHours: z.int().min(1).max(720).default(72),
})
export type Webhook = z.infer<typeof webhookSchema>

export const webhookKind: DocumentKind = {
  kind: 'Webhook',
  schema: webhookSchema,
  check: (webhook: Webhook, reader) => checkTypes(webhook, reader),
}

/** Announcements are declared when the first of them comes, so what begins like one need not be known yet. */
function checkTypes({ types }: Webhook, reader: DocumentReader): Problem[] {
  return types.flatMap((type, i) => {
    if (type.endsWith('*') || type.startsWith('loyalty.') || reader.get('EventType', type)) return []
    return [
      {
        code: 'event_type_missing',
        message: `no event type "${type}"`,
        field: `types.${i}`,
        found: type,
        expected: 'a declared EventType, one of loyalty’s own, or a beginning such as order.*',
      },
    ]
  })
}

/** Whether a list of types and beginnings names a type. */
export const isNamed = (types: readonly string[], type: string): boolean =>
  types.some((one) => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : one === type))
