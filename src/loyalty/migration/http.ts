import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import { type Database, type FastifyInstance, parseInput } from '../../platform/index.ts'
import { answerWithProgress } from '../progress.ts'
import {
  type MigratedAccounts,
  migratedAccounts,
  migrationAccountsQuery,
  migrationResult,
  migrationRun,
} from './programme-migration.ts'
import type { Migrations } from './service.ts'

type ById = { Params: { id: string } }

const options = {
  migrationsRun: {
    config: {
      roles: ['admin'] as const,
      operation: {
        summary: 'Run a migration, or see what it would do',
        body: migrationRun,
        answer: migrationResult,
      },
    },
  },
  migrationsAccounts: {
    config: {
      operation: {
        summary: 'What a migration did to each account',
        query: migrationAccountsQuery,
        answer: migratedAccounts,
      },
    },
  },
}

/** Adds the routes that run a migration and report every account. */
export function migrationRoutes(
  http: FastifyInstance,
  { migrations, access, database }: { migrations: Migrations; access: Access; database: Database },
): void {
  http.post<ById>('/v1/loyalty/migrations/:id/run', options.migrationsRun, (request, reply) => {
    const { dryRun } = parseInput(migrationRun, request.body ?? {})
    const { tenantId, keyId } = principalOf(request)
    const { id } = request.params
    return answerWithProgress(request, reply, async (onProgress) => {
      const result = await migrations.runMigration(tenantId, id, {
        dryRun,
        onProgress: (accounts) => onProgress({ accounts }),
      })
      if (!dryRun)
        await access.auditAlone(tenantId, {
          keyId,
          action: 'programme_migrated',
          target: id,
          details: result,
        })
      return result
    })
  })
  http.get<ById>('/v1/loyalty/migrations/:id/accounts', options.migrationsAccounts, async (request) => {
    const { after, limit } = parseInput(migrationAccountsQuery, request.query)
    const { id } = request.params
    const rows = await database.tx(tenantOf(request), (tx) =>
      migrations.migratedAccounts(tx, id, after, limit),
    )
    const ids = new Set(rows.map(({ subscriberId }) => subscriberId))
    const accounts = rows.map(({ fromMinor, toMinor, leftMinor, at, ...row }) => {
      const amounts = { fromMinor: `${fromMinor}`, toMinor: `${toMinor}`, leftMinor: `${leftMinor}` }
      return { ...row, ...amounts, at: at.toString() }
    })
    return {
      accounts,
      next: ids.size < limit ? null : rows.at(-1)!.subscriberId,
    } satisfies MigratedAccounts
  })
}
