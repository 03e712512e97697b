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

/** A whole or decimal number of points as somebody writes it, in minor units; undefined when it is none. */
export function minorOf(typed: string, decimals: number): string | undefined {
  const found = /^([+−-]?)(\d{1,12})(?:[.,](\d+))?$/.exec(typed.replaceAll(/\s/g, ''))
  if (!found) return undefined
  const [, sign = '', whole = '', fraction = ''] = found
  if (fraction.length > decimals) return undefined
  const minor = BigInt(whole + fraction.padEnd(decimals, '0'))
  if (minor === 0n) return undefined
  return String(sign === '' || sign === '+' ? minor : -minor)
}
