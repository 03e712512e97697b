import { type DocumentKind, type DocumentReader, type Problem, webhookSecret } from '../../platform/index.ts'
import { type Webhook, webhookSchema } from './contract.ts'

/** `{ kind: 'Webhook', id, url, types, secret, … }` */
export const webhookKind: DocumentKind = {
  kind: 'Webhook',
  schema: webhookSchema,
  secrets: ['secret', 'formerSecret'],
  check: (webhook: Webhook, reader) => [...checkSecrets(webhook), ...checkTypes(webhook, reader)],
}

/** What was found is not named: it is nearly a secret. */
function checkSecrets(webhook: Webhook): Problem[] {
  return (['secret', 'formerSecret'] as const).flatMap((field) => {
    const value = webhook[field]
    if (value === undefined || webhookSecret.test(value)) return []
    const expected = 'whsec_ and at least 24 bytes in Base64'
    return [{ code: 'webhook_invalid', message: 'no secret of a webhook', field, expected }]
  })
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
