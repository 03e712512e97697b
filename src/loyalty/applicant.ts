import type { Scope } from '../expressions/index.ts'
import { type BalanceInDetail, balancesInDetail } from '../ledger/index.ts'
import { instantOf, type Tx } from '../platform/index.ts'
import { accountOf } from './accounts.ts'
import type { Book } from './book.ts'
import type { LoyaltyParts } from './dependencies.ts'
import { type Member, memberFields, ownerOf } from './members.ts'
import { activeMember } from './play/member-at-play.ts'
import type { Programme } from './programmes.ts'

/** A member who asks for something that conditions and a balance decide about. */
export type Applicant = {
  member: Member
  /** Account that pays. */
  accountId: string
  availableMinor: bigint
  balance: BalanceInDetail | undefined
  /** `subscriber` and `member` for conditions. */
  scope: Scope
}

/** Loads a member as they are now. Throws `member_not_found`, `member_not_active`. */
export async function applicantOf(
  { profiles, consumers }: Pick<LoyaltyParts, 'profiles' | 'consumers'>,
  tx: Tx,
  book: Book,
  programme: Pick<Programme, 'id' | 'currency'>,
  subscriberId: number,
  atMs: number,
): Promise<Applicant> {
  const member = await activeMember(tx, programme.id, subscriberId)
  for (const consumer of consumers) await consumer.describe?.(tx, [member], book)
  const accountId = accountOf(ownerOf(member), programme.currency)
  const balance = (await balancesInDetail(tx, [accountId], instantOf(atMs))).get(accountId)
  const subscribers = await profiles.subscribersByIds(tx, [member.subscriberId])
  const attributes = subscribers.get(member.subscriberId)?.attributes ?? {}
  return {
    member,
    accountId,
    balance,
    availableMinor: balance?.availableMinor ?? 0n,
    scope: { subscriber: attributes, member: memberFields(member, atMs, balance?.balanceMinor) },
  }
}
