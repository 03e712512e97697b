import { createHash } from 'node:crypto'
import type { CelType } from '../expressions/index.ts'
import { householdOwner, memberOwner } from './accounts.ts'
import type { Programme } from './programmes.ts'

export type MemberState = 'active' | 'left' | 'merged'

/** A subscriber in a programme. While a batch is taken it changes in place; what is stored follows at its end. */
export type Member = {
  programmeId: string
  subscriberId: number
  state: MemberState
  enrolledAtMs: number
  /** When the member left or was merged. */
  endedAtMs: number | null
  /** The subscriber as whom this one goes on after a merge. */
  mergedInto: number | null
  householdId: string | null
  /** Whether the household has one balance. */
  sharesBalance: boolean
  referralCode: string
  /** The tier's id; the tiers' consumer sets it. Null: none. */
  tier: string | null
  /** Ids of the clubs that the member is in; the clubs' consumer sets them. */
  clubs?: readonly string[]
}

/** Owner of the accounts in which the member's points are. */
export function ownerOf(member: Member): string {
  return member.householdId !== null && member.sharesBalance
    ? householdOwner(member.programmeId, member.householdId)
    : memberOwner(member.programmeId, member.subscriberId)
}

/** Whether somebody has left a programme in which that gives up all points, those still to come among them. */
export const hasForfeited = (
  { leaving }: Pick<Programme, 'leaving'>,
  { state }: Pick<Member, 'state'>,
): boolean => state === 'left' && leaving.points === 'forfeit'

/** What conditions may read of `member`. */
export const memberDeclarations: Record<string, CelType> = {
  tier: 'string',
  enrolledAt: 'timestamp',
  daysInProgramme: 'int',
  household: 'string',
  clubs: { list: 'string' },
  /** Balance in minor units; loaded where a condition reads it. */
  balance: 'int',
}

const DAY_MS = 86_400_000

/** The values of `member` at a moment; absent ones are left out, as expressions want it. */
export function memberFields(member: Member, atMs: number, balanceMinor?: bigint): Record<string, unknown> {
  return {
    ...(member.tier === null ? {} : { tier: member.tier }),
    enrolledAt: member.enrolledAtMs,
    daysInProgramme: Math.max(0, Math.floor((atMs - member.enrolledAtMs) / DAY_MS)),
    clubs: member.clubs ?? [],
    ...(member.householdId === null ? {} : { household: member.householdId }),
    ...(balanceMinor === undefined ? {} : { balance: Number(balanceMinor) }),
  }
}

/** A new active member. */
export function newMember(programmeId: string, subscriberId: number, enrolledAtMs: number): Member {
  return {
    programmeId,
    subscriberId,
    state: 'active',
    enrolledAtMs,
    endedAtMs: null,
    mergedInto: null,
    householdId: null,
    sharesBalance: false,
    referralCode: referralCodeOf(programmeId, subscriberId),
    tier: null,
  }
}

/** Letters and digits that cannot be mistaken for each other (Crockford's base 32 in lower case). */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A member's referral code: ten letters that follow from the member alone, so that it is the same after every
 * restart. Fifty bits: among ten million members two share one with a chance of 4 %, and then the earlier has it.
 */
export function referralCodeOf(programmeId: string, subscriberId: number): string {
  const digest = createHash('sha256').update(`referral\n${programmeId}\n${subscriberId}`).digest()
  let code = ''
  for (let i = 0; i < 10; i++) code += LETTERS[digest[i]! & 31]
  return code
}

/** By what those were enrolled who came over from another programme. */
export const MIGRATION = 'migration'
