import { z } from 'zod'
import { type Access, principalOf, sourceRoles } from '../../access/index.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../platform/index.ts'
import { derivedId, DomainError, newId, parseInput } from '../../platform/index.ts'
import { bodyOf, type Resource } from './answering.ts'
import { type FacadeParts, membershipById, readers, subjectOf, subscriberOf } from './facade.ts'
import { hrefOf } from './resources.ts'

type ById = { Params: { id: string } }
const text = z.string().min(1).max(200)
const reference = z.looseObject({ id: text })
const newProduct = z.looseObject({ loyaltyProgramMember: reference, loyaltyProgramProductSpec: reference })
const newMember = z.looseObject({ name: text, loyaltyProgramProductSpec: reference.default({ id: 'main' }) })
const productChange = z.looseObject({ productStatus: z.enum(['active', 'terminated']) })
const movement = z.looseObject({
  quantity: z.looseObject({
    unit: text.optional(),
    value: z
      .number()
      .positive()
      .max(1e12)
      .or(z.string().regex(/^\d{1,12}(\.\d{1,6})?$/)),
  }),
  description: z.string().min(1).max(500).optional(),
})
const newEvent = z.looseObject({
  eventType: text,
  memberId: text,
  eventTime: z.iso.datetime({ offset: true }).optional(),
  event: z.record(z.string(), z.unknown()).default({}),
  eventId: reference.or(text).optional(),
})

/** An idempotency key from the head, as draft-ietf-httpapi-idempotency-key-header has it. */
type Keyed = { key?: string }
function keyOf(request: FastifyRequest): Keyed {
  const key = request.headers['idempotency-key']
  return key === undefined ? {} : { key: parseInput(text, key) }
}

/** Adds what can be changed: memberships, points earned and burned below a balance, events. */
export function writingRoutes(http: FastifyInstance, parts: FacadeParts): void {
  const admin = { config: { roles: ['admin'] as const } }
  http.post('/loyaltyProgramProduct', admin, async (request, reply) => {
    const { loyaltyProgramMember, loyaltyProgramProductSpec } = bodyOf(newProduct, request)
    return enrol(
      parts,
      request,
      reply,
      loyaltyProgramMember.id,
      loyaltyProgramProductSpec.id,
      'loyaltyProgramProduct',
    )
  })
  http.post('/loyaltyProgramMember', admin, async (request, reply) => {
    const { name, loyaltyProgramProductSpec } = bodyOf(newMember, request)
    return enrol(parts, request, reply, name, loyaltyProgramProductSpec.id, 'loyaltyProgramMember')
  })
  http.patch<ById>('/loyaltyProgramProduct/:id', admin, async (request) => {
    const { productStatus } = bodyOf(productChange, request)
    const { tenantId } = principalOf(request)
    const { id } = request.params
    const { member } = await membershipById(parts, tenantId, 'loyaltyProgramProduct', id)
    const asked = {
      tenantId,
      programmeId: member.programmeId,
      subscriberId: member.subscriberId,
      ...keyOf(request),
    }
    if (productStatus === 'active') await parts.loyalty.members.enrol({ ...asked, by: 'tmf658' })
    else if (member.state === 'active') await parts.loyalty.members.leave(asked)
    await audit(parts.access, request, `member_${productStatus}`, id)
    return readers['loyaltyProgramProduct']!.find(parts, tenantId, id)
  })
  http.delete<ById>('/loyaltyProgramProduct/:id', admin, async (request, reply) => {
    const { tenantId } = principalOf(request)
    const { member } = await membershipById(parts, tenantId, 'loyaltyProgramProduct', request.params.id)
    const { programmeId, subscriberId } = member
    await parts.loyalty.members.leave({ tenantId, programmeId, subscriberId, ...keyOf(request) })
    await audit(parts.access, request, 'member_left', request.params.id)
    return reply.code(204).send()
  })
  movementRoutes(http, parts)
  http.post('/loyaltyEvent', { config: { roles: sourceRoles } }, async (request, reply) => {
    return takeEvent(parts, request, reply)
  })
}

