import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DomainError } from './errors.ts'

/** Brokers as `host:port`, and what the names of our topics begin with. */
export type KafkaLogPlace = { brokers: string[]; prefix: string }

/** Everything that the environment decides, read once at start. */
export type Config = {
  /** Folder of the embedded stores. */
  dataDir: string
  host: string
  port: number
  /** Folder of the event log and of the embedded checkpoints. */
  logDir: string
  /** A Kafka cluster that keeps the event log; absent: the folder. */
  kafkaLog?: KafkaLogPlace
  /** PostgreSQL owner's URL; absent: the embedded server. */
  databaseUrl?: string
  /** ClickHouse URL; absent: chDB in the process. */
  analyticsUrl?: string
  /** The only folder in which sources may watch for files; absent: any. */
  dropFolder?: string
  /** Where this server is reached from outside, without a slash at its end; absent: nobody is told an address of it. */
  publicUrl?: string
  /** Inside networks such as `10.20.0.0/16` that webhooks may call; without them none may be called. */
  webhookNetworks: string[]
  clock: 'system' | 'simulated'
  databasePoolSize: number
  /** Partitions of event logs that are made here for the first time. */
  logPartitions: number
  /** Worker threads that run the trigger rules; 0 runs them in the main thread, as a simulated clock must. */
  triggerThreads: number
}

/**
 * Reads `TENURE_*` variables. Throws `config_invalid` that names the variable.
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const clock = env['TENURE_CLOCK'] ?? 'system'
  if (clock !== 'system' && clock !== 'simulated') {
    throw new DomainError('config_invalid', 'TENURE_CLOCK must be "system" or "simulated"', {
      field: 'TENURE_CLOCK',
      found: clock,
      expected: 'system | simulated',
    })
  }
  const dataDir = resolve(env['TENURE_DATA_DIR'] ?? 'data')
  return {
    dataDir,
    logDir: join(dataDir, 'log'),
    ...logPlace(env['TENURE_LOG_URL']),
    host: env['TENURE_HOST'] ?? '127.0.0.1',
    port: integer(env, 'TENURE_PORT', 8080),
    ...(env['TENURE_DATABASE_URL'] ? { databaseUrl: env['TENURE_DATABASE_URL'] } : {}),
    ...(env['TENURE_ANALYTICS_URL'] ? { analyticsUrl: env['TENURE_ANALYTICS_URL'] } : {}),
    ...(env['TENURE_DROP_DIR'] ? { dropFolder: resolve(env['TENURE_DROP_DIR']) } : {}),
    ...publicUrl(env['TENURE_PUBLIC_URL']),
    webhookNetworks: (env['TENURE_WEBHOOK_NETWORKS'] ?? '').split(',').flatMap((text) => text.trim() || []),
    clock,
    databasePoolSize: integer(env, 'TENURE_DATABASE_POOL', Math.max(8, availableParallelism() * 4)),
    logPartitions: integer(env, 'TENURE_LOG_PARTITIONS', Math.min(4, availableParallelism())),
    triggerThreads:
      clock === 'simulated' ? 0 : integer(env, 'TENURE_TRIGGER_THREADS', Math.min(4, availableParallelism())),
  }
}

function integer(env: Record<string, string | undefined>, name: string, fallback: number): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new DomainError('config_invalid', `${name} must be a whole number`, {
      field: name,
      found: text,
      expected: 'whole number ≥ 0',
    })
  }
  return value
}

function publicUrl(url: string | undefined): { publicUrl?: string } {
  if (url === undefined || url === '') return {}
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))
    return { publicUrl: url.replace(/\/+$/, '') }
  throw new DomainError('config_invalid', 'TENURE_PUBLIC_URL must be an address of the web', {
    field: 'TENURE_PUBLIC_URL',
    found: url,
    expected: 'https://host[:port][/path]',
  })
}

const KAFKA_URL = /^kafka:\/\/(?<brokers>[^/,\s]+:\d+(?:,[^/,\s]+:\d+)*)\/(?<prefix>[A-Za-z0-9._-]{1,100})$/

/** Several brokers make no URL that the standard's parser takes, so that form is read by hand. */
function logPlace(url: string | undefined): { logDir?: string; kafkaLog?: KafkaLogPlace } {
  if (url === undefined || url === '') return {}
  if (URL.canParse(url) && new URL(url).protocol === 'file:') return { logDir: fileURLToPath(url) }
  const { brokers, prefix } = KAFKA_URL.exec(url)?.groups ?? {}
  if (brokers !== undefined && prefix !== undefined)
    return { kafkaLog: { brokers: brokers.split(','), prefix } }
  throw new DomainError(
    'config_invalid',
    'TENURE_LOG_URL must be the URL of a folder or of a Kafka cluster',
    {
      field: 'TENURE_LOG_URL',
      found: url,
      expected: 'file:///folder or kafka://host:port[,host:port]/topicPrefix',
    },
  )
}
