import type { Scope } from '../expressions/index.ts'
import { balancesInDetail } from '../ledger/index.ts'
import { DomainError, instantOf, type Tx } from '../platform/index.ts'
import { accountOf } from './accounts.ts'
import type { Book } from './book.ts'
import type { LoyaltyParts } from './dependencies.ts'
import { type Member, memberFields, ownerOf } from './members.ts'
import { selectMembers } from './members-store.ts'
import type { Programme } from './programmes.ts'

/** A member who asks for something that conditions and a balance decide about. */
export type Applicant = {
  member: Member
  /** Account that pays. */
  accountId: string
  availableMinor: bigint
  /** `subscriber` and `member` for conditions. */
  scope: Scope
}

type Asking = { programme: Pick<Programme, 'id' | 'currency'>; subscriberId: number }

/** Loads members as they are now, with one look for all; for who is none, `member_not_found` or `member_not_active`. */
export async function applicantsOf(
  { profiles, consumers }: Pick<LoyaltyParts, 'profiles' | 'consumers'>,
  tx: Tx,
  book: Book,
  asking: readonly Asking[],
  atMs: number,
): Promise<(Applicant | DomainError)[]> {
  const ids = [...new Set(asking.map(({ subscriberId }) => subscriberId))]
  const known = new Map((await selectMembers(tx, ids)).map((one) => [placeOf(one), one]))
  const found = asking.map(({ programme, subscriberId }) => {
    const own = known.get(placeOf({ programmeId: programme.id, subscriberId }))
    const member =
      own?.mergedInto == null ? own : known.get(placeOf({ ...own, subscriberId: own.mergedInto }))
    if (member?.state === 'active')
      return { member, accountId: accountOf(ownerOf(member), programme.currency) }
    const details = { field: 'subscriber', found: subscriberId, expected: `a member of "${programme.id}"` }
    return member
      ? new DomainError('member_not_active', 'the member has left', details)
      : new DomainError('member_not_found', `no member ${subscriberId} of "${programme.id}"`, details)
  })
  const active = found.flatMap((one) => (one instanceof DomainError ? [] : [one]))
  if (active.length === 0) return found as DomainError[]
  const members = [...new Set(active.map(({ member }) => member))]
  for (const consumer of consumers) await consumer.describe?.(tx, members, book)
  const accounts = [...new Set(active.map(({ accountId }) => accountId))]
  const balances = await balancesInDetail(tx, accounts, instantOf(atMs))
  const subscribers = await profiles.subscribersByIds(tx, [
    ...new Set(members.map((one) => one.subscriberId)),
  ])
  return found.map((one) => {
    if (one instanceof DomainError) return one
    const { member, accountId } = one
    const balance = balances.get(accountId)
    const attributes = subscribers.get(member.subscriberId)?.attributes ?? {}
    const scope = { subscriber: attributes, member: memberFields(member, atMs, balance?.balanceMinor) }
    return { member, accountId, availableMinor: balance?.availableMinor ?? 0n, scope }
  })
}

const placeOf = ({ programmeId, subscriberId }: Pick<Member, 'programmeId' | 'subscriberId'>): string =>
  `${programmeId}\n${subscriberId}`

/** Loads one member as they are now. Throws `member_not_found`, `member_not_active`. */
export async function applicantOf(
  parts: Pick<LoyaltyParts, 'profiles' | 'consumers'>,
  tx: Tx,
  book: Book,
  programme: Pick<Programme, 'id' | 'currency'>,
  subscriberId: number,
  atMs: number,
): Promise<Applicant> {
  const [one] = await applicantsOf(parts, tx, book, [{ programme, subscriberId }], atMs)
  if (one instanceof DomainError) throw one
  return one!
}
