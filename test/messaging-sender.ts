import { createAccess } from '../src/access/index.ts'
import { createMessaging, messagingDocuments } from '../src/messaging/index.ts'
import { Documents, migrate, openDatabase, systemClock } from '../src/platform/index.ts'
import { attributesKind, createProfiles } from '../src/profiles/index.ts'

/**
 * A process that sends for one tenant until it is killed: the arguments are the owner's URL of a database and the tenant.
 * It looks for starts once in a while, as the loop does.
 */
const [ownerUrl, tenantId] = process.argv.slice(2) as [string, string]
const database = openDatabase(await migrate(ownerUrl), 6)
const clock = systemClock
const documents = new Documents(database, [attributesKind, ...messagingDocuments])
const access = createAccess({ database, clock })
const profiles = createProfiles({ database, clock, access, documents })
const messaging = createMessaging({
  database,
  clock,
  documents,
  profiles,
  wake: () => undefined,
  inlineRuns: 20,
})
await messaging.gateways.channelsOf(tenantId)
let told = ''
setInterval(() => {
  // A failure is told once and tried again, as the loop does.
  void messaging.stage.run(tenantId).catch(({ message }: Error) => {
    if (message !== told) process.stderr.write(`${message}\n`)
    told = message
  })
}, 100)
process.stdout.write(`${JSON.stringify({ sending: tenantId })}\n`)
