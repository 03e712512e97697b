import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type JsonLine, root, startWorker, tenure, type Worker } from '../demo/processes.ts'
import { CAMPAIGN, setUpWorld, type World } from '../demo/world.ts'
import { verifyLedger } from '../src/ledger/index.ts'
import { logName } from '../src/events/index.ts'
import {
  type Analytics,
  connectOwner,
  freePort,
  LmdbLogStore,
  openAnalytics,
  startEmbeddedPostgres,
  type Tx,
  unitHash,
} from '../src/platform/index.ts'
import { loggedEvents } from './log-events.ts'

/** A kill when so much of the simulated period is over and some real time has passed; more of them right behind. */
export type Kill = { share: number; delayMs: number; againAfterMs: number[] }

/**
 * `moments` kills spread over the period by a seed; behind every third one come two more, soon after the restart:
 * some while the server is still starting, some when it has just begun to work.
 */
export function killsOf(seed: string, moments: number): Kill[] {
  const unit = (...parts: (string | number)[]): number => unitHash('kill', seed, ...parts)
  return Array.from({ length: moments }, (_, i) => ({
    share: unit('share', i) * 0.97,
    delayMs: unit('delay', i) * 300,
    againAfterMs: i % 3 === 0 ? [unit('first', i) * 1_000, unit('second', i) * 2_500] : [],
  })).toSorted((a, b) => a.share - b.share)
}

export type WorldSize = { subscribers: number; days: number; seed: string }

export type Played = {
  folder: string
  /** The campaign's report as the API gave it at the end. */
  report: Record<string, unknown>
  /** The simulator's last word. */
  totals: Record<string, number>
  digest: string
  kills: number
  /** Real milliseconds from each start of the server until it listened. */
  startMs: number[]
}

const TENANT = 'demo'

/** Folders and processes of this file's runs, so that nothing outlives a test that fails. */
const folders = new Set<string>()
const workers = new Set<Worker>()

/** A fresh folder that the embedded PostgreSQL's own account can enter too. */
export function worldFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-kill-'))
  chmodSync(folder, 0o755)
  folders.add(folder)
  return folder
}

/** Ends every process that was started here and removes the folders. */
export async function cleanUp(): Promise<void> {
  const left = [...workers]
  workers.clear()
  for (const worker of left) {
    worker.process.kill('SIGKILL')
    await worker.ended
  }
  for (const folder of folders) {
    const pidFile = join(folder, 'data/postgres/cluster/postmaster.pid')
    if (existsSync(pidFile)) {
      const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
      // SIGQUIT ends PostgreSQL at once, with all of its children.
      if (isAlive(pid)) process.kill(pid, 'SIGQUIT')
      while (isAlive(pid)) await sleep(50)
    }
    rmSync(folder, { recursive: true, force: true })
  }
  folders.clear()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The server of a world, killed and started again as often as asked. */
export class KilledServer {
  readonly startMs: number[] = []
  kills = 0
  #worker: Worker
  readonly #start: () => Worker
  readonly #lost = Promise.withResolvers<never>()

  constructor(first: Worker, start: () => Worker) {
    this.#worker = first
    this.#start = start
    this.#lost.promise.catch(() => undefined)
    this.#watch(first)
  }

  /** Rejects when the server ends otherwise than by `killAndStart` or `stop`: it crashed, or a stranger killed it. */
  get lost(): Promise<never> {
    return this.#lost.promise
  }

  /** Kills the server and starts it again; does not wait for it to listen. */
  async killAndStart(): Promise<void> {
    await this.#end('SIGKILL')
    this.kills++
    const sinceMs = performance.now()
    this.#worker = this.#start()
    this.#watch(this.#worker)
    this.#worker.line('listening').then(
      () => this.startMs.push(performance.now() - sinceMs),
      // Killed while it was starting.
      () => undefined,
    )
  }

  listening(): Promise<JsonLine> {
    return Promise.race([this.#worker.line('listening'), this.lost])
  }

  /** Ends it in order, so that its stores can be opened here. */
  async stop(): Promise<void> {
    const code = await this.#end('SIGTERM')
    if (code !== 0) throw new Error(`the server ended with code ${code}`)
  }

  #end(signal: NodeJS.Signals): Promise<number | null> {
    const worker = this.#worker
    workers.delete(worker)
    worker.process.kill(signal)
    return within(30_000, 'the end of the server', worker.ended)
  }

  #watch(worker: Worker): void {
    workers.add(worker)
    worker.process.once('exit', (code, signal) => {
      if (!workers.delete(worker)) return
      const problem = `the server ended by itself with ${code ?? signal} after ${this.kills} kills`
      this.#lost.reject(new Error(problem))
    })
  }
}

