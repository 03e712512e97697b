import type { Batch, TakenEvent } from '../consumer.ts'
import type { AbuseCase } from './case.ts'
import type { Exemption } from './case-store.ts'
import type { Plan } from './plan.ts'
import { type AbuseStanding, type Deed, newStanding } from './standing.ts'
import type { Sighting } from './standing-store.ts'

/** What is asked of abuse, as an event that only this consumer takes. */
export const DECIDE = 'loyalty.asked.abuse_decision'

/** Points that are to be held as soon as the ledger has all of the batch. */
export type Want = { abuseCase: AbuseCase; deed: Deed }

/** What names a member among all of a batch. */
export const placeOf = (programmeId: string, subscriberId: number): string =>
  `${programmeId}\n${subscriberId}`
/** What names an exemption. */
export const exemptionKey = (one: Pick<Exemption, 'programmeId' | 'subject' | 'reason'>): string =>
  `${one.programmeId}\n${one.subject}\n${one.reason}`
/** The subject of what is about one member alone. */
export const memberSubject = (subscriberId: number): string => `member:${subscriberId}`

type Loaded = {
  standings: AbuseStanding[]
  sightings: Sighting[]
  cases: AbuseCase[]
  exemptions: Exemption[]
}

/** What a session knows, and what it has changed. */
export class Desk {
  readonly batch: Batch
  readonly plan: Plan
  readonly cases = new Map<string, AbuseCase>()
  readonly changedStandings = new Set<AbuseStanding>()
  readonly changedCases = new Set<AbuseCase>()
  readonly newSightings: Sighting[] = []
  readonly newExemptions: Exemption[] = []
  readonly wants: Want[] = []
  readonly #standings = new Map<string, AbuseStanding>()
  readonly #users = new Map<string, Map<number, number>>()
  readonly #exemptUntil = new Map<string, number>()

  constructor(batch: Batch, plan: Plan, { standings, sightings, cases, exemptions }: Loaded) {
    this.batch = batch
    this.plan = plan
    for (const one of standings) this.#standings.set(placeOf(one.programmeId, one.subscriberId), one)
    for (const one of cases) this.cases.set(one.caseId, one)
    for (const one of sightings) this.#see(one)
    for (const one of exemptions) this.#exemptUntil.set(exemptionKey(one), one.untilMs)
  }

  /** The standing, which whoever asks is going to change. */
  standing(programmeId: string, subscriberId: number): AbuseStanding {
    const place = placeOf(programmeId, subscriberId)
    const standing = this.#standings.get(place) ?? newStanding(programmeId, subscriberId)
    this.#standings.set(place, standing)
    this.changedStandings.add(standing)
    return standing
  }

  /** The case of a member that is open, or that forbids what it forbids still. */
  caseOf(programmeId: string, subscriberId: number, state: 'open' | 'confirmed'): AbuseCase | undefined {
    return [...this.cases.values()].find(
      (one) => one.programmeId === programmeId && one.subscriberId === subscriberId && one.state === state,
    )
  }

  readonly usersOf = (instrument: string): ReadonlyMap<number, number> =>
    this.#users.get(instrument) ?? new Map()

  /** Notes who was seen with an instrument: at most once an hour is worth a write. */
  sight(instrument: string, { subscriberId, atMs }: TakenEvent): void {
    const last = this.usersOf(instrument).get(subscriberId)
    if (last !== undefined && atMs - last < 3_600_000) return
    const sighting = { instrument, subscriberId, atMs }
    this.#see(sighting)
    this.newSightings.push(sighting)
  }

  exempt(exemption: Exemption): void {
    this.#exemptUntil.set(exemptionKey(exemption), exemption.untilMs)
    this.newExemptions.push(exemption)
  }

  isExempt(exemption: Omit<Exemption, 'untilMs' | 'caseId'>, atMs: number): boolean {
    return (this.#exemptUntil.get(exemptionKey(exemption)) ?? 0) > atMs
  }

  #see({ instrument, subscriberId, atMs }: Sighting): void {
    const users = this.#users.get(instrument) ?? new Map<number, number>()
    users.set(subscriberId, Math.max(users.get(subscriberId) ?? 0, atMs))
    this.#users.set(instrument, users)
  }
}
