import { eventDeclarations } from '../../events/index.ts'
import type { Documents } from '../../platform/index.ts'
import { cloudEventOf } from './cloud-event.ts'
import type { Target } from './target.ts'
import type { Webhook } from './contract.ts'
import { isNamed } from './webhook.ts'

export type TargetSources = {
  documents: Documents
  /** Others who want to be told, besides the documents. */
  targetsOf?(tenantId: string): Promise<Target[]>
}

const HOUR_MS = 3_600_000

/** Everybody of a tenant who is to be told. `forms` is another text whenever the forms of events have changed. */
export async function targetsOf(
  { documents, targetsOf: more }: TargetSources,
  tenantId: string,
  forms = '',
): Promise<Target[]> {
  const reader = await documents.reader(tenantId)
  const declared = new Map<string, ReturnType<typeof eventDeclarations>>()
  const declarationsOf = (type: string): ReturnType<typeof eventDeclarations> => {
    if (!declared.has(type)) declared.set(type, eventDeclarations(reader, type))
    return declared.get(type)!
  }
  const webhooks = (reader.list('Webhook') as Webhook[]).filter(({ isActive }) => isActive)
  return [
    ...webhooks.map((webhook): Target => {
      const { id, url, types, secret, formerSecret, concurrency, timeoutMs, giveUpAfterHours } = webhook
      return {
        id: `webhook:${id}`,
        url,
        secrets: formerSecret === undefined ? [secret] : [secret, formerSecret],
        concurrency,
        timeoutMs,
        giveUpMs: giveUpAfterHours * HOUR_MS,
        wants: (type) => isNamed(types, type),
        letterOf: (event) => cloudEventOf(event, declarationsOf(event.type)),
        version: JSON.stringify([webhook, forms]),
      }
    }),
    ...((await more?.(tenantId)) ?? []),
  ]
}
