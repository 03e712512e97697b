import { z } from 'zod'
import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import {
  type FastifyInstance,
  type FastifyRequest,
  isoOf,
  type Operation,
  parseInput,
} from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { nextPlace } from '../pages.ts'
import { documentId } from '../programmes.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import {
  cancelBody,
  catalogueQuery,
  type CatalogueView,
  codesBody,
  redeemBody,
  redemptionsQuery,
  type RedemptionView,
  refundBody,
  rewardOperations as operations,
  type RewardsView,
  stockBody,
  useBody,
} from './contract.ts'
import type { ReadyReward } from './plan.ts'
import type { Redemption } from './redemption.ts'
import type { Rewards } from './service.ts'
import { rewardWords } from './words.ts'

type Parts = { rewards: Rewards; profiles: Profiles; access: Access }

const admin = (operation: Operation) => ({ config: { roles: ['admin'] as const, operation } })
const open = (operation: Operation) => ({ config: { operation } })
const rewardParameter = z.object({ rewardId: documentId })
const redemptionParameter = z.object({ redemptionId: z.uuid() })

/**
 * `/v1/members/:subscriber/rewards` and `…/redemptions` for members, `/v1/loyalty/rewards`, `/v1/loyalty/redemptions`
 * for agents, `/v1/loyalty/discounts/use` for tills of sister companies.
 */
export function rewardRoutes(http: FastifyInstance, parts: Parts): void {
  memberRoutes(http, parts)
  agentRoutes(http, parts)
  stockRoutes(http, parts)
}

function viewOf(redemption: Redemption, rewards: ReadonlyMap<string, ReadyReward>): RedemptionView {
  const { programmeId, rewardId, reason, points, codeExpiresAtMs, usedAtMs, deadlineAtMs, atMs } = redemption
  const { redemptionId, subscriberId, recipientId, gives, state, note, code, attempts } = redemption
  return {
    redemptionId,
    programme: programmeId,
    reward: rewardId,
    name: rewards.get(rewardId)?.document.name ?? null,
    subscriberId,
    recipientId,
    points: points.toString(),
    gives,
    state,
    reason,
    text: reason === null ? null : rewardWords[reason],
    note,
    code: state === 'done' ? code : null,
    codeExpiresAt: isoOf(codeExpiresAtMs),
    usedAt: isoOf(usedAtMs),
    attempts,
    deadline: isoOf(deadlineAtMs),
    at: isoOf(atMs),
    settledAt: isoOf(redemption.settledAtMs),
  }
}

function memberRoutes(http: FastifyInstance, { rewards, profiles }: Parts): void {
  type Member = { Params: { subscriber: string } }
  const memberOf = (request: FastifyRequest<Member>): Promise<number> =>
    subscriberOf(profiles, tenantOf(request), request.params.subscriber)
  http.get<Member>('/v1/members/:subscriber/rewards', open(operations.catalogue), async (request) => {
    const tenantId = tenantOf(request)
    const { programme } = parseInput(catalogueQuery, request.query)
    const found = await rewards.catalogue(tenantId, programme, await memberOf(request))
    return {
      programme,
      available: found.availableMinor.toString(),
      rewards: found.lines.map(({ reward: { document }, points, refusal }) => ({
        reward: document.id,
        name: document.name,
        description: document.description ?? null,
        gives: document.gives,
        points: points.toString(),
        giftable: document.giftable,
        validTo: document.validTo ?? null,
        refusal,
        text: refusal === null ? null : rewardWords[refusal],
      })),
    } satisfies CatalogueView
  })
  http.post<Member>('/v1/members/:subscriber/redemptions', admin(operations.redeem), async (request) => {
    const tenantId = tenantOf(request)
    const { reward: rewardId, recipient, idempotencyKey: key } = parseInput(redeemBody, request.body)
    const subscriberId = await memberOf(request)
    const recipientId =
      recipient === undefined ? undefined : await subscriberOf(profiles, tenantId, recipient)
    const asked = { tenantId, rewardId, subscriberId, key, ...(recipientId ? { recipientId } : {}) }
    return viewOf(await rewards.redeem(asked), await rewards.rewards(tenantId))
  })
  http.get<Member>('/v1/members/:subscriber/redemptions', open(operations.ofMember), async (request) => {
    const tenantId = tenantOf(request)
    const subscriberId = await memberOf(request)
    const query = queryOf(parseInput(redemptionsQuery, request.query))
    const found = await rewards.redemptions(tenantId, { ...query, subscriberId })
    const known = await rewards.rewards(tenantId)
    const redemptions = found.map((one) => {
      const view = viewOf(one, known)
      // Whoever gave a gift does not see its code.
      return one.recipientId === subscriberId ? view : { ...view, code: null }
    })
    return { redemptions, next: nextOf(found, query.limit) }
  })
}

