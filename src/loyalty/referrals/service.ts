import { derivedId, DomainError, newId } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty } from '../members-store.ts'
import { activeMember } from '../play/member-at-play.ts'
import { CODE_GIVEN } from './codes.ts'
import type { ReferralErrorCode, ReferralReason } from './errors.ts'
import { type Brought, selectBrought, selectGrants, selectRefusals } from './grant-store.ts'
import { planOf } from './plan.ts'
import type { Grant, Refusal } from './referral.ts'
import { referralWords } from './words.ts'
import type { Words } from '../programmes.ts'

/** What a member sees of their invitations. */
export type InvitationView = {
  code: string
  links: { referral: string; name: Words; url: string | null }[]
  brought: Brought[]
  rewards: Grant[]
}
export type ListQuery = {
  referralId: string | null
  subscriberId: number | null
  before: Temporal.Instant | null
  limit: number
}

export type Referrals = {
  /** Uses a code for a member, once an idempotency key; a refusal is kept and told with its reason. */
  useCode(
    tenantId: string,
    request: { referralId: string; subscriberId: number; code: string; key?: string },
  ): Promise<{ reason: ReferralReason; words: Words }>
  view(tenantId: string, programmeId: string, subscriberId: number): Promise<InvitationView>
  /** For the agent: rewards, refused ones among them, and codes that were refused. */
  rewards(tenantId: string, query: ListQuery & { state: Grant['state'] | null }): Promise<Grant[]>
  refusals(tenantId: string, query: ListQuery): Promise<(Refusal & { words: Words })[]>
}

const LATEST = 100

/** Codes, links and rewards as members and agents see them. */
export function createReferrals(parts: LoyaltyParts): Referrals {
  const { database, clock, books, take } = parts
  return {
    async useCode(tenantId, { referralId, subscriberId, code, key }) {
      const ready = planOf(await books.of(tenantId)).byId.get(referralId)
      if (!ready) {
        const notFound: ReferralErrorCode = 'referral_not_found'
        throw new DomainError(notFound, `no referral programme "${referralId}"`, { found: referralId })
      }
      return database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const member = await activeMember(tx, ready.programme.id, subscriberId)
        const id = key === undefined ? newId() : `${referralId}:${member.subscriberId}:${key}`
        const taken = await take(tx, tenantId, [
          {
            eventId: derivedId(LOYALTY_SOURCE, `${CODE_GIVEN} ${id}`),
            id,
            source: LOYALTY_SOURCE,
            type: CODE_GIVEN,
            atMs: clock.nowMs(),
            subscriberId: member.subscriberId,
            data: { referral: referralId, code },
            depth: 0,
          },
        ])
        const judged = taken.judgements.find(({ judgement }) => judgement.consumer === 'referrals')
        // Under a key that was used before nothing is judged again: then the member was referred, or it was refused.
        const reason = (judged?.judgement.reason ?? 'already_referred') as ReferralReason
        return { reason, words: referralWords[reason] }
      })
    },
    async view(tenantId, programmeId, subscriberId) {
      const { referrals } = planOf(await books.of(tenantId))
      return database.tx(tenantId, async (tx) => {
        const member = await activeMember(tx, programmeId, subscriberId)
        const { referralCode: code, subscriberId: id } = member
        const about = { referralId: null, state: null, before: null, limit: LATEST }
        const rewards = await selectGrants(tx, { ...about, subscriberId: id })
        return {
          code,
          links: referrals
            .filter(({ programme }) => programme.id === programmeId)
            .map(({ document }) => ({
              referral: document.id,
              name: document.name,
              url: document.link?.replaceAll('{code}', code) ?? null,
            })),
          brought: await selectBrought(tx, programmeId, id, LATEST),
          rewards: rewards.filter(({ beneficiaryId }) => beneficiaryId === id),
        }
      })
    },
    rewards: (tenantId, query) => database.tx(tenantId, (tx) => selectGrants(tx, query)),
    async refusals(tenantId, query) {
      const found = await database.tx(tenantId, (tx) => selectRefusals(tx, query))
      return found.map((refusal) => ({ ...refusal, words: referralWords[refusal.reason] }))
    },
  }
}
