import './collector.ts'
import type { AddressInfo } from 'node:net'
import { problemOf, readConfig } from '../platform/index.ts'
import { composeApp } from './compose.ts'
import { openStores } from './stores.ts'

/**
 * The server: all roles in one process. Prints one JSON line when it listens; on the very first start that line
 * carries the first tenant's admin key, which is not stored and never shown again.
 */
async function main(): Promise<void> {
  const config = readConfig()
  const stores = await openStores(config)
  const app = await composeApp(stores, config, (where, error) => {
    const { code, message } = problemOf(error)
    process.stderr.write(
      `${JSON.stringify({ level: 'error', where, code, message, stack: (error as Error).stack })}\n`,
    )
  })
  const first = await ensureFirstTenant(app.access)
  for (const tenantId of await app.access.tenantIds()) app.addTenant(tenantId)
  if (config.clock === 'system') app.loop.start()

  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await app.stop()
    await stores.close()
    process.exit(0)
  }
  // Before the line below: whoever reads it may end this process at once, and that must be an orderly end.
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  await app.http.listen({ host: config.host, port: config.port })
  const address = app.http.server.address() as AddressInfo
  process.stdout.write(
    `${JSON.stringify({ listening: `http://${address.address}:${address.port}`, ...first })}\n`,
  )
}

async function ensureFirstTenant(access: Awaited<ReturnType<typeof composeApp>>['access']): Promise<object> {
  if ((await access.tenantIds()).length > 0) return {}
  const env = process.env
  return access.createTenant({
    tenantId: env['TENURE_TENANT'] ?? 'operator',
    name: env['TENURE_TENANT_NAME'] ?? 'Operator',
    currency: env['TENURE_CURRENCY'] ?? 'RUB',
    currencyDecimals: 2,
    timeZone: env['TENURE_TIME_ZONE'] ?? 'Europe/Moscow',
    language: 'ru',
    country: env['TENURE_COUNTRY'] ?? 'RU',
  })
}

await main()
