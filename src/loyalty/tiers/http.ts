import { z } from 'zod'
import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import { type FastifyInstance, instantOf, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { documentId } from '../programmes.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import type { Tiers } from './service.ts'
import { overrideBody } from './tier-ladder.ts'
import { ladderView, memberTiersView, tierCountsView, tierHistoryView } from './contract.ts'
import { tierWords } from './words.ts'
import type { TierReason } from './errors.ts'

const member = z.object({ subscriber: z.string().min(1).max(200) })
const ladder = z.object({ ladderId: documentId })
const historyQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) })

const options = {
  tiers: { config: { operation: { summary: 'Every ladder with what lies ahead', answer: memberTiersView } } },
  tiersHistory: {
    config: {
      operation: { summary: 'Each change of tier and why', query: historyQuery, answer: tierHistoryView },
    },
  },
  tierOverrides: {
    config: {
      roles: ['admin'] as const,
      operation: { summary: 'Give a tier by hand', body: overrideBody, answer: ladderView },
    },
  },
  ladders: { config: { operation: { summary: 'Members by tier', answer: tierCountsView } } },
}

/**
 * `GET /v1/members/:subscriber/tiers` shows every ladder with what lies ahead, `…/tiers/:ladderId/history` each move
 * and why, `POST …/tier-overrides` gives a tier by hand; `GET /v1/loyalty/ladders/:ladderId/members` counts by tier.
 */
export function tierRoutes(
  http: FastifyInstance,
  parts: { tiers: Tiers; profiles: Profiles; access: Access },
): void {
  const { tiers, profiles, access } = parts
  http.get('/v1/members/:subscriber/tiers', options.tiers, async (request) => {
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, parseInput(member, request.params).subscriber)
    return { ladders: await tiers.ofMember(tenantId, subscriberId) }
  })
  http.get('/v1/members/:subscriber/tiers/:ladderId/history', options.tiersHistory, async (request) => {
    const tenantId = tenantOf(request)
    const { subscriber, ladderId } = parseInput(member.extend(ladder.shape), request.params)
    const { limit } = parseInput(historyQuery, request.query)
    const subscriberId = await subscriberOf(profiles, tenantId, subscriber)
    const changes = await tiers.history(tenantId, ladderId, subscriberId, limit)
    return {
      changes: changes.map(({ atMs, former, tier, reason, saw }) => {
        const at = instantOf(atMs)
        return { at, former, tier, reason, text: tierWords[reason as TierReason], saw }
      }),
    }
  })
  http.post('/v1/members/:subscriber/tier-overrides', options.tierOverrides, async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, parseInput(member, request.params).subscriber)
    const { until, key, ladder: ladderId, tier, reason, isFloor } = parseInput(overrideBody, request.body)
    const view = await tiers.override({
      tenantId,
      subscriberId,
      ladderId,
      tier,
      reason,
      isFloor,
      by: keyId,
      ...(key === undefined ? {} : { key }),
      ...(until === undefined ? {} : { until: Temporal.Instant.from(until) }),
    })
    const details = { ladder: ladderId, tier, reason, ...(until === undefined ? {} : { until }) }
    await access.auditAlone(tenantId, {
      keyId,
      action: 'tier_overridden',
      target: String(subscriberId),
      details,
    })
    return view
  })
  http.get('/v1/loyalty/ladders/:ladderId/members', options.ladders, async (request) => {
    const { ladderId } = parseInput(ladder, request.params)
    return tiers.counts(tenantOf(request), ladderId)
  })
}