/** Plays a whole world, with the server killed at the given moments, and stops it in order. */
export async function play(size: WorldSize, kills: Kill[]): Promise<Played> {
  const folder = worldFolder()
  const journal = join(folder, 'journal')
  const world = await setUpWorld({ folder, ...size, journal, quiet: true }, () => undefined)
  const server = new KilledServer(world.server, world.startServer)
  workers.add(world.simulator)
  const done = Promise.race([
    world.simulator.line('done'),
    world.simulator.line('failed').then((line) => {
      throw new Error(`the simulated world stopped: ${JSON.stringify(line['problem'])}`)
    }),
  ])
  const killing = killAll(world, size.days, server, kills)
  world.begin()
  const last = await Promise.race([done, killing.then(() => done), server.lost])
  await killing
  await server.listening()
  const answer = await fetch(`${world.serverUrl}/v1/campaigns/${CAMPAIGN}/report`, {
    headers: { authorization: `Bearer ${world.apiKey}` },
  })
  if (!answer.ok) throw new Error(`no report: ${answer.status} ${await answer.text()}`)
  const report = (await answer.json()) as Played['report']
  await server.stop()
  await within(30_000, 'the end of the simulator', world.simulator.ended)
  workers.delete(world.simulator)
  return {
    folder,
    report,
    totals: last['totals'] as Played['totals'],
    digest: String(last['perSubscriberDigest']),
    kills: server.kills,
    startMs: server.startMs,
  }
}

/** Real time is limited, so that a process that hangs is named. */
async function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`waited ${limitMs} ms for ${what}`)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}

async function killAll(world: World, days: number, server: KilledServer, kills: Kill[]): Promise<void> {
  const progress = new Progress(world.simulator, days)
  for (const kill of kills) {
    if (!(await progress.reaches(kill.share))) return
    await sleep(kill.delayMs)
    await server.killAndStart()
    for (const afterMs of kill.againAfterMs) {
      await sleep(afterMs)
      await server.killAndStart()
    }
    await server.listening()
  }
}

/** How much of its period the simulator has played. */
class Progress {
  #share = 0
  #isOver = false
  #moved = Promise.withResolvers<void>()

