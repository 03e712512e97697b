import { createWebhooks, webhookKind } from '../src/api/index.ts'
import { eventTypeKind, logName } from '../src/events/index.ts'
import { Documents, LmdbLogStore, migrate, openDatabase, systemClock } from '../src/platform/index.ts'

/**
 * A process that delivers webhooks of one tenant until it is killed: the arguments are the owner's URL of a database, the
 * folder of the event log and the tenant.
 */
const [ownerUrl, folder, tenantId] = process.argv.slice(2) as [string, string, string]
const database = openDatabase(await migrate(ownerUrl), 4)
const logs = new LmdbLogStore(folder)
const log = logs.log(logName(tenantId))
const webhooks = createWebhooks({
  database,
  clock: systemClock,
  documents: new Documents(database, [eventTypeKind, webhookKind]),
  logOf: () => log,
  allowedNetworks: ['127.0.0.1/32'],
  leaseMs: 300,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
})
setInterval(() => {
  void webhooks.stage.run(tenantId).catch((error: unknown) => void process.stderr.write(`${String(error)}\n`))
}, 50)
process.stdout.write(`${JSON.stringify({ sending: tenantId })}\n`)
