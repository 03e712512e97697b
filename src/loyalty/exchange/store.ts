import { json, type Tx } from '../../platform/index.ts'
import type { Exchange } from './documents.ts'
import type { Used } from './plan.ts'

const instant = (ms: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(ms)
const instantOrNull = (ms: number | null): Temporal.Instant | null => (ms === null ? null : instant(ms))

export type MemberTransfer = {
  transferId: string
  programmeId: string
  fromId: number
  toId: number
  points: bigint
  fee: bigint
  note: string | null
  at: Temporal.Instant
}

const transferColumns = `transfer_id as "transferId", programme_id as "programmeId", from_id as "fromId",
  to_id as "toId", points, fee, note, at`

/** Stores a transfer. */
export async function insertTransfer(tx: Tx, one: MemberTransfer): Promise<void> {
  await tx.query(
    `insert into loyalty.member_transfer (tenant_id, transfer_id, programme_id, from_id, to_id, points, fee, note, at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8)`,
    [one.transferId, one.programmeId, one.fromId, one.toId, one.points, one.fee, one.note, one.at],
  )
}

/** A transfer by its id. */
export async function selectTransfer(tx: Tx, transferId: string): Promise<MemberTransfer | undefined> {
  const [row] = await tx.query<MemberTransfer>(
    `select ${transferColumns} from loyalty.member_transfer where transfer_id = $1`,
    [transferId],
  )
  return row
}

/** Transfers from and to a member, the newest first. */
export function selectTransfersOf(tx: Tx, subscriberId: number, limit: number): Promise<MemberTransfer[]> {
  return tx.query(
    `select ${transferColumns} from loyalty.member_transfer where from_id = $1 or to_id = $1
     order by at desc, transfer_id limit $2`,
    [subscriberId, limit],
  )
}

type Span = { subscriberId: number | null; fromMs: number | null }

/** What was sent in a programme since a moment, by one member or by all. */
export async function usedByTransfers(tx: Tx, programmeId: string, spans: Span[]): Promise<Used[]> {
  return used(
    tx,
    `select coalesce(sum(t.points), 0)::bigint as points, count(*)::int as times from loyalty.member_transfer t
     where t.programme_id = $1 and (g.subscriber_id is null or t.from_id = g.subscriber_id)
       and (g.from_at is null or t.at >= g.from_at)`,
    programmeId,
    spans,
  )
}

/** What was exchanged by an exchange since a moment, by one member or by all. */
export async function usedByExchange(tx: Tx, exchangeId: string, spans: Span[]): Promise<Used[]> {
  return used(
    tx,
    `select coalesce(sum(q.from_minor), 0)::bigint as points, count(*)::int as times from loyalty.exchange_quote q
     where q.exchange_id = $1 and q.done_at is not null
       and (g.subscriber_id is null or q.subscriber_id = g.subscriber_id)
       and (g.from_at is null or q.done_at >= g.from_at)`,
    exchangeId,
    spans,
  )
}

async function used(tx: Tx, sum: string, id: string, spans: Span[]): Promise<Used[]> {
  if (spans.length === 0) return []
  return tx.query<Used>(
    `select s.points, s.times
     from unnest($2::int[], $3::timestamptz[]) with ordinality as g (subscriber_id, from_at, n)
     cross join lateral (${sum}) as s order by n`,
    [id, spans.map(({ subscriberId }) => subscriberId), spans.map(({ fromMs }) => instantOrNull(fromMs))],
  )
}

/** A promise of a rate; with `doneAt` the conversion. */
export type Quote = {
  quoteId: string
  exchangeId: string
  exchangeVersion: number
  subscriberId: number
  fromMinor: bigint
  toMinor: bigint
  spreadMinor: bigint
  /** The exchange as it was when the quote was given. */
  terms: Exchange
  at: Temporal.Instant
  expiresAt: Temporal.Instant
  doneAt: Temporal.Instant | null
}

const quoteColumns = `quote_id as "quoteId", exchange_id as "exchangeId", exchange_version as "exchangeVersion",
  subscriber_id as "subscriberId", from_minor as "fromMinor", to_minor as "toMinor", spread_minor as "spreadMinor",
  terms, at, expires_at as "expiresAt", done_at as "doneAt"`

/** Stores a quote. */
export async function insertQuote(tx: Tx, one: Quote): Promise<void> {
  await tx.query(
    `insert into loyalty.exchange_quote (tenant_id, quote_id, exchange_id, exchange_version, subscriber_id, from_minor,
       to_minor, spread_minor, terms, at, expires_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      one.quoteId,
      one.exchangeId,
      one.exchangeVersion,
      one.subscriberId,
      one.fromMinor,
      one.toMinor,
      one.spreadMinor,
      json(one.terms),
      one.at,
      one.expiresAt,
    ],
  )
}

/** A quote by its id. */
export async function selectQuote(tx: Tx, quoteId: string): Promise<Quote | undefined> {
  const [row] = await tx.query<Quote>(
    `select ${quoteColumns} from loyalty.exchange_quote where quote_id = $1`,
    [quoteId],
  )
  return row
}

/** Notes that a quote was taken. */
export async function finishQuote(tx: Tx, quoteId: string, doneAt: Temporal.Instant): Promise<void> {
  await tx.query('update loyalty.exchange_quote set done_at = $2 where quote_id = $1', [quoteId, doneAt])
}

/** A member's conversions, the newest first. */
export function selectConversions(tx: Tx, subscriberId: number, limit: number): Promise<Quote[]> {
  return tx.query(
    `select ${quoteColumns} from loyalty.exchange_quote where subscriber_id = $1 and done_at is not null
     order by at desc, quote_id limit $2`,
    [subscriberId, limit],
  )
}

/** Gives what one member sent and exchanged to the one into whom they were merged. */
export async function mergeExchange(
  tx: Tx,
  { programmeId, from, into }: { programmeId: string; from: number; into: number },
): Promise<void> {
  for (const column of ['from_id', 'to_id']) {
    await tx.query(
      `update loyalty.member_transfer set ${column} = $3 where programme_id = $1 and ${column} = $2`,
      [programmeId, from, into],
    )
  }
}
