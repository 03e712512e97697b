import type { AccountOpening } from '../ledger/index.ts'
import type { Programme } from './programmes.ts'

/** What a programme's own accounts are for. */
export const programmePurposes = {
  /** The other side of every credit: below zero by what was ever given and not taken back. */
  liability: 'liability',
  /** What expired or was forfeited. */
  breakage: 'breakage',
  /** What was spent on rewards. */
  redeemed: 'expense',
  /** What members paid for a service of the programme. */
  fees: 'revenue',
  /** What is on its way to another programme or to a partner. */
  clearing: 'clearing',
} as const
export type ProgrammePurpose = keyof typeof programmePurposes

/** Owner of a member's accounts. */
export const memberOwner = (programmeId: string, subscriberId: number): string =>
  `member:${programmeId}:${subscriberId}`

/** Owner of the accounts that the members of a household share. */
export const householdOwner = (programmeId: string, householdId: string): string =>
  `household:${programmeId}:${householdId}`

/** With what the names of all owners of members' points in a programme begin. */
export const memberOwnersOf = (programmeId: string): string[] => [
  `member:${programmeId}:`,
  householdOwner(programmeId, ''),
]

/** Account of an owner in a currency, such as `member:main:123:points`. */
export const accountOf = (owner: string, currency: string): string => `${owner}:${currency}`

/** A member's own account, such as `member:main:123:points`. */
export const memberAccount = (programmeId: string, subscriberId: number, currency: string): string =>
  accountOf(memberOwner(programmeId, subscriberId), currency)

/** A programme's own account, such as `programme:main:liability:points`. */
export const programmeAccount = (
  programme: Pick<Programme, 'id' | 'currency'>,
  purpose: ProgrammePurpose,
): string => `programme:${programme.id}:${purpose}:${programme.currency}`

/**
 * How far a debt can go at all. The programme's own limit is applied when points are taken back and may change; the
 * rule of an account never does.
 */
const MOST_DEBT = 10n ** 15n

/** The opening of a member's or household's account. */
export function ownerOpening(owner: string, currency: string): AccountOpening {
  return {
    accountId: accountOf(owner, currency),
    owner,
    purpose: 'member',
    currency,
    mayGoNegative: false,
    debtLimitMinor: MOST_DEBT,
    keepsLots: true,
  }
}

/** The opening of a programme's own account. */
export function programmeOpening(programme: Programme, purpose: ProgrammePurpose): AccountOpening {
  return {
    accountId: programmeAccount(programme, purpose),
    owner: `programme:${programme.id}`,
    purpose: programmePurposes[purpose],
    currency: programme.currency,
    mayGoNegative: purpose === 'liability' || purpose === 'clearing',
  }
}
