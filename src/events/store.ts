import { derivedId, json, type Problem, storable, type Tx } from '../platform/index.ts'
import type { DeadLetterState } from './contract.ts'
import { pruned } from './depth.ts'
import { MAX_DEPTH } from './json-bytes.ts'

export type DeadLetter = {
  deadLetterId: string
  receivedAt: Temporal.Instant
  state: DeadLetterState
  event: unknown
  problem: Problem
}

/** A refused event on its way into the store; `eventText` is JSON that PostgreSQL can hold. */
export type NewDeadLetter = {
  deadLetterId: string
  eventText: string
  problem: Problem
  /** The identity that the event waits for, when it is held. */
  heldFor?: string | undefined
}

/** A letter's id follows from its content, so a source that repeats itself makes no second letter. */
export function newDeadLetter(event: unknown, problem: Problem, heldFor?: string): NewDeadLetter {
  const eventText = eventTextOf(problem.code === 'event_too_deep' ? pruned(event, MAX_DEPTH) : event)
  return { deadLetterId: derivedId('dead-letter', eventText), eventText, problem, heldFor }
}

/** The event as JSON that PostgreSQL can hold. */
export function eventTextOf(event: unknown): string {
  return storable(json(event ?? null))
}

/** Adds letters; one that was there is open, or held, again with its latest problem. */
export function insertDeadLetters(tx: Tx, letters: NewDeadLetter[], at: Temporal.Instant): Promise<void> {
  return insertLetters(
    tx,
    letters,
    at,
    `do update set received_at = excluded.received_at,
    problem = excluded.problem, state = excluded.state, held_for = excluded.held_for, settled_at = null`,
  )
}

/** Adds letters that are not there yet; one that is there, settled or not, stays as it is. */
export function insertMissingLetters(tx: Tx, letters: NewDeadLetter[], at: Temporal.Instant): Promise<void> {
  return insertLetters(tx, letters, at, 'do nothing')
}

async function insertLetters(
  tx: Tx,
  letters: NewDeadLetter[],
  at: Temporal.Instant,
  onConflict: string,
): Promise<void> {
  const distinct = [...new Map(letters.map((letter) => [letter.deadLetterId, letter])).values()]
  if (distinct.length === 0) return
  await tx.query(
    `insert into events.dead_letter (tenant_id, dead_letter_id, received_at, event, problem, state, held_for)
     select current_setting('tenure.tenant_id'), id, $5, event, problem,
            case when held_for is null then 'open' else 'held' end, held_for
     from unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::text[]) as given (id, event, problem, held_for)
     on conflict (tenant_id, dead_letter_id) ${onConflict}`,
    [
      distinct.map((letter) => letter.deadLetterId),
      distinct.map((letter) => letter.eventText),
      distinct.map((letter) => storable(json(letter.problem))),
      distinct.map((letter) => (letter.heldFor === undefined ? null : letter.heldFor)),
      at,
    ],
  )
}

const columns = `dead_letter_id as "deadLetterId", received_at as "receivedAt", state, event, problem`

/** How many letters are open, by the code of what is wrong with them; the most frequent first. */
export function countOpenByCode(tx: Tx): Promise<{ code: string; open: number }[]> {
  return tx.query(
    `select problem->>'code' as code, count(*)::int as open from events.dead_letter
     where state = 'open' group by 1 order by 2 desc`,
  )
}

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

/** Letters of events that bear an id in their source and that nobody has settled. */
export function selectUnsettledOfEvent(tx: Tx, eventId: string): Promise<DeadLetter[]> {
  return tx.query<DeadLetter>(
    `select ${columns} from events.dead_letter
     where state in ('open', 'held') and event ->> 'id' = $1 order by received_at, dead_letter_id`,
    [eventId],
  )
}

/** Letters of these ids that are open or held. */
export function selectOpenByIds(tx: Tx, ids: string[]): Promise<DeadLetter[]> {
  return tx.query<DeadLetter>(
    `select ${columns} from events.dead_letter
     where state in ('open', 'held') and dead_letter_id = any($1::text[])`,
    [ids],
  )
}

/** Letters that are held for one of these identities, in order of id behind `after`. */
export function selectHeldFor(
  tx: Tx,
  identities: string[],
  after: string,
  limit: number,
): Promise<DeadLetter[]> {
  return tx.query<DeadLetter>(
    `select ${columns} from events.dead_letter
     where state = 'held' and held_for = any($1::text[]) and dead_letter_id > $2
     order by dead_letter_id limit $3`,
    [identities, after, limit],
  )
}

/** Settles letters; returns the ids of those that were open or held. */
export async function updateSettled(
  tx: Tx,
  ids: string[],
  state: 'replayed' | 'discarded',
  at: Temporal.Instant,
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `update events.dead_letter set state = $2, settled_at = $3
     where state in ('open', 'held') and dead_letter_id = any($1::text[]) returning dead_letter_id as id`,
    [ids, state, at],
  )
  return rows.map((row) => row.id)
}

/** Keeps the problem of the latest attempt; a held letter whose problem is another one now is open. */
export async function updateProblems(
  tx: Tx,
  letters: { deadLetterId: string; problem: Problem }[],
): Promise<void> {
  if (letters.length === 0) return
  await tx.query(
    `update events.dead_letter d set problem = given.problem,
       state = case when given.problem->>'code' = 'event_subject_unknown' then state else 'open' end
     from unnest($1::text[], $2::jsonb[]) as given (id, problem)
     where d.dead_letter_id = given.id and state in ('open', 'held')
       and d.tenant_id = current_setting('tenure.tenant_id')`,
    [letters.map((l) => l.deadLetterId), letters.map((l) => storable(json(l.problem)))],
  )
}
