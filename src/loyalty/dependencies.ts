import type { Clock, Database, Documents, EventLog, Tx } from '../platform/index.ts'
import type { Operator } from '../operator/index.ts'
import type { Profiles } from '../profiles/index.ts'
import type { Books } from './book.ts'
import type { TakenEvent } from './consumer.ts'
import type { IntakeParts, Taken } from './intake.ts'

export type LoyaltyDependencies = {
  database: Database
  clock: Clock
  documents: Documents
  profiles: Profiles
  /** The tenant's event log. */
  logOf(tenantId: string): EventLog
  timeZoneOf(tenantId: string, tx?: Tx): Promise<string>
  /** ISO 4217: what amounts are in where a rule says nothing else. */
  currencyOf(tenantId: string, tx?: Tx): Promise<string>
  /** Called when events were taken outside of the stages' own reading: the stages may have work. */
  wakeStages(tenantId: string): void
  /** Called after loyalty put its announcements onto the log. */
  wakeReaders(tenantId: string): void
  /** Carries out what tiers and rewards order; absent: it is announced alone. */
  operator?: Pick<Operator, 'requestActivations'> & Partial<Pick<Operator, 'client'>>
  /** Events that are taken in one transaction; for tests. */
  batchEvents?: number
}

/**
 * Lets the consumers take events that are no part of the log, such as what somebody did by the API: within the
 * caller's transaction, each once for ever by its `eventId`.
 */
export type Take = (tx: Tx, tenantId: string, events: TakenEvent[]) => Promise<Taken>

/** What the parts of loyalty are made of. */
export type LoyaltyParts = LoyaltyDependencies & IntakeParts & { books: Books; take: Take }