  constructor(simulator: Worker, days: number) {
    let firstMs: number | undefined
    simulator.onLine((line) => {
      if (typeof line['simulatedNow'] === 'string') {
        const nowMs = Date.parse(line['simulatedNow'])
        firstMs ??= nowMs
        this.#share = (nowMs - firstMs) / (days * 86_400_000)
      }
      this.#tell('done' in line || 'failed' in line)
    })
    void simulator.ended.then(() => this.#tell(true))
  }

  /** Resolves when that share is reached, with false when the simulator ended before. */
  async reaches(share: number): Promise<boolean> {
    while (this.#share < share && !this.#isOver) await this.#moved.promise
    return !this.#isOver
  }

  #tell(isOver: boolean): void {
    this.#isOver ||= isOver
    this.#moved.resolve()
    this.#moved = Promise.withResolvers<void>()
  }
}

export type Loaded = { folder: string; kills: number; events: number; firings: number; repeatedPosts: number }

/** Subscribers of the load; the events go round among them. */
const LOADED_SUBSCRIBERS = 1_000
const BATCHES = 150
const BATCH_EVENTS = 1_000
/** So many events of each batch were in the one before, too. */
const OVERLAP = 50

/**
 * Sends batches of events over HTTP as a source does, each until it is answered, while the server is killed `kills`
 * times. Returns what was sent and how often the rules must have fired; the server has then been stopped in order.
 */
export async function loadWithKills(seed: string, kills: number): Promise<Loaded> {
  const folder = worldFolder()
  const port = await freePort()
  const env = { TENURE_PORT: String(port), TENURE_DATA_DIR: join(folder, 'data'), TENURE_TENANT: TENANT }
  const start = (): Worker => startWorker('src/app/main.ts', [], env)
  const server = new KilledServer(start(), start)
  const { listening, apiKey } = (await server.listening()) as { listening: string; apiKey: string }
  await prepareLoad(folder, { TENURE_URL: listening, TENURE_API_KEY: apiKey })
  const events = loadEvents(Date.now() - 86_400_000)
  const sending = sendAll(`${listening}/v1/events`, apiKey, events.lines)
  for (let i = 0; i < kills; i++) {
    await sleep(unitHash('load', seed, i) * 350)
    await server.killAndStart()
    await server.listening()
  }
  const repeatedPosts = await Promise.race([sending, server.lost])
  await within(60_000, 'the rules to read all events', readToEnd(`${listening}/v1/triggers`, apiKey))
  await server.stop()
  return { folder, kills: server.kills, events: events.lines.length, firings: events.firings, repeatedPosts }
}

async function prepareLoad(folder: string, env: Record<string, string>): Promise<void> {
  const documents = ['10-event-types.yaml', '20-triggers.yaml'].flatMap((name) => [
    '-f',
    join(root, 'demo/documents', name),
  ])
  await tenure(['apply', ...documents], env, true)
  const base = join(folder, 'base.csv')
  const rows = Array.from({ length: LOADED_SUBSCRIBERS }, (_, i) => `${msisdnOf(i)},L${i}`)
  writeFileSync(base, ['msisdn,account', ...rows, ''].join('\n'))
  const map = join(folder, 'map.yaml')
  writeFileSync(map, 'subscribers: { identities: { msisdn: msisdn, account: account } }\n')
  await tenure(['import', 'subscribers', base, '--map', map], env, true)
  writeFileSync(join(folder, 'journal'), '')
}

const msisdnOf = (i: number): string => `+7999${String(i).padStart(7, '0')}`

/**
 * Every subscriber's records go from package to pay-as-you-go and back, all within the rule's cool-down of a day, so
 * that `package-exhausted` fires once for each; one event in twenty is a warning at 90 % and fires by itself.
 */
function loadEvents(fromMs: number): { lines: string[]; firings: number } {
  let warnings = 0
  const lines = Array.from({ length: BATCHES * BATCH_EVENTS }, (_, n) => {
    const isWarning = n % 20 === 0
    if (isWarning) warnings++
    const round = Math.floor(n / LOADED_SUBSCRIBERS)
    const charging = round % 10 < 5 ? 'package' : 'payg'
    return JSON.stringify({
      specversion: '1.0',
      id: `load-${n}`,
      source: 'load',
      type: isWarning
        ? 'org.camaraproject.device-data-volume-subscriptions.v0.data-90-percent'
        : 'usage.recorded',
      subject: msisdnOf((n * 7) % LOADED_SUBSCRIBERS),
      time: new Date(fromMs + n * 100).toISOString(),
      data: isWarning
        ? { packageMb: 500 }
        : { volumeMb: 1.5, charging, packageUsedPercent: 50, chargeMinor: 0 },
    })
  })
  // Seven and twenty share no factor: every twentieth subscriber gets all the warnings and no usage records.
  return { lines, firings: warnings + (LOADED_SUBSCRIBERS - LOADED_SUBSCRIBERS / 20) }
}

/** Posts one batch after the other, each until it is answered; returns how often one had to be repeated. */
async function sendAll(url: string, apiKey: string, lines: string[]): Promise<number> {
  let repeated = 0
  for (let from = 0; from < lines.length; from += BATCH_EVENTS) {
    const body = `[${lines.slice(Math.max(0, from - OVERLAP), from + BATCH_EVENTS).join(',')}]`
    while (!(await posted(url, apiKey, body))) {
      repeated++
      await sleep(20)
    }
  }
  return repeated
}

async function posted(url: string, apiKey: string, body: string): Promise<boolean> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/cloudevents-batch+json',
  }
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    const text = await response.text()
    if (response.status >= 500) return false
    const { rejected } = JSON.parse(text) as { rejected: unknown[] }
    if (!response.ok || rejected.length > 0) throw new Error(`refused: ${text.slice(0, 300)}`)
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

