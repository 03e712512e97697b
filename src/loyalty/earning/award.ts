import type { Member } from '../members.ts'

/** A transfer by which a rule gave points, and what may still happen to it. */
export type Award = {
  transferKey: string
  eventId: string
  programmeId: string
  ruleId: string
  ruleVersion: number
  subscriberId: number
  /** The account that is credited. */
  accountId: string
  /** Key of the transfer that brought the points; null while they are reserved. */
  postedKey: string | null
  points: bigint
  state: 'posted' | 'pending' | 'voided'
  /** By what a return names the purchase. */
  reference: string | null
  /** The amount by which the rule counted, in minor units; 1 where a return can only be whole. */
  baseMinor: bigint
  returnedMinor: bigint
  returnedPoints: bigint
  /** Of the returned points those that had expired or been forfeited, and so were not taken a second time. */
  lapsedPoints: bigint
  forgivenPoints: bigint
  /** Type and key of the event that releases it, and until when it may come. */
  settleOn: string | null
  settleKey: string | null
  settleUntilMs: number | null
  availableFromMs: number
  expiresAtMs: number | null
  campaignId: string | null
  arm: string | null
  atMs: number
}

/** A return as a rule understood it; without an amount it is all that is left of the purchase. */
export type Returned = {
  ruleId: string
  eventId: string
  subscriberId: number
  reference: string
  amountMinor: bigint | null
  appliedMinor: bigint
  isApplied: boolean
  atMs: number
}

/** An event for which points of a rule wait, whether or not there were any when it came. */
export type Confirmation = {
  ruleId: string
  eventId: string
  subscriberId: number
  /** What names the purchase; empty where the rule names none. */
  settleKey: string
  hasSettled: boolean
  atMs: number
}

/** How much went through a cap or a budget in a period. */
export type Counter = { counter: string; subscriberId: number; period: string; points: bigint; times: number }

/** Rule that stands for the welcome bonus; no document can have this id. */
export const WELCOME = '#welcome'

/** Key of the welcome transfer: one a member for ever. */
export const welcomeKey = (programmeId: string, subscriberId: number): string =>
  `welcome:${programmeId}:${subscriberId}`

/** Key of an award's transfer. */
export const awardKey = (ruleId: string, eventId: string): string => `award:${ruleId}:${eventId}`

/** What earning remembers of the members of a batch: loaded before it, changed while it is taken, stored after it. */
export class EarnMemory {
  readonly counters = new Map<string, Counter>()
  /** By rule, member and reference, the oldest first. */
  readonly awards = new Map<string, Award[]>()
  /** Pending ones by event type and member. */
  readonly pending = new Map<string, Award[]>()
  /** Returns that wait for their purchase, by rule, member and reference. */
  readonly waiting = new Map<string, Returned[]>()
  /** By rule, member and key, in the order in which they came. */
  readonly confirmations = new Map<string, Confirmation[]>()
  /** How much of an award had expired or been forfeited before the batch, by its transfer's key. */
  readonly lapsed = new Map<string, bigint>()
  readonly welcomed = new Set<string>()
  readonly balances = new Map<string, bigint>()
  /** Of the balances what is set aside for rewards or held. */
  readonly reserved = new Map<string, bigint>()
  readonly changedCounters = new Set<Counter>()
  readonly changedAwards = new Set<Award>()
  readonly changedReturns = new Set<Returned>()
  readonly changedConfirmations = new Set<Confirmation>()
  /** Transfers by which awards were taken back, whose answers say what was forgiven. */
  readonly takings: { key: string; award: Award; points: bigint }[] = []

  counterOf(counter: string, subscriberId: number, period: string): Counter {
    const key = `${counter}\n${subscriberId}\n${period}`
    let found = this.counters.get(key)
    if (!found) this.counters.set(key, (found = { counter, subscriberId, period, points: 0n, times: 0 }))
    return found
  }

  addCounters(counters: Counter[]): void {
    for (const one of counters) this.counters.set(`${one.counter}\n${one.subscriberId}\n${one.period}`, one)
  }

  addAward(award: Award): void {
    if (award.reference !== null)
      push(this.awards, placeOf(award.ruleId, award.subscriberId, award.reference), award)
    if (award.state === 'pending') push(this.pending, `${award.settleOn}\n${award.subscriberId}`, award)
  }

  awardsOf(ruleId: string, { subscriberId }: Member, reference: string): Award[] {
    return this.awards.get(placeOf(ruleId, subscriberId, reference)) ?? []
  }

  pendingOf(type: string, { subscriberId }: Member): Award[] {
    return (this.pending.get(`${type}\n${subscriberId}`) ?? []).filter(({ state }) => state === 'pending')
  }

  addReturn(returned: Returned): void {
    push(this.waiting, placeOf(returned.ruleId, returned.subscriberId, returned.reference), returned)
  }

  waitingOf(ruleId: string, { subscriberId }: Member, reference: string): Returned[] {
    const all = this.waiting.get(placeOf(ruleId, subscriberId, reference)) ?? []
    return all.filter(({ isApplied }) => !isApplied)
  }

  addConfirmation(one: Confirmation): void {
    push(this.confirmations, placeOf(one.ruleId, one.subscriberId, one.settleKey), one)
  }

  confirmationsOf({ ruleId, subscriberId, settleKey }: Award): Confirmation[] {
    return this.confirmations.get(placeOf(ruleId, subscriberId, settleKey ?? '')) ?? []
  }

  /** Notes what a transfer adds to an account or takes from it that settles or reverses another one. */
  move(accountId: string, points: bigint): void {
    this.balances.set(accountId, (this.balances.get(accountId) ?? 0n) + points)
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list) list.push(item)
  else lists.set(key, [item])
}

const placeOf = (ruleId: string, subscriberId: number, reference: string): string =>
  `${ruleId}\n${subscriberId}\n${reference}`
