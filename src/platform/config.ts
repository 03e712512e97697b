import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DomainError } from './errors.ts'

/** Everything that the environment decides, read once at start. */
export type Config = {
  /** Folder of the embedded stores. */
  dataDir: string
  host: string
  port: number
  /** Folder of the event log. */
  logDir: string
  /** PostgreSQL owner's URL; absent: the embedded server. */
  databaseUrl?: string
  /** ClickHouse URL; absent: chDB in the process. */
  analyticsUrl?: string
  clock: 'system' | 'simulated'
  databasePoolSize: number
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
    logDir: logFolder(env['TENURE_LOG_URL']) ?? join(dataDir, 'log'),
    host: env['TENURE_HOST'] ?? '127.0.0.1',
    port: integer(env, 'TENURE_PORT', 8080),
    ...(env['TENURE_DATABASE_URL'] ? { databaseUrl: env['TENURE_DATABASE_URL'] } : {}),
    ...(env['TENURE_ANALYTICS_URL'] ? { analyticsUrl: env['TENURE_ANALYTICS_URL'] } : {}),
    clock,
    databasePoolSize: integer(env, 'TENURE_DATABASE_POOL', Math.max(8, availableParallelism() * 4)),
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

function logFolder(url: string | undefined): string | undefined {
  if (url === undefined || url === '') return undefined
  if (URL.canParse(url) && new URL(url).protocol === 'file:') return fileURLToPath(url)
  throw new DomainError('config_invalid', 'TENURE_LOG_URL must be the URL of a folder', {
    field: 'TENURE_LOG_URL',
    found: url,
    expected: 'file:///folder',
  })
}
