import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker, type Worker } from '../demo/processes.ts'
import { createAccess } from '../src/access/index.ts'
import { eventTypeKind, type LoggedEvent, logName } from '../src/events/index.ts'
import { derivedId, Documents, type KafkaLogStore, openKafkaLog, systemClock } from '../src/platform/index.ts'
import { attributesKind } from '../src/profiles/index.ts'
import { createTriggers, databaseCheckpoints, triggerKind, type Triggers } from '../src/triggers/index.ts'
import { hasKafka, type KafkaBroker, startKafka } from './kafka-broker.ts'
import { type TestDatabase, testDatabase, testFolder } from './stores.ts'
import { attributes, attributesOf, eventTypes } from './trigger-arbitraries.ts'
import { World } from './trigger-world.ts'
import * as world from './workers-world.ts'

/*
 * Rules beyond one machine: three worker processes share the partitions of a Kafka log and die, leave and freeze in
 * turn while events come in. What stands at the end must be what one undisturbed process makes of the same events.
 */

const TENANT = 'shared'
const ZONE = 'UTC'
const PARTITIONS = 6
const WORKERS = 3
const LEAST_EVENTS = 40_000
const BATCH_EVENTS = 100
const BATCH_EVERY_MS = 100
/** A silent member's partitions go to others after 6 s; this is how long that may take on a machine at its limits. */
const HEALING_MS = 60_000
/** Workers look for changed rules once a second. */
const REACH_MS = 10_000
const SEED = Number(process.env['TENURE_WORKERS_SEED'] ?? Date.now() % 1_000_000)

const say = (text: string): void => void process.stderr.write(`${text}\n`)