/** Version 1 of the API: `loyaltyEarn` and `loyaltyBurn` below a balance. */
function movementRoutes(http: FastifyInstance, parts: FacadeParts): void {
  const atTill = { config: { roles: ['admin', 'partner'] as const } }
  for (const kind of ['loyaltyEarn', 'loyaltyBurn'] as const) {
    http.post<ById>(`/loyaltyBalance/:id/${kind}`, atTill, async (request, reply) => {
      const { quantity, description = kind } = bodyOf(movement, request)
      const { tenantId, keyId } = principalOf(request)
      const { id } = request.params
      const { member, programme } = await membershipById(parts, tenantId, 'loyaltyBalance', id)
      if (quantity.unit !== undefined && quantity.unit !== programme.currency) {
        const details = { field: 'quantity.unit', found: quantity.unit, expected: programme.currency }
        throw new DomainError('tmf_request_invalid', 'the balance is in another unit', details)
      }
      const points = minorOf(String(quantity.value), programme.decimals)
      const about: Keyed & { tenantId: string; programmeId: string; subscriberId: number } = {
        tenantId,
        programmeId: programme.id,
        subscriberId: member.subscriberId,
        ...keyOf(request),
      }
      if (kind === 'loyaltyBurn') await parts.loyalty.burning.burn({ ...about, points, reason: description })
      else await parts.loyalty.corrections.correct({ ...about, points, reason: description, by: keyId })
      await audit(parts.access, request, kind === 'loyaltyBurn' ? 'points_burned' : 'points_corrected', id, {
        points: points.toString(),
        reason: description,
      })
      const loyaltyBalance = await readers['loyaltyBalance']!.find(parts, tenantId, id)
      const { key } = about
      const movementId = key === undefined ? newId() : derivedId(tenantId, kind, id, key)
      return reply.code(201).send({
        id: movementId,
        href: `${hrefOf('loyaltyBalance', id)}/${kind}/${movementId}`,
        quantity: { unit: programme.currency, value: quantity.value },
        description,
        loyaltyBalance,
        '@type': kind === 'loyaltyBurn' ? 'LoyaltyBurn' : 'LoyaltyEarn',
      })
    })
  }
}

/** Minor units of a decimal text. Throws `tmf_request_invalid` for parts of a minor unit, or nothing at all. */
export function minorOf(decimal: string, decimals: number): bigint {
  const [whole = '', places = ''] = decimal.split('.')
  const isExact = /^\d+$/.test(whole) && /^0*$/.test(places.slice(decimals))
  const minor = isExact ? BigInt(whole + places.slice(0, decimals).padEnd(decimals, '0')) : 0n
  if (minor > 0n) return minor
  throw new DomainError('tmf_request_invalid', 'no such quantity', {
    field: 'quantity.value',
    found: decimal,
    expected: `above 0, with at most ${decimals} decimals`,
  })
}

async function enrol(
  parts: FacadeParts,
  request: FastifyRequest,
  reply: FastifyReply,
  who: string,
  programmeId: string,
  kind: 'loyaltyProgramMember' | 'loyaltyProgramProduct',
): Promise<FastifyReply> {
  const { tenantId } = principalOf(request)
  const subscriberId = await subscriberOf(parts, tenantId, who)
  const member = await parts.loyalty.members.enrol({
    tenantId,
    programmeId,
    subscriberId,
    by: 'tmf658',
    ...keyOf(request),
  })
  const id = `${programmeId}:${member.subscriberId}`
  await audit(parts.access, request, 'member_enrolled', id)
  const made = await readers[kind]!.find(parts, tenantId, id)
  return reply.code(201).header('location', made.href).send(made)
}

async function takeEvent(
  parts: FacadeParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { eventType, memberId, event, eventTime, eventId } = bodyOf(newEvent, request)
  const { tenantId } = principalOf(request)
  const subscriberId = await subscriberOf(parts, tenantId, memberId)
  const id = (typeof eventId === 'string' ? eventId : eventId?.id) ?? newId()
  const time = eventTime ?? parts.clock.now().toString()
  const result = await parts.events.ingestOne(tenantId, {
    specversion: '1.0',
    id,
    source: '/tmf658',
    type: eventType,
    time,
    subject: await subjectOf(parts, tenantId, subscriberId),
    data: event,
  })
  const refused = result.rejected[0]
  if (refused)
    throw new DomainError('tmf_request_invalid', refused.problem.message, withoutUndefined(refused.problem))
  const made: Resource = {
    id,
    href: hrefOf('loyaltyEvent', id),
    eventTime: time,
    eventType,
    memberId,
    event,
    '@type': 'LoyaltyEvent',
  }
  return reply.code(201).send(made)
}

const withoutUndefined = ({ field, expected }: { field?: string; expected?: string }): object => ({
  ...(field === undefined ? {} : { field }),
  ...(expected === undefined ? {} : { expected }),
})

async function audit(
  access: Access,
  request: FastifyRequest,
  action: string,
  target: string,
  details: object = {},
): Promise<void> {
  const { tenantId, keyId } = principalOf(request)
  await access.auditAlone(tenantId, { keyId, action, target, details: { ...details, by: 'tmf658' } })
}
