import { setTimeout as sleep } from 'node:timers/promises'
import { createAccess } from '../src/access/index.ts'
import { eventTypeKind, logName } from '../src/events/index.ts'
import { createLoyalty, loyaltyDocuments } from '../src/loyalty/index.ts'
import { Documents, LmdbLogStore, ManualClock, openDatabase } from '../src/platform/index.ts'
import { attributesKind, createProfiles } from '../src/profiles/index.ts'

/*
 * A process that runs loyalty's stages over a tenant's log until nothing is left, or until it is killed: URL of the
 * database, tenant, folder and partitions of the log, moment at which the clock stands. Each turn of a stage is a line.
 */
const [url, tenantId, folder, partitions, nowMs] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
]

const database = openDatabase(url, 2)
const clock = new ManualClock(Number(nowMs))
const access = createAccess({ database, clock })
const documents = new Documents(database, [eventTypeKind, attributesKind, ...loyaltyDocuments])
const logs = new LmdbLogStore(folder, { mapBytes: 2 ** 32, partitions: Number(partitions) })
const loyalty = createLoyalty({
  database,
  clock,
  documents,
  profiles: createProfiles({ database, access, documents, clock }),
  logOf: () => logs.log(logName(tenantId)),
  timeZoneOf: async (id, tx) => (await access.tenant(id, tx)).timeZone,
  currencyOf: async (id, tx) => (await access.tenant(id, tx)).currency,
  wakeStages: () => undefined,
  wakeReaders: () => undefined,
  batchEvents: 40,
})

for (let isBusy = true; isBusy;) {
  isBusy = false
  for (const stage of loyalty.stages) {
    const { more, nextDueMs } = await stage.run(tenantId)
    process.stdout.write(`${stage.name}\n`)
    if (more || (nextDueMs !== null && nextDueMs <= clock.nowMs())) isBusy = true
  }
}
process.stdout.write('done\n')
await logs.close()
await database.end()
// What is idle keeps no process alive; what is not is a fault that the test must see.
await sleep(0)