async function readToEnd(url: string, apiKey: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } })
    const { triggers } = (await response.json()) as { triggers: { behind: number | null }[] }
    if (triggers.length > 0 && triggers.every(({ behind }) => behind === 0)) return
    await sleep(100)
  }
}

export type JournalLine = { at: string; subscriber: string; what: string; channel: string } & Record<
  string,
  unknown
>

export type MessageRow = {
  messageId: string
  account: string
  channel: string
  reference: number
  state: string
  reason: string | null
  providerIds: string[]
  notBefore: Temporal.Instant
}

export type ActivationRow = { activationId: string; account: string; state: string; loanId: string | null }

/** Everything that a run left in its stores and in the operator's own journal. */
export type Traces = {
  /** Over all partitions: records, what the ends add up to, events by source and id, and those that loyalty announced. */
  log: { records: number; endOffset: number; distinctEvents: number; announced: number }
  /** Rows and distinct positions of the analytical tables, and what the outbox holds. */
  events: { rows: number; positions: number; next: number }
  facts: { rows: number; positions: number; outbox: number }
  firings: { standing: number; unhandled: number }
  ledger: Awaited<ReturnType<typeof verifyLedger>>
  messages: MessageRow[]
  activations: ActivationRow[]
  /** Loans by the operator's own record. */
  loanIds: string[]
  journal: JournalLine[]
  /** What happened to each account: facts, events, firings and the journal's lines, as sorted texts. */
  histories: Map<string, string[]>
  strayReceipts: number
}

/** Reads a stopped world's stores, as their owner: behind row-level security. */
export async function readTraces(folder: string): Promise<Traces> {
  const postgres = await startEmbeddedPostgres(join(folder, 'data/postgres'))
  const owner = await connectOwner(postgres.ownerUrl)
  const logs = new LmdbLogStore(join(folder, 'data/log'))
  const analytics = await openAnalytics({ folder: join(folder, 'data/analytics') })
  try {
    return await traces(owner, logs, analytics, join(folder, 'journal'))
  } finally {
    await analytics.close()
    await logs.close()
    await owner.end()
    await postgres.stop()
  }
}

async function traces(
  owner: Pick<Tx, 'query'>,
  logs: LmdbLogStore,
  analytics: Analytics,
  journalFile: string,
): Promise<Traces> {
  const accounts = new Map(
    (
      await owner.query<{ id: number; account: string }>(
        `select subscriber_id as id, value as account from profiles.identity where kind = 'account'`,
      )
    ).map(({ id, account }) => [id, account]),
  )
  const histories = new Map<string, string[]>()
  const note = (account: string, text: string): void => {
    const known = histories.get(account)
    if (known) known.push(text)
    else histories.set(account, [text])
  }
  const journal = readFileSync(journalFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine)
  for (const line of journal) note(line.subscriber, `journal ${JSON.stringify(line)}`)
  const result = {
    ...(await countAll(owner, analytics)),
    log: await readLog(logs, (id, text) => note(accounts.get(id)!, text)),
    ledger: await verifyLedger(owner),
    messages: await messageRows(owner, accounts),
    activations: await activationRows(owner, accounts),
    journal,
  }
  for (const { id, text } of await happened(owner, analytics)) note(accounts.get(id)!, text)
  for (const history of histories.values()) history.sort()
  return { ...result, histories }
}

