import { z } from 'zod'
import { type Access, principalOf, tenantOf } from '../access/index.ts'
import { DomainError, type FastifyInstance, parseInput } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { firingsOverTimeQuery, tryRequest } from './contract.ts'
import type { Triggers } from './service.ts'

const firingsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  key: z.string().optional(),
})
const explainQuery = z.strictObject({ subscriber: z.string().min(1), key: z.string().optional() })

type ById = { Params: { id: string } }

/** Adds `/v1/triggers…`: the rules, their firings, explanations, trials on history, pause and resume. */
export function triggersRoutes(
  http: FastifyInstance,
  triggers: Triggers,
  profiles: Profiles,
  access: Access,
): void {
  const writers = { config: { roles: ['admin'] as const } }
  /** A trial changes nothing. */
  const readers = { config: { roles: ['admin', 'read'] as const } }
  http.get('/v1/triggers', async (request) => ({ triggers: await triggers.list(tenantOf(request)) }))
  http.get('/v1/triggers/partitions', async (request) => ({
    partitions: await triggers.stats(tenantOf(request)),
  }))
  http.get<ById>('/v1/triggers/:id/firings', async (request) => {
    const { limit } = parseInput(firingsQuery, request.query)
    return { firings: await triggers.firings(tenantOf(request), request.params.id, limit) }
  })
  http.get('/v1/triggers/firings-over-time', async (request) => {
    const { from, to, unit, rule } = parseInput(firingsOverTimeQuery, request.query)
    const query = {
      from: Temporal.Instant.from(from),
      to: Temporal.Instant.from(to),
      unit,
      ruleId: rule ?? null,
    }
    return { firings: await triggers.firingsOverTime(tenantOf(request), query) }
  })
  http.get<ById>('/v1/triggers/:id/explain', async (request) => {
    const { subscriber } = parseInput(explainQuery, request.query)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    return { explanation: await triggers.explain(tenantId, request.params.id, subscriberId) }
  })
  http.post('/v1/triggers/try', readers, async (request) => {
    const { trigger, from, to } = parseInput(tryRequest, request.body)
    return triggers.try(tenantOf(request), trigger, instant(from), instant(to))
  })
  for (const action of ['pause', 'resume'] as const) {
    http.post<ById>(`/v1/triggers/:id/${action}`, writers, async (request) => {
      const { tenantId, keyId } = principalOf(request)
      const { id } = request.params
      const changed = await triggers[action](tenantId, id)
      const done = action === 'pause' ? 'trigger_paused' : 'trigger_resumed'
      await access.auditAlone(tenantId, { keyId, action: done, target: id, details: { changed } })
      return { changed }
    })
  }
}

const instant = (text: string | undefined): Temporal.Instant | undefined =>
  text === undefined ? undefined : Temporal.Instant.from(text)

/** Ids are PostgreSQL's int4; a longer number is somebody's phone number. */
const LAST_ID = 2 ** 31 - 1

/** A subscriber by number or by any identity. */
async function subscriberOf(profiles: Profiles, tenantId: string, text: string): Promise<number> {
  if (/^\d{1,10}$/.test(text) && Number(text) <= LAST_ID) return Number(text)
  const [found] = await profiles.resolveIdentities(tenantId, [text])
  if (found !== undefined) return found
  throw new DomainError('subscriber_not_found', 'no subscriber has this identity', {
    field: 'subscriber',
    found: text,
    expected: 'a subscriber id, msisdn:+7…, account:… or external:…',
  })
}
