import { derivedId, json, type Problem, type Tx } from '../platform/index.ts'
import type { DeadLetterState } from './contract.ts'

export type DeadLetter = {
  deadLetterId: string
  receivedAt: Temporal.Instant
  state: DeadLetterState
  event: unknown
  problem: Problem
}

/** A refused event on its way into the store; `eventText` is JSON that PostgreSQL can hold. */
export type NewDeadLetter = { deadLetterId: string; eventText: string; problem: Problem }

/** A letter's id follows from its content, so a source that repeats itself makes no second letter. */
export function newDeadLetter(event: unknown, problem: Problem): NewDeadLetter {
  const eventText = storable(json(event ?? null))
  return { deadLetterId: derivedId('dead-letter', eventText), eventText, problem }
}

/**
 * PostgreSQL's jsonb refuses U+0000 and halves of surrogate pairs; in a letter they become U+FFFD, since a letter
 * that cannot be kept would take the rest of its batch with it. An escaped backslash is stepped over.
 */
function storable(text: string): string {
  return text.replace(/\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g, (escape) =>
    escape === '\\\\' ? escape : '\\ufffd',
  )
}

/** Adds letters; one that was there is open again with its latest problem. */
export async function insertDeadLetters(
  tx: Tx,
  letters: NewDeadLetter[],
  at: Temporal.Instant,
): Promise<void> {
  const distinct = [...new Map(letters.map((letter) => [letter.deadLetterId, letter])).values()]
  await tx.query(
    `insert into events.dead_letter (tenant_id, dead_letter_id, received_at, event, problem)
     select current_setting('tenure.tenant_id'), id, $4, event, problem
     from unnest($1::text[], $2::jsonb[], $3::jsonb[]) as given (id, event, problem)
     on conflict (tenant_id, dead_letter_id) do update
     set received_at = excluded.received_at, problem = excluded.problem, state = 'open', settled_at = null`,
    [
      distinct.map((letter) => letter.deadLetterId),
      distinct.map((letter) => letter.eventText),
      distinct.map((letter) => storable(json(letter.problem))),
      at,
    ],
  )
}

const columns = `dead_letter_id as "deadLetterId", received_at as "receivedAt", state, event, problem`

/** Letters in order of id behind `after`. */
export function selectDeadLetters(
  tx: Tx,
  state: DeadLetterState,
  after: string,
  limit: number,
): Promise<DeadLetter[]> {
  return tx.query<DeadLetter>(
    `select ${columns} from events.dead_letter where state = $1 and dead_letter_id > $2
     order by dead_letter_id limit $3`,
    [state, after, limit],
  )
}

/** Open letters of these ids. */
export function selectOpenByIds(tx: Tx, ids: string[]): Promise<DeadLetter[]> {
  return tx.query<DeadLetter>(
    `select ${columns} from events.dead_letter where state = 'open' and dead_letter_id = any($1::text[])`,
    [ids],
  )
}

/** Settles open letters; returns the ids of those that were open. */
export async function updateSettled(
  tx: Tx,
  ids: string[],
  state: 'replayed' | 'discarded',
  at: Temporal.Instant,
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `update events.dead_letter set state = $2, settled_at = $3
     where state = 'open' and dead_letter_id = any($1::text[]) returning dead_letter_id as id`,
    [ids, state, at],
  )
  return rows.map((row) => row.id)
}

/** Keeps the problem of the latest attempt. */
export async function updateProblems(
  tx: Tx,
  letters: { deadLetterId: string; problem: Problem }[],
): Promise<void> {
  if (letters.length === 0) return
  await tx.query(
    `update events.dead_letter d set problem = given.problem
     from unnest($1::text[], $2::jsonb[]) as given (id, problem)
     where d.dead_letter_id = given.id and d.tenant_id = current_setting('tenure.tenant_id')`,
    [letters.map((l) => l.deadLetterId), letters.map((l) => storable(json(l.problem)))],
  )
}