async function readLog(logs: LmdbLogStore, note: (id: number, text: string) => void): Promise<Traces['log']> {
  const log = logs.log(logName(TENANT))
  const seen = new Set<string>()
  let records = 0
  let announced = 0
  for (const event of await loggedEvents(log)) {
    records++
    seen.add(`${event.source}\n${event.id}`)
    const isAnnounced = event.source === '/loyalty'
    if (isAnnounced) announced++
    // An announcement's id and data name what a run draws by chance.
    const what = isAnnounced ? '' : ` ${event.id} ${JSON.stringify(event.data)}`
    note(event.subscriberId!, `event ${event.type} ${event.atMs}${what}`)
  }
  const ends = Array.from({ length: log.partitions }, (_, partition) => log.endOffset(partition))
  const endOffset = (await Promise.all(ends)).reduce((sum, end) => sum + end, 0)
  return { records, endOffset, distinctEvents: seen.size, announced }
}

/** Facts by what they say of the subscriber; ids that a run draws by chance are left out. */
async function happened(
  owner: Pick<Tx, 'query'>,
  analytics: Analytics,
): Promise<{ id: number; text: string }[]> {
  const facts = await analytics.query<{ id: number; text: string }>(
    `select subscriber_id as id, concatWithSeparator(' ', 'fact', kind, toString(at_ms), campaign_id, arm, channel,
       product_id, reason, toString(amount_minor), toString(cost_minor), toString(quantity), attributes) as text
     from facts`,
  )
  const firings = await owner.query<{ id: number; text: string }>(
    `select subscriber_id as id, 'firing ' || rule_id || ' ' || cause || ' ' || fired_at as text
     from triggers.firing where retracted_at is null`,
  )
  return [...facts, ...firings]
}

async function countAll(
  owner: Pick<Tx, 'query'>,
  analytics: Analytics,
): Promise<Pick<Traces, 'events' | 'facts' | 'firings' | 'loanIds' | 'strayReceipts'>> {
  const count = async (sql: string): Promise<number> =>
    (await owner.query<{ count: number }>(`select count(*)::int as count from ${sql}`))[0]!.count
  const [events] = await analytics.query<Traces['events']>(
    `select toInt32(sum(count)) as rows, toInt32(sum(distinct)) as positions, toInt32(sum(next)) as next
     from (select count() as count, uniqExact(partition, offset) as distinct, max(offset) + 1 as next
           from events group by partition)`,
  )
  const [facts] = await analytics.query<Omit<Traces['facts'], 'outbox'>>(
    `select toInt32(count()) as rows, toInt32(uniqExact((txid, seq))) as positions from facts`,
  )
  const loans = await analytics.query<{ id: string }>(
    `select JSONExtractString(data, 'loanId') as id from events where type = 'trust-payment.granted'`,
  )
  return {
    events: events!,
    facts: { ...facts!, outbox: await count('platform.fact') },
    firings: {
      standing: await count('triggers.firing where retracted_at is null'),
      unhandled: await count('triggers.firing where handled_at is null and retracted_at is null'),
    },
    loanIds: loans.map(({ id }) => id),
    strayReceipts: await count('messaging.stray_receipt'),
  }
}

async function messageRows(owner: Pick<Tx, 'query'>, accounts: Map<number, string>): Promise<MessageRow[]> {
  const rows = await owner.query<Omit<MessageRow, 'account'> & { id: number }>(
    `select message_id as "messageId", subscriber_id as id, channel, reference, state, reason,
       provider_ids as "providerIds", not_before as "notBefore"
     from messaging.message order by message_id`,
  )
  return rows.map(({ id, ...row }) => ({ ...row, account: accounts.get(id)! }))
}

async function activationRows(
  owner: Pick<Tx, 'query'>,
  accounts: Map<number, string>,
): Promise<ActivationRow[]> {
  const rows = await owner.query<Omit<ActivationRow, 'account'> & { id: number }>(
    `select activation_id as "activationId", subscriber_id as id, state, loan_id as "loanId"
     from operator.activation order by activation_id`,
  )
  return rows.map(({ id, ...row }) => ({ ...row, account: accounts.get(id)! }))
}
