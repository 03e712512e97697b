import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAccess } from '../src/access/index.ts'
import { eventTypeKind, logName } from '../src/events/index.ts'
import { createLoyalty, loyaltyDocuments } from '../src/loyalty/index.ts'
import { type Operator, OperatorClient } from '../src/operator/index.ts'
import { Documents, LmdbLogStore, openDatabase, systemClock } from '../src/platform/index.ts'
import { attributesKind, createProfiles } from '../src/profiles/index.ts'

/*
 * A process that redeems rewards, several calls at a time, until it is killed: URL of the database, tenant, URL of the
 * operator, first key, members and rewards. Each answer is a line: key, redemption and state.
 */
const [url, tenantId, operatorUrl, from, members, rewards] = process.argv.slice(2) as string[]

const database = openDatabase(url!, 8)
const clock = systemClock
const access = createAccess({ database, clock })
const documents = new Documents(database, [eventTypeKind, attributesKind, ...loyaltyDocuments])
const profiles = createProfiles({ database, access, documents, clock })
const logs = new LmdbLogStore(mkdtempSync(join(tmpdir(), 'tenure-test-')), {
  mapBytes: 2 ** 26,
  partitions: 1,
})
const client = new OperatorClient({
  kind: 'OperatorSystems',
  id: 'default',
  balanceUrl: operatorUrl!,
  productOrderUrl: operatorUrl!,
  trustPaymentUrl: operatorUrl!,
  creditScoringUrl: operatorUrl!,
})
const loyalty = createLoyalty({
  database,
  clock,
  documents,
  profiles,
  operator: { client: async () => client } as unknown as Operator,
  logOf: () => logs.log(logName(tenantId!)),
  timeZoneOf: async () => 'UTC',
  currencyOf: async () => 'RUB',
  wakeStages: () => undefined,
  wakeReaders: () => undefined,
})

const ids = members!.split(',').map(Number)
const choice = rewards!.split(',')
let next = Number(from)

async function redeem(): Promise<void> {
  for (;;) {
    const n = next++
    const asked = { tenantId: tenantId!, subscriberId: ids[n % ids.length]!, key: `k${n}` }
    const told = await loyalty.rewards.redeem({ ...asked, rewardId: choice[n % choice.length]! }).then(
      ({ redemptionId, state }) => `${redemptionId} ${state}`,
      (error: { code?: string }) => `- ${error.code}`,
    )
    process.stdout.write(`k${n} ${told}\n`)
  }
}

async function fulfil(): Promise<void> {
  const stage = loyalty.stages.find(({ name }) => name === 'loyalty-rewards')!
  for (;;) if (!(await stage.run(tenantId!)).more) await sleep(5)
}

for (let i = 0; i < 4; i++) void redeem()
void fulfil()