const queryOf = ({ reward, state, before, limit }: z.infer<typeof redemptionsQuery>) => ({
  rewardId: reward ?? null,
  state: state ?? null,
  before: before ?? null,
  limit,
})

const nextOf = (found: Redemption[], limit: number) =>
  nextPlace(found, limit, ({ atMs, redemptionId: id }) => ({ at: isoOf(atMs), id }))

function agentRoutes(http: FastifyInstance, { rewards, access }: Parts): void {
  http.get('/v1/loyalty/redemptions', open(operations.list), async (request) => {
    const tenantId = tenantOf(request)
    const query = queryOf(parseInput(redemptionsQuery, request.query))
    const found = await rewards.redemptions(tenantId, { ...query, subscriberId: null })
    const known = await rewards.rewards(tenantId)
    const redemptions = found.map((one) => ({ ...viewOf(one, known), code: null }))
    return { redemptions, next: nextOf(found, query.limit) }
  })
  const answer = async (
    request: FastifyRequest,
    action: string,
    details: object,
    redemption: Redemption,
  ): Promise<RedemptionView> => {
    const { tenantId, keyId } = principalOf(request)
    await access.auditAlone(tenantId, { keyId, action, target: redemption.redemptionId, details })
    return viewOf(redemption, await rewards.rewards(tenantId))
  }
  http.post('/v1/loyalty/redemptions/:redemptionId/hand-out', admin(operations.handOut), async (request) => {
    const { redemptionId } = parseInput(redemptionParameter, request.params)
    const redemption = await rewards.handOut(tenantOf(request), redemptionId)
    return answer(request, 'redemption_handed_out', {}, redemption)
  })
  http.post('/v1/loyalty/redemptions/:redemptionId/cancel', admin(operations.cancel), async (request) => {
    const { redemptionId } = parseInput(redemptionParameter, request.params)
    const { reason } = parseInput(cancelBody, request.body)
    const redemption = await rewards.cancel({ tenantId: tenantOf(request), redemptionId, note: reason })
    return answer(request, 'redemption_cancelled', { reason }, redemption)
  })
  http.post('/v1/loyalty/redemptions/:redemptionId/refund', admin(operations.refund), async (request) => {
    const { redemptionId } = parseInput(redemptionParameter, request.params)
    const { reason, restock } = parseInput(refundBody, request.body)
    const asked = { tenantId: tenantOf(request), redemptionId, note: reason, restock }
    return answer(request, 'redemption_refunded', { reason, restock }, await rewards.refund(asked))
  })
  const atTill = { config: { roles: ['admin', 'partner'] as const, operation: operations.use } }
  http.post('/v1/loyalty/discounts/use', atTill, async (request) => {
    const { code, partner, idempotencyKey: key } = parseInput(useBody, request.body)
    const used = await rewards.useDiscount({ tenantId: tenantOf(request), code, partner, key })
    const off = 'discount' in used.gives ? used.gives.discount.off : null
    return { code: used.code, reward: used.rewardId, off, usedAt: isoOf(used.usedAtMs) }
  })
}

function stockRoutes(http: FastifyInstance, { rewards, access }: Parts): void {
  http.get('/v1/loyalty/rewards', open(operations.rewards), async (request): Promise<RewardsView> => {
    const lines = await rewards.list(tenantOf(request))
    return {
      rewards: lines.map(({ reward: { document, version }, left, codes, open, done }) => ({
        reward: document.id,
        programme: document.programme,
        name: document.name,
        version,
        points: document.price.points,
        gives: document.gives,
        lowStock: document.lowStock,
        left,
        codes,
        open,
        done,
      })),
    }
  })
  http.post('/v1/loyalty/rewards/:rewardId/codes', admin(operations.codes), async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { rewardId } = parseInput(rewardParameter, request.params)
    const { codes, expiresAt } = parseInput(codesBody, request.body)
    const until = expiresAt === undefined ? null : Temporal.Instant.from(expiresAt)
    const done = await rewards.addCodes(tenantId, rewardId, codes, until)
    await access.auditAlone(tenantId, { keyId, action: 'codes_added', target: rewardId, details: done })
    return done
  })
  http.post('/v1/loyalty/rewards/:rewardId/stock', admin(operations.stock), async (request) => {
    const { tenantId, keyId } = principalOf(request)
    const { rewardId } = parseInput(rewardParameter, request.params)
    const { add, idempotencyKey } = parseInput(stockBody, request.body)
    const done = await rewards.addStock(tenantId, rewardId, add, idempotencyKey)
    const details = { add, ...done }
    await access.auditAlone(tenantId, { keyId, action: 'stock_changed', target: rewardId, details })
    return done
  })
}
