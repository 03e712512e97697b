import { derivedId, DomainError, newId, type Tx } from '../../platform/index.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { Member } from '../members.ts'
import { lockLoyalty, selectMemberPage } from '../members-store.ts'
import { MIGRATE } from './consumer.ts'
import type { MigrationOutcome, MigrationResult, ProgrammeMigration } from './programme-migration.ts'
import { type MigratedAccount, selectMigrated, selectMigratedOfRun } from './store.ts'

export type Migrations = {
  /**
   * Moves all members of the old programme, a page in a transaction; what was moved is not moved again, so it may be
   * repeated after a crash, and later for what has come since. A dry run does the same work and takes it back.
   * Throws `migration_not_found`, `migration_closed`.
   */
  runMigration(
    tenantId: string,
    migrationId: string,
    options: { dryRun: boolean; onProgress?: (accounts: number) => void },
  ): Promise<MigrationResult>
  migratedAccounts(
    tx: Tx,
    migrationId: string,
    afterId: number,
    limit: number,
  ): Promise<(MigratedAccount & { at: Temporal.Instant })[]>
}

const PAGE = 1_000

/** What a dry run has found; it is thrown so that the transaction is rolled back. */
class DryRun extends Error {
  readonly accounts: MigratedAccount[]

  constructor(accounts: MigratedAccount[]) {
    super('a dry run is taken back')
    this.accounts = accounts
  }
}

/** Builds the service of migrations. */
export function createMigrations(parts: LoyaltyParts): Migrations {
  return {
    async runMigration(tenantId, migrationId, { dryRun, onProgress }) {
      const migration = await openMigration(parts, tenantId, migrationId)
      const runId = newId()
      const sums = { accounts: 0, fromMinor: 0n, toMinor: 0n, leftMinor: 0n }
      const outcomes: Partial<Record<MigrationOutcome, number>> = {}
      for (let afterId: number | null = 0; afterId !== null;) {
        const page: { accounts: MigratedAccount[]; lastId: number | null } = await movePage(
          parts,
          { tenantId, migration, runId, dryRun },
          afterId,
        )
        for (const { outcome, fromMinor, toMinor, leftMinor } of page.accounts) {
          sums.accounts++
          sums.fromMinor += fromMinor
          sums.toMinor += toMinor
          sums.leftMinor += leftMinor
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        }
        onProgress?.(sums.accounts)
        afterId = page.lastId
      }
      const { accounts, fromMinor, toMinor, leftMinor } = sums
      return {
        dryRun,
        accounts,
        outcomes,
        fromMinor: fromMinor.toString(),
        toMinor: toMinor.toString(),
        leftMinor: leftMinor.toString(),
      }
    },
    migratedAccounts: selectMigrated,
  }
}

async function openMigration(
  { documents, clock }: LoyaltyParts,
  tenantId: string,
  id: string,
): Promise<ProgrammeMigration> {
  const migration = await documents.get<ProgrammeMigration>(tenantId, 'ProgrammeMigration', id)
  if (!migration)
    throw new DomainError('migration_not_found', `no migration "${id}"`, { field: 'id', found: id })
  const { validFrom, validTo } = migration
  const isBefore = (text: string): boolean => clock.nowMs() < Temporal.Instant.from(text).epochMilliseconds
  if ((validFrom !== undefined && isBefore(validFrom)) || (validTo !== undefined && !isBefore(validTo))) {
    const expected = `from ${validFrom ?? 'ever'} to ${validTo ?? 'ever'}`
    throw new DomainError('migration_closed', 'the migration may not be run now', { field: 'id', expected })
  }
  return migration
}

type Run = { tenantId: string; migration: ProgrammeMigration; runId: string; dryRun: boolean }

async function movePage(
  parts: LoyaltyParts,
  run: Run,
  afterId: number,
): Promise<{ accounts: MigratedAccount[]; lastId: number | null }> {
  const { tenantId, migration, runId, dryRun } = run
  let lastId: number | null = null
  try {
    const accounts = await parts.database.tx(tenantId, async (tx) => {
      lockLoyalty(tx)
      const members = await selectMemberPage(tx, migration.from, afterId, PAGE)
      lastId = members.length < PAGE ? null : members.at(-1)!.subscriberId
      const there = members.filter(({ state }) => state !== 'merged')
      await parts.take(
        tx,
        tenantId,
        there.map((member) => eventOf(member, run, parts.clock.nowMs())),
      )
      const accounts = await selectMigratedOfRun(
        tx,
        migration.id,
        runId,
        there.map(({ subscriberId }) => subscriberId),
      )
      if (dryRun) throw new DryRun(accounts)
      return accounts
    })
    return { accounts, lastId }
  } catch (error) {
    if (error instanceof DryRun) return { accounts: error.accounts, lastId }
    throw error
  }
}

function eventOf({ subscriberId }: Member, { migration, runId }: Run, atMs: number): TakenEvent {
  const id = `${migration.id}:${subscriberId}:${runId}`
  const data = { migration: migration.id, runId }
  return {
    eventId: derivedId(MIGRATE, id),
    id,
    source: LOYALTY_SOURCE,
    type: MIGRATE,
    atMs,
    subscriberId,
    data,
    depth: 0,
  }
}
