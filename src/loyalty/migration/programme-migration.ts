import { z } from 'zod'
import { documentId, words } from '../programmes.ts'

/** `{ kind: ProgrammeMigration, id, from, to, rate }`: members of one programme go over to another with their points. */
export const programmeMigration = z.strictObject({
  kind: z.literal('ProgrammeMigration'),
  id: documentId,
  name: words.optional(),
  from: documentId,
  to: documentId,
  /** Points of the new programme for one point of the old one, whole points both; rounded down an account. */
  rate: z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, 'a decimal with up to six places'),
  /** Whether points keep their day of expiry, or begin a new life by the new programme's rule. */
  expiry: z.enum(['keep', 'new']).default('keep'),
  /** When it may be run. */
  validFrom: z.iso.datetime({ offset: true }).optional(),
  validTo: z.iso.datetime({ offset: true }).optional(),
})
export type ProgrammeMigration = z.infer<typeof programmeMigration>

const minor = z.string().regex(/^-?\d+$/)

export const migrationOutcomes = ['moved', 'debt_moved', 'empty', 'refused'] as const
export type MigrationOutcome = (typeof migrationOutcomes)[number]

/** Answer of `POST /v1/loyalty/migrations/:id/run`, behind lines of `progress` where NDJSON is accepted. */
export const migrationResult = z.object({
  dryRun: z.boolean(),
  accounts: z.int(),
  outcomes: z.record(z.string(), z.int()),
  /** Taken from the old programme and given in the new one, minor units of each. */
  fromMinor: minor,
  toMinor: minor,
  /** Reserved or not available yet: it stays, and another run moves it later. */
  leftMinor: minor,
})
export type MigrationResult = z.infer<typeof migrationResult>
export type MigrationProgress = { progress: { accounts: number } } | { result: MigrationResult }

export const migrationRun = z.strictObject({ dryRun: z.boolean().default(false) })
export const migrationAccountsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
})

/** `GET /v1/loyalty/migrations/:id/accounts`: every account, run by run. */
export const migratedAccounts = z.object({
  accounts: z.array(
    z.object({
      subscriberId: z.int(),
      outcome: z.enum(migrationOutcomes),
      fromMinor: minor,
      toMinor: minor,
      leftMinor: minor,
      problem: z.string().nullable(),
      at: z.string(),
    }),
  ),
  /** `after` of the next page. */
  next: z.int().nullable(),
})
export type MigratedAccounts = z.infer<typeof migratedAccounts>
