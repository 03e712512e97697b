import { MAIN_PROGRAMME, type MembershipsView, type MemberTiersView } from '../../../src/loyalty/contract.ts'

/** A member's place on a ladder. */
export type MemberLadder = MemberTiersView['ladders'][number]
export type Membership = MembershipsView['memberships'][number]

/** The membership that is shown: the one asked for, else an active one, `main` before others. */
export function shownOf(all: readonly Membership[], programme: string | undefined): Membership | undefined {
  const active = all.filter(({ state }) => state === 'active')
  return (
    all.find((one) => one.programme === programme) ??
    active.find((one) => one.programme === MAIN_PROGRAMME) ??
    active[0] ??
    all[0]
  )
}

/** The ledger's account that a member spends from: their own, or that of a household with one balance. */
export function accountOf({
  programme,
  subscriberId,
  household,
  sharesBalance,
  currency,
}: Membership): string {
  return household !== null && sharesBalance
    ? `household:${programme}:${household}:${currency}`
    : `member:${programme}:${subscriberId}:${currency}`
}
