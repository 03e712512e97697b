import { renderSVG } from 'uqr'
import { derivedId, DomainError, newId } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { selectJudgedEvent, type StoredEvent } from '../judgements-store.ts'
import { lockLoyalty } from '../members-store.ts'
import { activeMember } from '../play/member-at-play.ts'
import { CODE_GIVEN } from './codes.ts'
import type { ReferralErrorCode, ReferralReason } from './errors.ts'
import { type Brought, selectBrought, selectGrants, selectGrantsOf, selectRefusals } from './grant-store.ts'
import { planOf, type ReadyReferral } from './plan.ts'
import { type Grant, normalCode, type Refusal } from './referral.ts'
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
  before: string | null
  limit: number
}

export type Referrals = {
  /**
   * Uses a code for a member, once an idempotency key; a refusal is kept and told with its reason. The same code under
   * the same key is answered the same, another one is a `referral_key_mismatch`.
   */
  useCode(
    tenantId: string,
    request: { referralId: string; subscriberId: number; code: string; key?: string },
  ): Promise<{ reason: ReferralReason; words: Words }>
  view(tenantId: string, programmeId: string, subscriberId: number): Promise<InvitationView>
  /** A member's link as a QR code, an SVG; throws `referral_link_not_found` when the programme of referrals has no link. */
  qrCode(tenantId: string, referralId: string, subscriberId: number): Promise<string>
  /** For the agent: rewards, refused ones among them, and codes that were refused. */
  rewards(tenantId: string, query: ListQuery & { state: Grant['state'] | null }): Promise<Grant[]>
  refusals(tenantId: string, query: ListQuery): Promise<(Refusal & { words: Words })[]>
}

const LATEST = 100
/** Light modules around a QR code, so that cameras find it (ISO/IEC 18004, 9.1). */
const QUIET_MODULES = 4

/** Codes, links and rewards as members and agents see them. */
export function createReferrals(parts: LoyaltyParts): Referrals {
  const { database, clock, books, take } = parts
  const readyOf = async (tenantId: string, referralId: string): Promise<ReadyReferral> => {
    const ready = planOf(await books.of(tenantId)).byId.get(referralId)
    return ready ?? refuse('referral_not_found', `no referral programme "${referralId}"`, referralId)
  }
  return {
    async useCode(tenantId, { referralId, subscriberId, code, key }) {
      const ready = await readyOf(tenantId, referralId)
      if (normalCode(code) === undefined) return toldOf('code_unknown')
      return database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        // By whom it was given, and not by the member as whom they go on: a merge between two tries changes nothing.
        const id = key === undefined ? newId() : `${referralId}:${subscriberId}:${key}`
        const eventId = derivedId(LOYALTY_SOURCE, `${CODE_GIVEN} ${id}`)
        const before = await selectJudgedEvent(tx, eventId)
        if (before) return toldOf(reasonUnderKey(before, code))
        const member = await activeMember(tx, ready.programme.id, subscriberId)
        const taken = await take(tx, tenantId, [
          {
            eventId,
            id,
            source: LOYALTY_SOURCE,
            type: CODE_GIVEN,
            atMs: clock.nowMs(),
            subscriberId: member.subscriberId,
            data: { referral: referralId, code },
            depth: 0,
          },
        ])
        const judged = taken.judgements.find(({ judgement }) => judgement.consumer === 'referrals')!
        return toldOf(judged.judgement.reason as ReferralReason)
      })
    },
    async view(tenantId, programmeId, subscriberId) {
      const { referrals } = planOf(await books.of(tenantId))
      return database.tx(tenantId, async (tx) => {
        const member = await activeMember(tx, programmeId, subscriberId)
        const { referralCode: code, subscriberId: id } = member
        return {
          code,
          links: referrals
            .filter(({ programme }) => programme.id === programmeId)
            .map(({ document }) => ({
              referral: document.id,
              name: document.name,
              url: linkOf(document, code),
            })),
          brought: await selectBrought(tx, programmeId, id, LATEST),
          rewards: await selectGrantsOf(tx, id, LATEST),
        }
      })
    },
    async qrCode(tenantId, referralId, subscriberId) {
      const { document, programme } = await readyOf(tenantId, referralId)
      const member = await database.tx(tenantId, (tx) => activeMember(tx, programme.id, subscriberId))
      const link = linkOf(document, member.referralCode)
      if (link === null) refuse('referral_link_not_found', 'this referral programme has no link', referralId)
      return renderSVG(link, { ecc: 'M', border: QUIET_MODULES })
    },
    rewards: (tenantId, query) => database.tx(tenantId, (tx) => selectGrants(tx, query)),
    async refusals(tenantId, query) {
      const found = await database.tx(tenantId, (tx) => selectRefusals(tx, query))
      return found.map((refusal) => ({ ...refusal, words: referralWords[refusal.reason] }))
    },
  }
}

function refuse(code: ReferralErrorCode, message: string, found: unknown): never {
  throw new DomainError(code, message, { field: 'referral', found })
}

/** A reason with its words. */
const toldOf = (reason: ReferralReason): { reason: ReferralReason; words: Words } => ({
  reason,
  words: referralWords[reason],
})

const linkOf = ({ link }: ReadyReferral['document'], code: string): string | null =>
  link?.replaceAll('{code}', encodeURIComponent(code)) ?? null

/** What a code was answered that came before under the same key. */
function reasonUnderKey({ judgements }: StoredEvent, code: string): ReferralReason {
  const judgement = judgements.find(({ consumer }) => consumer === 'referrals')
  if (judgement && judgement.saw['code'] === normalCode(code)) return judgement.reason as ReferralReason
  const error: ReferralErrorCode = 'referral_key_mismatch'
  throw new DomainError(error, 'another code was given under this key', {
    field: 'idempotencyKey',
    found: code,
    expected: String(judgement?.saw['code']),
  })
}