describe.skipIf(!hasKafka())('three workers over one log', () => {
  let kafka: KafkaBroker
  let stores: TestDatabase
  /** Two processes take events in; what is repeated to the other one does stand in the log twice. */
  let entrances: KafkaLogStore[]
  let documents: Documents
  let triggers: Triggers
  const workers: Worker[] = []
  const arrivals: LoggedEvent[] = []
  const traffic = new world.Traffic(SEED, Date.now())

  beforeAll(async () => {
    say(`the load follows from TENURE_WORKERS_SEED=${SEED}`)
    ;[kafka, stores] = await Promise.all([startKafka(), testDatabase()])
    const options = { brokers: kafka.brokers, prefix: 'test', partitions: PARTITIONS, clientId: 'test' }
    entrances = await Promise.all([openKafkaLog(options), openKafkaLog(options)])
    const { database } = stores
    await createAccess({ database, clock: systemClock }).createTenant({
      tenantId: TENANT,
      name: 'Shared',
      currency: 'EUR',
      currencyDecimals: 2,
      timeZone: ZONE,
      language: 'en',
    })
    documents = new Documents(database, [eventTypeKind, attributesKind, triggerKind])
    // As the server that takes rules and events in, with its engines in other processes.
    triggers = createTriggers({
      database,
      clock: systemClock,
      documents,
      logOf: () => entrances[0]!.log(logName(TENANT)),
      checkpointsOf: (tenantId) => (claim) => databaseCheckpoints(database, tenantId, claim),
      timeZoneOf: async () => ZONE,
      onFirings: () => undefined,
      onWork: () => undefined,
      onError: (error) => {
        throw error
      },
    })
    await addPeople()
    await save(attributes, ...eventTypes, ...world.rules)
  })

  afterAll(async () => {
    const gone = workers.map((worker) => worker.ended)
    for (const worker of workers) worker.process.kill('SIGKILL')
    await Promise.all(gone)
    await Promise.all((entrances ?? []).map((store) => store.close()))
    await Promise.all([kafka?.stop(), stores?.close()])
  })

  async function save(...bodies: object[]): Promise<void> {
    const results = await documents.apply(TENANT, bodies)
    expect(results.filter(({ outcome }) => outcome === 'refused')).toEqual([])
  }

  /** The same people as the undisturbed process knows. */
  async function addPeople(): Promise<void> {
    for (const subscriberId of [1, 2, 3]) {
      await stores.database.tx(TENANT, (tx) =>
        tx.query(
          `insert into profiles.subscriber (tenant_id, subscriber_id, attributes, time_zone, created_at)
           values (current_setting('tenure.tenant_id'), $1, $2, $3, now())`,
          [subscriberId, JSON.stringify(attributesOf(subscriberId)), ZONE],
        ),
      )
    }
  }

  async function start(place: number): Promise<void> {
    const worker = startWorker('src/app/worker.ts', [], {
      TENURE_DATABASE_URL: stores.ownerUrl,
      TENURE_LOG_URL: `kafka://${kafka.brokers[0]}/test`,
      TENURE_DATA_DIR: testFolder(),
      TENURE_DATABASE_POOL: '4',
    })
    workers[place] = worker
    await worker.line('working')
  }

  async function end(place: number, signal: NodeJS.Signals): Promise<number | null> {
    workers[place]!.process.kill(signal)
    return workers[place]!.ended
  }

  /** Appends in order, each batch by another entrance; what is repeated goes in by the one that does not know it. */
  async function take(fresh: LoggedEvent[], repeats: LoggedEvent[] = []): Promise<void> {
    const [one, other] = entrances.map((store) => store.log(logName(TENANT)))
    expect(await world.append(one!, fresh)).toBe(fresh.length)
    await world.append(other!, repeats)
    arrivals.push(...fresh, ...repeats)
  }

  function query<R>(sql: string, values: unknown[] = [], tenantId = TENANT): Promise<R[]> {
    return stores.database.tx(tenantId, (tx) => tx.query<R>(sql, values))
  }

  async function standing(ruleIds: string[], tenantId = TENANT): Promise<string[]> {
    const rows = await query<Omit<world.FiringRow, 'atMs'> & { at: Temporal.Instant }>(
      `select rule_id as "ruleId", subscriber_id as "subscriberId", key, cause, fired_at as at
       from triggers.firing where retracted_at is null and rule_id = any($1)`,
      [ruleIds],
      tenantId,
    )
    return world.linesOf(
      rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds })),
      arrivals,
    )
  }

  async function until(
    what: string,
    isTrue: () => Promise<boolean>,
    timeoutMs = HEALING_MS,
  ): Promise<number> {
    const sinceMs = performance.now()
    while (!(await isTrue())) {
      if (performance.now() - sinceMs > timeoutMs) throw new Error(`after ${timeoutMs} ms not yet: ${what}`)
      await sleep(50)
    }
    return performance.now() - sinceMs
  }

  let probes = 0
  /** Events for every partition that a rule on probes fires on; their ids. */
  async function probe(): Promise<string[]> {
    const atMs = Date.now()
    const events = Array.from({ length: PARTITIONS }, (_, partition) =>
      world.eventOf(`probe-${probes++}`, 'b', 600 + partition, {
        atMs,
        receivedMs: atMs,
        data: { amount: 1, kind: 'probe', order: 1, flag: false },
      }),
    )
    await take(events)
    return events.map(({ id }) => id)
  }

  /** How many of these events a rule has fired on. */
  async function firedOn(ruleId: string, ids: string[]): Promise<number> {
    const [found] = await query<{ count: number }>(
      `select count(*)::int as count from triggers.firing
       where retracted_at is null and rule_id = $1 and cause = any($2)`,
      [ruleId, ids.map((id) => derivedId('network', id))],
    )
    return found!.count
  }
  const isRead = async (ids: string[]): Promise<boolean> => (await firedOn('probed', ids)) === ids.length

  /** Waits until every partition is worked on again: what comes in now fires. */
  async function healed(what: string): Promise<void> {
    const ids = await probe()
    const ms = await until(what, () => isRead(ids))
    say(`${what}: every partition fires again after ${(ms / 1000).toFixed(1)} s`)
  }

  async function disturb(): Promise<void> {
    await healed('three begin')
    for (let place = 0; place < WORKERS; place++) {
      await end(place, 'SIGKILL')
      await start(place)
      await healed(`worker ${place} killed and begun again`)
    }
    const suspended = workers[1]!
    suspended.process.kill('SIGSTOP')
    await healed('worker 1 suspended')
    suspended.process.kill('SIGCONT')
    await healed('worker 1 continued')
    expect(await end(2, 'SIGTERM')).toBe(0)
    await healed('worker 2 left')
    await start(2)
  }

  /** Probes until a rule fires on as many of them as there are partitions, or on none. */
  async function reached(what: string, ruleId: string, count: number): Promise<void> {
    const ms = await until(
      what,
      async () => {
        const ids = await probe()
        await until('probes are read', () => isRead(ids))
        return (await firedOn(ruleId, ids)) === count
      },
      REACH_MS,
    )
    say(`${what} in every partition after ${(ms / 1000).toFixed(1)} s`)
  }

  async function changeRules(): Promise<void> {
    await save(world.ruleOf('added', { on: 'b', where: "event.kind == 'probe'", match: {} }))
    await reached('the new rule fires', 'added', PARTITIONS)
    await triggers.pause(TENANT, 'added')
    await reached('the paused rule stands still', 'added', 0)
  }

  test('fire what one undisturbed process fires', async () => {
    const disturbed = new AbortController()
    const load = async (): Promise<void> => {
      while (!disturbed.signal.aborted || traffic.made < LEAST_EVENTS) {
        const nextMs = performance.now() + BATCH_EVERY_MS
        const past = Math.min(BATCH_EVENTS, world.MOST_EVENTS - traffic.made)
        const { fresh, repeats } = traffic.next(past, Date.now())
        if (fresh.length > 0) await take(fresh, repeats)
        await sleep(Math.max(0, nextMs - performance.now()))
      }
    }
    await Promise.all([0, 1, 2].map(start))
    const loading = load()
    try {
      await disturb()
      await changeRules()
    } finally {
      disturbed.abort()
    }
    await loading
    await healed('the end of the log')
    const partitions = await query<{ epoch: bigint }>('select epoch from triggers.partition_owner')
    expect(partitions).toHaveLength(PARTITIONS)

    const endMs = Date.now()
    const calm = new World(stores, { latenessMs: world.LATENESS_MS, startMs: endMs, partitions: 2 })
    await calm.add(...world.rules.map((trigger) => ({ trigger })))
    await calm.append(...arrivals)
    await calm.run()
    // The waits of seconds run out by themselves; the other ones have, or do long after this.
    await sleep(Math.max(0, endMs + world.LONGEST_SHORT_WAIT_MS - Date.now()))
    calm.clock.setMs(Date.now())
    await calm.run()
    const ids = world.rules.map(({ id }) => id)
    const expected = await standing(ids, calm.tenantId)
    const late = await calm.deadLetters()
    await calm.close()

    const isSame = async (): Promise<boolean> => String(await standing(ids)) === String(expected)
    await until('the same firings', isSame, 10_000).catch(() => undefined)
    const found = await standing(ids)
    const [inFound, inExpected] = [new Set(found), new Set(expected)]
    expect(found.filter((line) => !inExpected.has(line))).toEqual([])
    expect(expected.filter((line) => !inFound.has(line))).toEqual([])
    expect(found).toHaveLength(expected.length)
    // Nothing of this is empty: each rule has fired, and the clock, disorder and repetition played their part.
    expect(new Set(expected.map((line) => line.split(' ')[0]))).toEqual(
      new Set(ids.filter((id) => id !== 'silent-days')),
    )
    const waits = expected.filter((line) => line.startsWith('silent-seconds') && line.includes(' live-'))
    expect(waits.length).toBeGreaterThan(100)
    const [counted] = await query<{ retracted: number }>(
      'select count(retracted_at)::int as retracted from triggers.firing',
    )
    expect(counted!.retracted).toBeGreaterThan(100)
    const letters = await query<{ id: string }>(
      `select event->>'id' as id from events.dead_letter where problem->>'code' = 'event_too_late'`,
    )
    expect(letters.map(({ id }) => id).sort()).toEqual(late)
    expect(late.length).toBeGreaterThan(0)
    say(
      `${arrivals.length} events, ${traffic.repeated} of them repeated, ${late.length} too late; ` +
        `${found.length} firings stand, ${counted!.retracted} were retracted, ${waits.length} waits ran out meanwhile`,
    )
  }, 300_000)
})
