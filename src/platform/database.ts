import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import pg from 'pg'
import { instantOf } from './clock.ts'
import { DomainError } from './errors.ts'

/** A running transaction. Rows come back with int8 as bigint, timestamptz as `Temporal.Instant`, jsonb parsed. */
export interface Tx {
  query<R = Record<string, unknown>>(text: string, values?: unknown[]): Promise<R[]>
  /**
   * Sends a statement whose rows nobody needs and does not wait for it. Statements run in the order in which they
   * were sent; one that fails fails the transaction at its end, with its own error.
   */
  execute(text: string, values?: unknown[]): void
  /** Calls `work` once the transaction is committed, and never when it is not: to wake whoever looks at its rows. */
  afterCommit(work: () => void): void
}

/** The record of truth, seen through row-level security. */
export interface Database {
  /** Where it is, for a thread that opens its own connections. */
  readonly url: string
  /** Runs `work` in a transaction that sees and writes the rows of one tenant only. */
  tx<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Runs `work` in a transaction that reads the rows of one tenant. Its statements are those that `work` sends before it
   * first waits: they travel with begin and commit in one packet each way, which halves the cost of a short query. One
   * that is sent later fails.
   */
  read<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs `work` in a transaction without a tenant: every tenant table looks empty. */
  system<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  end(): Promise<void>
}

const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Opens a pool as the application role; `url` must name a role that neither owns the tables nor bypasses RLS. */
export function openDatabase(url: string, poolSize: number): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    types,
    options: '-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan',
    pipeline: true,
  })
  // An idle connection may die with its server; the next query gets a new one, so the loss is not an error here.
  pool.on('error', () => undefined)
  // One that dies between two statements of a transaction says so as well; the next statement then fails by itself.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return {
    url,
    read: (tenantId, work) => transaction(pool, `begin read only; ${asTenant(tenantId)}`, work, 'at once'),
    tx: (tenantId, work) => transaction(pool, `begin; ${asTenant(tenantId)}`, work, 'behind work'),
    system: (work) => transaction(pool, 'begin', work, 'behind work'),
    end: () => pool.end(),
  }
}

/** The statement that shows a transaction one tenant's rows. The id stands in its text, and so is checked. */
function asTenant(tenantId: string): string {
  if (tenantPattern.test(tenantId)) return `set local tenure.tenant_id = '${tenantId}'`
  throw new DomainError('tenant_invalid', 'a tenant id is lower-case letters, digits and hyphens', {
    field: 'tenantId',
    found: tenantId,
  })
}

/** A transaction whose commit is sent behind the work, or at once with what the work sends before it first waits. */
async function transaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (tx: Tx) => Promise<T>,
  commits: 'behind work' | 'at once',
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const sent: Promise<unknown>[] = []
  const followers: (() => void)[] = []
  try {
    // Nothing here waits for an answer that nobody needs: begin, the statements sent by `execute` and commit
    // travel behind each other on the connection.
    together(client)
    send(sent, client.query(begin))
    const ask = queryOn(client)
    let committed: Promise<pg.QueryResult> | undefined
    const commit = (): Promise<pg.QueryResult> => {
      committed = client.query('commit')
      send(sent, committed)
      return committed
    }
    const open = (): void => {
      if (committed) throw new Error('the transaction is over: `read` sends what it asks before it waits')
    }
    const working = work({
      query: <R>(...call: Parameters<Tx['query']>): Promise<R[]> => {
        open()
        const asked = ask<R>(...call)
        send(sent, asked)
        return asked
      },
      execute: (...call) => {
        open()
        send(sent, statementOn(client, ...call))
      },
      afterCommit: (follow) => void followers.push(follow),
    })
    if (commits === 'at once') commit()
    const result = await working
    committed ??= commit()
    await Promise.all(sent)
    // PostgreSQL answers the commit of a failed transaction with a rollback and no error.
    if ((await committed).command !== 'COMMIT')
      throw new Error('the transaction was rolled back: one of its statements failed')
    for (const follow of followers) follow()
    return result
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError
    })
    throw await firstFailure(sent, error)
  } finally {
    client.release(broken)
  }
}

/** One connection as the owner, for migrations and for tests that look behind row-level security. */
export async function connectOwner(url: string): Promise<Pick<Tx, 'query'> & { end(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url, types, options: '-c timezone=UTC' })
  await client.connect()
  return { query: queryOn(client), end: () => client.end() }
}

/** After a failed statement every later one is told only that the transaction is over; the first says why. */
async function firstFailure(sent: Promise<unknown>[], error: unknown): Promise<unknown> {
  if ((error as { code?: string }).code !== IN_FAILED_TRANSACTION) return error
  const failed = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected')
  return failed?.reason ?? error
}

/** Keeps a promise to be awaited at the end; until then its failure is not an unhandled one. */
function send(sent: Promise<unknown>[], statement: Promise<unknown>): void {
  statement.catch(() => undefined)
  sent.push(statement)
}

/** What is sent until the end of this turn leaves in one packet: each write to a socket costs more than a short query. */
function together(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

function statementOn(client: pg.ClientBase, text: string, values?: unknown[]): Promise<pg.QueryResult> {
  together(client)
  return client.query(
    values === undefined ? { text } : { name: nameOf(text), text, values: values.map(parameter) },
  )
}

function queryOn(client: pg.ClientBase): Tx['query'] {
  return async <R>(text: string, values?: unknown[]): Promise<R[]> => {
    const result = await statementOn(client, text, values)
    // A text of several statements answers with several results; the last one is what was asked for.
    const last = Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result
    return last.rows as R[]
  }
}

const names = new Map<string, string>()

/**
 * A statement's name, from its text. Named statements are parsed and planned once a connection instead of at every
 * call, which is half of the cost of a small query.
 */
function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) names.set(text, (name = createHash('sha256').update(text).digest('base64url')))
  return name
}

function parameter(value: unknown): unknown {
  // Nearly all values: what follows is asked of each element of each array.
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (value instanceof Temporal.Instant) return value.toString()
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(parameter)
  return value
}

const IN_FAILED_TRANSACTION = '25P02'
const INT8 = 20
const TIMESTAMPTZ = 1184
const TIMESTAMPTZ_ARRAY = 1185
const INT8_ARRAY = 1016

/** Epoch milliseconds are read by `Date.parse`, then microseconds are dropped: the house counts milliseconds. */
const parseInstant = (text: string): Temporal.Instant => instantOf(Date.parse(text.replace(' ', 'T') + ':00'))

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (format === 'binary') return pg.types.getTypeParser(oid, format)
    if (oid === INT8) return BigInt
    if (oid === TIMESTAMPTZ) return parseInstant
    if (oid === INT8_ARRAY || oid === TIMESTAMPTZ_ARRAY) {
      const parseElement = oid === INT8_ARRAY ? BigInt : parseInstant
      return (text: string) =>
        (
          (pg.types.getTypeParser as (oid: number) => (text: string) => unknown)(1009)(text) as (
            | string
            | null
          )[]
        ).map((item) => (item === null ? null : parseElement(item)))
    }
    return pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}
