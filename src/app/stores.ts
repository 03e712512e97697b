import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Analytics,
  type EventLog,
  type KafkaLogStore,
  openKafkaLog,
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
import type { CheckpointSpace } from '../triggers/index.ts'

/** What trigger engines work on: the stores of a worker process. */
export type EngineStores = {
  database: Database
  /** The application role's URL of the database, for threads that open their own connections. */
  databaseUrl: string
  /** The event logs: embedded, or on a Kafka cluster. */
  log: { log(name: string): EventLog; close(): Promise<void> }
  /** The cluster, when it is one. */
  kafka: KafkaLogStore | undefined
  /** Where engines keep what they remember; with a cluster they keep it in PostgreSQL, and it follows partitions. */
  checkpoints: CheckpointSpace | undefined
  clock: Clock
  close(): Promise<void>
}

export type Stores = EngineStores & { analytics: Analytics }

/** Opens all three stores: each embedded in the data folder, or where its URL says. */
export async function openStores(config: Config): Promise<Stores> {
  const stores = await openEngineStores(config)
  const analytics = await openAnalytics(
    config.analyticsUrl === undefined
      ? { folder: join(config.dataDir, 'analytics') }
      : { url: config.analyticsUrl },
  )
  return {
    ...stores,
    analytics,
    async close() {
      await analytics.close()
      await stores.close()
    },
  }
}

/** Opens the database and the event log. */
export async function openEngineStores(config: Config): Promise<EngineStores> {
  mkdirSync(config.dataDir, { recursive: true })
  // The embedded PostgreSQL runs under an account of its own when root starts it, and must be able to enter.
  chmodSync(config.dataDir, 0o755)
  const postgres =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres(join(config.dataDir, 'postgres'))
      : undefined
  const databaseUrl = await migrate(config.databaseUrl ?? postgres!.ownerUrl)
  const database = openDatabase(databaseUrl, config.databasePoolSize)
  const partitions = config.logPartitions
  const kafka =
    config.kafkaLog && (await openKafkaLog({ ...config.kafkaLog, partitions, clientId: 'tenure' }))
  const embedded = kafka ? undefined : new LmdbLogStore(config.logDir, { partitions })
  const log = kafka ?? embedded!
  return {
    database,
    databaseUrl,
    log,
    kafka,
    checkpoints: embedded?.checkpoints(),
    clock: config.clock === 'simulated' ? new KeptClock(join(config.dataDir, 'clock')) : systemClock,
    async close() {
      await log.close()
      await database.end()
      await postgres?.stop()
    },
  }
}
