import type { Tx } from '../../platform/index.ts'
import type { LetterState } from './contract.ts'

/** A letter that was not taken yet. */
export type StoredLetter = {
  letterId: string
  lane: number
  type: string
  contentType: string
  body: string
  attempts: number
  firstFailedAt: Temporal.Instant
  dueAt: Temporal.Instant
  lastError: string | null
}

/** How a target does: tries in vain since it took anything, which is down above 0, and what was wrong last. */
export type Health = { failures: number; lastError: string | null }

/** Takes or keeps the lease of a target, and tells how it does; undefined when another process has it. */
export async function lease(
  tx: Tx,
  targetId: string,
  owner: string,
  now: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Health | undefined> {
  const [health] = await tx.query<Health>(
    `insert into api.webhook_state as s values (current_setting('tenure.tenant_id'), $1, $2, $4)
     on conflict (tenant_id, target_id) do update set leased_by = excluded.leased_by,
       leased_until = excluded.leased_until
       where s.leased_by = $2 or s.leased_until is null or s.leased_until <= $3
     returning failures, last_error as "lastError"`,
    [targetId, owner, now, until],
  )
  return health
}

/** Notes how a target does, unless another process has it. */
export async function saveHealth(
  tx: Tx,
  targetId: string,
  owner: string,
  { failures, lastError }: Health,
): Promise<void> {
  await tx.query(
    'update api.webhook_state set failures = $3, last_error = $4 where target_id = $1 and leased_by = $2',
    [targetId, owner, failures, lastError],
  )
}

/** How all targets do. */
export function selectHealth(tx: Tx): Promise<(Health & { targetId: string })[]> {
  return tx.query(
    'select target_id as "targetId", failures, last_error as "lastError" from api.webhook_state',
  )
}

/** Whether a process has the lease still; nobody takes it before the transaction ends. */
export async function holdsLease(tx: Tx, targetId: string, owner: string): Promise<boolean> {
  const rows = await tx.query(
    'select from api.webhook_state where target_id = $1 and leased_by = $2 for update',
    [targetId, owner],
  )
  return rows.length === 1
}

/** Lets others have the target at once. */
export async function release(tx: Tx, targetId: string, owner: string): Promise<void> {
  await tx.query('update api.webhook_state set leased_until = null where target_id = $1 and leased_by = $2', [
    targetId,
    owner,
  ])
}

/** How far each partition was delivered; undefined for one of which nothing was. */
export async function selectPositions(tx: Tx, targetId: string): Promise<Map<number, number>> {
  const rows = await tx.query<{ partition: number; next: bigint }>(
    'select partition, next_offset as next from api.webhook_position where target_id = $1',
    [targetId],
  )
  return new Map(rows.map(({ partition, next }) => [partition, Number(next)]))
}

/** Positions of all targets. */
export function selectAllPositions(tx: Tx): Promise<{ targetId: string; partition: number; next: bigint }[]> {
  return tx.query('select target_id as "targetId", partition, next_offset as next from api.webhook_position')
}

/** Notes how far a partition was delivered, or put aside as letters. */
export async function savePosition(tx: Tx, targetId: string, partition: number, next: number): Promise<void> {
  await tx.query(
    `insert into api.webhook_position values (current_setting('tenure.tenant_id'), $1, $2, $3)
     on conflict (tenant_id, target_id, partition) do update set next_offset = excluded.next_offset`,
    [targetId, partition, next],
  )
}

const columns = `letter_id as "letterId", lane, type, content_type as "contentType", body, attempts,
  first_failed_at as "firstFailedAt", due_at as "dueAt", last_error as "lastError"`

const foremost = `select ${columns} from api.webhook_letter l
  where target_id = $1 and state = 'waiting'
    and not exists (select from api.webhook_letter e where e.target_id = $1 and e.state = 'waiting'
                    and e.lane = l.lane and e.seq < l.seq)`

/** The foremost waiting letter of each subscriber, as far as it is due, the earliest first. */
export const selectDue = (
  tx: Tx,
  targetId: string,
  now: Temporal.Instant,
  limit: number,
): Promise<StoredLetter[]> =>
  tx.query(`${foremost} and due_at <= $2 order by seq limit $3`, [targetId, now, limit])

/** The letter to see with whether a receiver is back, due or not: of the foremost ones that which was tried least. */
export const selectProbe = (tx: Tx, targetId: string): Promise<StoredLetter[]> =>
  tx.query(`${foremost} order by attempts, seq limit 1`, [targetId])

/** Subscribers of waiting letters, how many letters wait, and when the next of them is due. */
export async function selectWaiting(
  tx: Tx,
  targetId: string,
): Promise<{ lanes: Set<number>; count: number; nextDue: Temporal.Instant | null }> {
  const rows = await tx.query<{ lane: number; count: number; due: Temporal.Instant }>(
    `select lane, count(*)::int as count, (array_agg(due_at order by seq))[1] as due from api.webhook_letter
     where target_id = $1 and state = 'waiting' group by lane`,
    [targetId],
  )
  const dues = rows.map(({ due }) => due).toSorted((a, b) => Temporal.Instant.compare(a, b))
  return {
    lanes: new Set(rows.map(({ lane }) => lane)),
    count: rows.reduce((sum, { count }) => sum + count, 0),
    nextDue: dues[0] ?? null,
  }
}

/** Puts letters behind those that wait; one that is there already stays as it is. */
export async function insertLetters(tx: Tx, targetId: string, letters: StoredLetter[]): Promise<void> {
  if (letters.length === 0) return
  await tx.query(
    `insert into api.webhook_letter (tenant_id, target_id, letter_id, lane, type, content_type, body, state, attempts,
       first_failed_at, due_at, last_error)
     select current_setting('tenure.tenant_id'), $1, letter_id, lane, type, content_type, body, 'waiting', attempts,
       first_failed_at, due_at, last_error
     from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::timestamptz[],
       $9::timestamptz[], $10::text[]) with ordinality
       as given (letter_id, lane, type, content_type, body, attempts, first_failed_at, due_at, last_error, place)
     order by place
     on conflict do nothing`,
    [
      targetId,
      letters.map((one) => one.letterId),
      letters.map((one) => one.lane),
      letters.map((one) => one.type),
      letters.map((one) => one.contentType),
      letters.map((one) => one.body),
      letters.map((one) => one.attempts),
      letters.map((one) => one.firstFailedAt),
      letters.map((one) => one.dueAt),
      letters.map((one) => one.lastError),
    ],
  )
}

/** Forgets letters that were taken. */
export async function deleteLetters(tx: Tx, targetId: string, letterIds: string[]): Promise<void> {
  await tx.query('delete from api.webhook_letter where target_id = $1 and letter_id = any($2::uuid[])', [
    targetId,
    letterIds,
  ])
}

/** Notes failures of letters that wait; those that have waited too long are dead. */
export async function saveFailures(
  tx: Tx,
  targetId: string,
  failures: (Pick<StoredLetter, 'letterId' | 'attempts' | 'dueAt' | 'lastError'> & { isDead: boolean })[],
): Promise<void> {
  if (failures.length === 0) return
  await tx.query(
    `update api.webhook_letter l set attempts = given.attempts, due_at = given.due_at, last_error = given.last_error,
       state = case when given.is_dead then 'dead' else 'waiting' end
     from unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::text[], $6::boolean[])
       as given (letter_id, attempts, due_at, last_error, is_dead)
     where l.target_id = $1 and l.letter_id = given.letter_id`,
    [
      targetId,
      failures.map((one) => one.letterId),
      failures.map((one) => one.attempts),
      failures.map((one) => one.dueAt),
      failures.map((one) => one.lastError),
      failures.map((one) => one.isDead),
    ],
  )
}

/** The receiver is back: nobody waits any longer than the order asks for. */
export async function hurryLetters(tx: Tx, targetId: string, now: Temporal.Instant): Promise<void> {
  await tx.query(
    `update api.webhook_letter set due_at = $2 where target_id = $1 and state = 'waiting' and due_at > $2`,
    [targetId, now],
  )
}

/** A target that is no more has nothing to wait for. */
export async function deleteTarget(tx: Tx, targetId: string): Promise<void> {
  for (const table of ['webhook_letter', 'webhook_position', 'webhook_state']) {
    await tx.query(`delete from api.${table} where target_id = $1`, [targetId])
  }
}

/** Letters of a target in a state, the earliest first. */
export function selectLetters(
  tx: Tx,
  targetId: string,
  state: LetterState,
  limit: number,
): Promise<StoredLetter[]> {
  return tx.query<StoredLetter>(
    `select ${columns} from api.webhook_letter where target_id = $1 and state = $2 order by seq limit $3`,
    [targetId, state, limit],
  )
}

/** Makes letters due now, all of a state or some; a dead one begins anew. Returns how many. */
export async function retryLetters(
  tx: Tx,
  targetId: string,
  state: LetterState,
  letterIds: string[] | null,
  now: Temporal.Instant,
): Promise<number> {
  const rows = await tx.query(
    `update api.webhook_letter set state = 'waiting', due_at = $4,
       attempts = case state when 'dead' then 0 else attempts end,
       first_failed_at = case state when 'dead' then $4 else first_failed_at end
     where target_id = $1 and state = $2 and ($3::uuid[] is null or letter_id = any($3)) returning letter_id`,
    [targetId, state, letterIds, now],
  )
  return rows.length
}

/** Letters by target and state. */
export function countLetters(tx: Tx): Promise<{ targetId: string; state: LetterState; count: number }[]> {
  return tx.query(
    'select target_id as "targetId", state, count(*)::int as count from api.webhook_letter group by 1, 2',
  )
}
