import type { Access } from '../../access/index.ts'
import type { Events } from '../../events/index.ts'
import { type Loyalty, type Membership, subscriberOf as subscriberByParameter } from '../../loyalty/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { type Clock, type Database, DomainError } from '../../platform/index.ts'
import { type Asked, notFound, pageOf, type Resource } from './answering.ts'
import type { Hubs } from './hub.ts'
import * as resources from './resources.ts'

export type FacadeParts = {
  loyalty: Pick<Loyalty, 'members' | 'earnRules' | 'corrections' | 'burning'>
  database: Database
  profiles: Pick<Profiles, 'resolveIdentities' | 'identitiesOf'>
  access: Access
  events: Pick<Events, 'ingestOne'>
  hubs: Hubs
  clock: Clock
  /** Other targets than documents have changed. */
  onHubs(tenantId: string): void
}

export type Page = { items: Resource[]; total: number }
type Lister = (parts: FacadeParts, tenantId: string, asked: Asked) => Promise<Page>
type Finder = (parts: FacadeParts, tenantId: string, id: string) => Promise<Resource>
/** How a kind of resource is read. */
export type Reader = { list: Lister; find: Finder }

const languageOf = async ({ access }: FacadeParts, tenantId: string) =>
  (await access.tenant(tenantId)).language

/** A kind of which all are in memory. */
function inMemory(kind: string, all: (parts: FacadeParts, tenantId: string) => Promise<Resource[]>): Reader {
  return {
    list: async (parts, tenantId, asked) => pageOf(await all(parts, tenantId), asked),
    find: async (parts, tenantId, id) =>
      (await all(parts, tenantId)).find((one) => one.id === id) ?? notFound(kind, id),
  }
}

/** A kind that is one side of memberships. */
function ofMemberships(
  kind: string,
  view: (one: Membership, language: 'en' | 'ru' | 'uk') => Resource,
): Reader {
  return {
    async list(parts, tenantId, asked) {
      const language = await languageOf(parts, tenantId)
      const { memberships, total } = await membershipsAt(parts, tenantId, asked)
      return { items: memberships.map((one) => view(one, language)), total }
    },
    async find(parts, tenantId, id) {
      return view(await membershipById(parts, tenantId, kind, id), await languageOf(parts, tenantId))
    },
  }
}

const states: Record<string, 'active' | 'left'> = { active: 'active', terminated: 'left' }

/** Filters: the id, the programme, the member and the status; by what else is asked nothing is found. */
async function membershipsAt(
  { loyalty }: FacadeParts,
  tenantId: string,
  { filters, offset, limit }: Asked,
): Promise<{ memberships: Membership[]; total: number }> {
  const {
    'loyaltyProgramProductSpec.id': programmeId = null,
    id,
    'loyaltyProgramMember.id': memberId = id,
    productStatus,
    status = productStatus,
    ...others
  } = filters
  const state = status === undefined ? null : states[status]
  const isOfTwo = id !== undefined && memberId !== id
  if (state === undefined || isOfTwo || Object.keys(others).length > 0) return { memberships: [], total: 0 }
  if (memberId === undefined) return loyalty.members.page(tenantId, { programmeId, state, offset, limit })
  const named = resources.readMembershipId(memberId)
  const own = named ? await loyalty.members.membershipsOf(tenantId, named.subscriberId) : []
  const all = own.filter(
    ({ member }) =>
      member.programmeId === named?.programmeId &&
      (programmeId === null || member.programmeId === programmeId) &&
      (state === null || member.state === state),
  )
  return { memberships: all.slice(offset, offset + limit), total: all.length }
}

/** A membership by its id; undefined where there is none. */
async function membershipOf(
  { loyalty }: Pick<FacadeParts, 'loyalty'>,
  tenantId: string,
  id: string,
): Promise<Membership | undefined> {
  const named = resources.readMembershipId(id)
  const all = named ? await loyalty.members.membershipsOf(tenantId, named.subscriberId) : []
  return all.find(({ member }) => member.programmeId === named?.programmeId)
}

/** A membership by its id. Throws `tmf_resource_not_found`. */
export const membershipById = async (
  parts: FacadeParts,
  tenantId: string,
  kind: string,
  id: string,
): Promise<Membership> => (await membershipOf(parts, tenantId, id)) ?? notFound(kind, id)

const rulesIn = async ({ loyalty }: FacadeParts, tenantId: string) =>
  (await loyalty.earnRules(tenantId)).map(({ rule }) => rule)

/** Every kind of resource that can be read, by the name in its path. */
export const readers: Record<string, Reader> = {
  loyaltyProgramProductSpec: inMemory('loyaltyProgramProductSpec', async (parts, tenantId) => {
    const language = await languageOf(parts, tenantId)
    const all = await parts.loyalty.members.programmes(tenantId)
    return all.map(({ programme, version }) => resources.specOf(programme, version, language))
  }),
  loyaltyProgramMember: ofMemberships('loyaltyProgramMember', resources.memberOf),
  loyaltyProgramProduct: ofMemberships('loyaltyProgramProduct', resources.productOf),
  loyaltyAccount: ofMemberships('loyaltyAccount', resources.accountOf),
  loyaltyBalance: ofMemberships('loyaltyBalance', resources.balanceOf),
  loyaltyRule: inMemory('loyaltyRule', async (parts, tenantId) => {
    const language = await languageOf(parts, tenantId)
    return (await rulesIn(parts, tenantId)).map((rule) => resources.ruleOf(rule, language))
  }),
  loyaltyEventType: inMemory('loyaltyEventType', async (parts, tenantId) =>
    [...new Set((await rulesIn(parts, tenantId)).map(({ on }) => on))].toSorted().map(resources.eventTypeOf),
  ),
  loyaltyCondition: inMemory('loyaltyCondition', async (parts, tenantId) =>
    resources.conditionsOf(await rulesIn(parts, tenantId)),
  ),
  loyaltyAction: inMemory('loyaltyAction', async (parts, tenantId) =>
    (await rulesIn(parts, tenantId)).map(resources.actionOf),
  ),
}

/**
 * A subscriber by the id of a membership, by number or by identity. An identity may look like such an id: of
 * `account:1001` the number is an account's, and only who is a member is known by programme and subscriber. Throws
 * `subscriber_not_found`.
 */
export async function subscriberOf(
  { loyalty, profiles }: FacadeParts,
  tenantId: string,
  text: string,
): Promise<number> {
  const [known] = await profiles.resolveIdentities(tenantId, [text])
  if (known !== undefined) return known
  const own = await membershipOf({ loyalty }, tenantId, text)
  return own?.member.subscriberId ?? subscriberByParameter(profiles, tenantId, text)
}

/** An identity by which events name a subscriber. Throws `subscriber_not_found` where there is none. */
export async function subjectOf(
  { database, profiles }: FacadeParts,
  tenantId: string,
  subscriberId: number,
): Promise<string> {
  const subject = await database.tx(tenantId, async (tx) => {
    for (const kind of ['external', 'account', 'msisdn'] as const) {
      const value = (await profiles.identitiesOf(tx, [subscriberId], kind)).get(subscriberId)
      if (value !== undefined) return `${kind}:${value}`
    }
    return undefined
  })
  if (subject !== undefined) return subject
  throw new DomainError('subscriber_not_found', 'nobody is known by this number', { field: 'memberId' })
}
