import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Analytics,
  type Clock,
  type Config,
  type Database,
  KeptClock,
  LmdbLogStore,
  migrate,
  openAnalytics,
  openDatabase,
  startEmbeddedPostgres,
  systemClock,
} from '../platform/index.ts'

export type Stores = {
  database: Database
  log: LmdbLogStore
  analytics: Analytics
  clock: Clock
  close(): Promise<void>
}

/** Opens the three stores: each embedded in the data folder, or where its URL says. */
export async function openStores(config: Config): Promise<Stores> {
  mkdirSync(config.dataDir, { recursive: true })
  // The embedded PostgreSQL runs under an account of its own when root starts it, and must be able to enter.
  chmodSync(config.dataDir, 0o755)
  const postgres =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres(join(config.dataDir, 'postgres'))
      : undefined
  const database = openDatabase(
    await migrate(config.databaseUrl ?? postgres!.ownerUrl),
    config.databasePoolSize,
  )
  const log = new LmdbLogStore(config.logDir)
  const analytics = await openAnalytics(
    config.analyticsUrl === undefined
      ? { folder: join(config.dataDir, 'analytics') }
      : { url: config.analyticsUrl },
  )
  return {
    database,
    log,
    analytics,
    clock: config.clock === 'simulated' ? new KeptClock(join(config.dataDir, 'clock')) : systemClock,
    async close() {
      await analytics.close()
      await log.close()
      await database.end()
      await postgres?.stop()
    },
  }
}
