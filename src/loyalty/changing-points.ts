import { balancesInDetail } from '../ledger/index.ts'
import { DomainError, instantOf, newId, type Tx } from '../platform/index.ts'
import { accountOf } from './accounts.ts'
import { type Action, actionId, carryOut } from './action.ts'
import { type Applicant, applicantOf } from './applicant.ts'
import { type Book, programmeIn } from './book.ts'
import type { LoyaltyParts } from './dependencies.ts'
import type { LoyaltyErrorCode } from './errors.ts'
import { ownerOf } from './members.ts'
import { lockLoyalty, selectMember } from './members-store.ts'
import { selectJudgedEvent, selectPersons } from './judgements-store.ts'
import type { Programme } from './programmes.ts'

/** Points that somebody gives or takes outside of all rules. */
export type PointsChange = {
  /** Name of the part that asks; it registers `actionConsumer` of this name. */
  part: string
  tenantId: string
  programmeId: string
  subscriberId: number
  /** Minor units; negative where points are taken. */
  points: bigint
  reason: string
  key?: string | undefined
  /** How far a key reaches: within it the same key changes once. */
  scope: string
}

/** What there is to decide with: `key` is the change's own. */
export type Changing = {
  tx: Tx
  book: Book
  programme: Programme
  applicant: Applicant
  key: string
  atMs: number
}

/**
 * Changes a member's points once a key, as `decide` says; what it throws leaves nothing behind. Returns what can be spent
 * afterwards. Throws `programme_not_found`, `member_not_found`, `member_not_active`, `loyalty_key_mismatch`, and the
 * ledger's codes when there is too little to take.
 */
export async function changePoints(
  parts: LoyaltyParts,
  { part, tenantId, programmeId, subscriberId, points, reason, key = newId(), scope }: PointsChange,
  decide: (
    changing: Changing,
  ) => Promise<Pick<Action, 'accounts' | 'transfers' | 'announcements' | 'judgements'>>,
): Promise<bigint> {
  const book = await parts.books.of(tenantId)
  const programme = programmeIn(book, programmeId)
  return parts.database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    const atMs = parts.clock.nowMs()
    // Whoever has left since, or may spend no more, hears the same as before: only what is new can be refused.
    const member = await selectMember(tx, programmeId, subscriberId)
    const once = {
      part,
      key: `${scope}:${key}`,
      programmeId,
      subscriberId: member?.subscriberId ?? subscriberId,
    }
    if (!member || !(await wasDone(tx, { ...once, points, reason }))) {
      const applicant = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
      const decided = await decide({ tx, book, programme, applicant, key: once.key, atMs })
      await carryOut(parts, tx, tenantId, [{ ...once, atMs, ...decided }])
    }
    const account = accountOf(ownerOf(member!), programme.currency)
    return (await balancesInDetail(tx, [account], instantOf(atMs))).get(account)?.availableMinor ?? 0n
  })
}

/**
 * Whether an action was carried out under its key before. The same key answers the same, so ask before anything that
 * may refuse. Throws `loyalty_key_mismatch` where the key was used for another member, other points or another reason.
 */
async function wasDone(
  tx: Tx,
  asked: {
    part: string
    key: string
    programmeId: string
    subscriberId: number
    points: bigint
    reason: string
  },
): Promise<boolean> {
  const { part, key, programmeId, subscriberId, points, reason } = asked
  const before = await selectJudgedEvent(tx, actionId(part, key))
  if (!before) return false
  // A merge between two tries changes nothing.
  const person = (await selectPersons(tx, subscriberId)).find((one) => one.programmeId === programmeId)
  const formerId = person?.subscriberIds.includes(before.subscriberId) ? subscriberId : before.subscriberId
  const [judgement] = before.judgements
  const found = [formerId, judgement?.points, judgement?.saw['reason']].join(' ')
  const expected = [subscriberId, points, reason].join(' ')
  if (found === expected) return true
  const code: LoyaltyErrorCode = 'loyalty_key_mismatch'
  throw new DomainError(code, 'the key was used for something else', {
    field: 'key',
    found: expected,
    expected: found,
  })
}
