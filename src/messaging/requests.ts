import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Clock, type Database, derivedId, type Documents, DomainError, json } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { messageIdOf } from './message-id.ts'
import { adHocId } from './catalogue.ts'
import { purpose } from './contract.ts'
import { keepRequest } from './request-store.ts'
import type { StartCascade } from './start-store.ts'

/** `POST /v1/messages`: one message or cascade for one subscriber; either `cascade`, or `channel` and `template`. */
export const sendRequest = z
  .strictObject({
    idempotencyKey: z.string().min(1).max(200),
    subscriberId: z.int().positive(),
    cascade: z.string().optional(),
    channel: z.string().optional(),
    template: z.string().optional(),
    variables: z.record(z.string(), z.unknown()).default({}),
    purpose: purpose.optional(),
    campaignId: z.string().min(1).max(100).default('api'),
  })
  .refine(
    ({ cascade, channel, template }) =>
      (cascade === undefined) === (channel !== undefined && template !== undefined),
    {
      message: 'either a cascade, or a channel and a template',
    },
  )

export type SendRequest = z.infer<typeof sendRequest>
export type SendAnswer = { runId: string; messageId: string }

type Dependencies = {
  database: Database
  clock: Clock
  documents: Documents
  profiles: Profiles
  startCascades(
    tx: Parameters<Parameters<Database['tx']>[1]>[0],
    tenantId: string,
    starts: StartCascade[],
  ): Promise<void>
}

/**
 * Starts what a request asks for, once a key. The same request again is answered the same; another one under its key is
 * refused (`idempotency_conflict`), and so are documents that do not exist.
 */
export async function startRequested(
  { database, clock, documents, profiles, startCascades }: Dependencies,
  tenantId: string,
  request: SendRequest,
): Promise<SendAnswer> {
  const cascadeId = await cascadeOf(documents, tenantId, request)
  const { idempotencyKey: key, subscriberId, variables, campaignId } = request
  const runId = derivedId('request', tenantId, key)
  const digest = createHash('sha256').update(json(request)).digest('base64url')
  await database.tx(tenantId, async (tx) => {
    const before = await keepRequest(tx, { key, digest, runId }, clock.now())
    if (before === digest) return
    if (before !== undefined)
      throw new DomainError('idempotency_conflict', 'another request bears this key', {
        field: 'idempotencyKey',
      })
    if (!(await profiles.subscribersByIds(tx, [subscriberId])).has(subscriberId))
      throw new DomainError('subscriber_not_found', `no subscriber ${subscriberId}`, {
        field: 'subscriberId',
      })
    const about = { runId, cascadeId, subscriberId, campaignId, arm: 'api', reference: key, variables }
    await startCascades(tx, tenantId, [
      request.purpose === undefined ? about : { ...about, purpose: request.purpose },
    ])
  })
  return { runId, messageId: messageIdOf(runId, 0) }
}

async function cascadeOf(documents: Documents, tenantId: string, request: SendRequest): Promise<string> {
  const { cascade, channel, template } = request
  const [kind, id] = cascade === undefined ? ['Template', template!] : ['Cascade', cascade]
  const found = await documents.get<{ channel?: string }>(tenantId, kind, id)
  if (!found)
    throw new DomainError('document_not_found', `no ${kind} "${id}"`, {
      field: kind.toLowerCase(),
      found: id,
    })
  if (cascade !== undefined) return cascade
  if (found.channel === channel) return adHocId(channel!, template!)
  const details = { field: 'channel', found: channel, expected: found.channel! }
  throw new DomainError('channel_not_found', `template "${template}" is for another channel`, details)
}
