import type { Batch } from '../consumer.ts'
import type { AbuseCase } from './case.ts'
import type { Exemption } from './case-store.ts'
import type { Plan } from './plan.ts'
import { absorb, type AbuseStanding, type Deed, newStanding } from './standing.ts'
import type { Sighting } from './standing-store.ts'

/** What is asked of abuse, as an event that only this consumer takes. */
export const DECIDE = 'loyalty.asked.abuse_decision'

/** Points that are to be held as soon as the ledger has all of the batch. */
export type Want = { abuseCase: AbuseCase; deed: Deed }

/** What names a member among all of a batch. */
export const placeOf = (programmeId: string, subscriberId: number): string =>
  `${programmeId}\n${subscriberId}`
/** What names an exemption. */
const exemptionKey = (one: Pick<Exemption, 'programmeId' | 'subject' | 'reason'>): string =>
  `${one.programmeId}\n${one.subject}\n${one.reason}`
type Loaded = {
  standings: AbuseStanding[]
  sightings: Sighting[]
  cases: AbuseCase[]
  exemptions: Exemption[]
  sharedAccounts: Iterable<string>
  lastEarned: ReadonlyMap<string, number>
}

/** What a session knows, and what it has changed. */
export class Desk {
  readonly batch: Batch
  readonly plan: Plan
  readonly cases = new Map<string, AbuseCase>()
  readonly changedStandings = new Set<AbuseStanding>()
  readonly changedCases = new Set<AbuseCase>()
  /** Members who go on as others. */
  readonly goneStandings = new Set<AbuseStanding>()
  readonly newSightings = new Map<string, Sighting>()
  readonly newExemptions = new Map<string, Exemption>()
  readonly wants: Want[] = []
  /** Of the accounts with holds those of a household that still has members. */
  readonly sharedAccounts: ReadonlySet<string>
  /** When members whose case is to be decided last earned points, where that gives points a new life. */
  readonly lastEarned: ReadonlyMap<string, number>
  readonly #casesOf = new Map<string, AbuseCase[]>()
  readonly #standings = new Map<string, AbuseStanding>()
  readonly #users = new Map<string, Map<number, number>>()
  readonly #exemptUntil = new Map<string, number>()

  constructor(batch: Batch, plan: Plan, loaded: Loaded) {
    const { standings, sightings, cases, exemptions, sharedAccounts } = loaded
    this.batch = batch
    this.plan = plan
    this.sharedAccounts = new Set(sharedAccounts)
    this.lastEarned = loaded.lastEarned
    for (const one of standings) this.#standings.set(placeOf(one.programmeId, one.subscriberId), one)
    for (const one of cases.toSorted((a, b) => a.openedAtMs - b.openedAtMs)) this.addCase(one)
    for (const one of sightings) this.#see(one)
    for (const one of exemptions) this.#exemptUntil.set(exemptionKey(one), one.untilMs)
  }

  /** The standing; whoever changes it adds it to `changedStandings`. */
  standing(programmeId: string, subscriberId: number): AbuseStanding {
    const place = placeOf(programmeId, subscriberId)
    const standing = this.#standings.get(place) ?? newStanding(programmeId, subscriberId)
    this.#standings.set(place, standing)
    return standing
  }

  /** Lets one member's standing go on in another's. */
  mergeStandings(programmeId: string, from: number, into: number): void {
    const gone = this.standing(programmeId, from)
    const stays = this.standing(programmeId, into)
    absorb(stays, gone)
    this.#standings.delete(placeOf(programmeId, from))
    this.changedStandings.delete(gone)
    this.changedStandings.add(stays)
    this.goneStandings.add(gone)
  }

  addCase(abuseCase: AbuseCase): void {
    this.cases.set(abuseCase.caseId, abuseCase)
    const place = placeOf(abuseCase.programmeId, abuseCase.subscriberId)
    this.#casesOf.set(place, [...(this.#casesOf.get(place) ?? []), abuseCase])
  }

  /** The open case of a member, the earliest where a merge has left several. */
  openCaseOf(programmeId: string, subscriberId: number): AbuseCase | undefined {
    return this.#casesOf.get(placeOf(programmeId, subscriberId))?.find(({ state }) => state === 'open')
  }

  /** Whether a confirmed case forbids a member everything at a moment. */
  isRefused(programmeId: string, subscriberId: number, atMs: number): boolean {
    const all = this.#casesOf.get(placeOf(programmeId, subscriberId)) ?? []
    return all.some(
      ({ state, closesAtMs }) => state === 'confirmed' && (closesAtMs === null || closesAtMs > atMs),
    )
  }

  readonly usersOf = (instrument: string): ReadonlyMap<number, number> =>
    this.#users.get(instrument) ?? new Map()

  /** Notes who was seen with an instrument: at most once an hour is worth a write. */
  sight(instrument: string, subscriberId: number, atMs: number): void {
    const last = this.usersOf(instrument).get(subscriberId)
    if (last !== undefined && atMs - last < 3_600_000) return
    const sighting = { instrument, subscriberId, atMs }
    this.#see(sighting)
    this.newSightings.set(`${instrument}\n${subscriberId}`, sighting)
  }

  exempt(exemption: Exemption): void {
    this.#exemptUntil.set(exemptionKey(exemption), exemption.untilMs)
    this.newExemptions.set(exemptionKey(exemption), exemption)
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
