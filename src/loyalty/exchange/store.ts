import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { Exchange } from './documents.ts'

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

/** Stores a transfer, and adds it to what went over on that day of the programme's zone. */
export async function insertTransfer(tx: Tx, one: MemberTransfer, day: string): Promise<void> {
  await tx.query(
    `insert into loyalty.member_transfer (tenant_id, transfer_id, programme_id, from_id, to_id, points, fee, note, at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8)`,
    [one.transferId, one.programmeId, one.fromId, one.toId, one.points, one.fee, one.note, one.at],
  )
  await addTotal(tx, transferSubject(one.programmeId), day, one.points)
}

const transferSubject = (programmeId: string): string => `transfer:${programmeId}`
const exchangeSubject = (exchangeId: string): string => `exchange:${exchangeId}`

async function addTotal(tx: Tx, subject: string, day: string, points: bigint): Promise<void> {
  await tx.query(
    `insert into loyalty.exchange_total as t values (current_setting('tenure.tenant_id'), $1, $2, $3, 1)
     on conflict (tenant_id, subject, day) do update set points = t.points + excluded.points, times = t.times + 1`,
    [subject, day, points],
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

/** What went over in a period already. */
export type Used = { points: bigint; times: number }

/** Since when to look, for one member or for all: the moment, and its day in the programme's zone. */
export type Span = { subscriberId: number | null; fromMs: number | null; fromDay: string }

/** What was sent in a programme since a moment, by one member or by all. */
export function usedByTransfers(tx: Tx, programmeId: string, spans: readonly Span[]): Promise<Used[]> {
  const own = `select sum(t.points) as points, count(*) as times from loyalty.member_transfer t
    where t.programme_id = $1 and t.from_id = g.subscriber_id and t.at >= g.from_at`
  return used(tx, { own, id: programmeId, subject: transferSubject(programmeId), spans })
}

/** What was exchanged by an exchange since a moment, by one member or by all. */
export function usedByExchange(tx: Tx, exchangeId: string, spans: readonly Span[]): Promise<Used[]> {
  const own = `select sum(q.from_minor) as points, count(*) as times from loyalty.exchange_quote q
    where q.exchange_id = $1 and q.subscriber_id = g.subscriber_id and q.done_at >= g.from_at`
  return used(tx, { own, id: exchangeId, subject: exchangeSubject(exchangeId), spans })
}

async function used(
  tx: Tx,
  { own, id, subject, spans }: { own: string; id: string; subject: string; spans: readonly Span[] },
): Promise<Used[]> {
  if (spans.length === 0) return []
  return tx.query<Used>(
    `select coalesce(s.points, 0)::bigint as points, coalesce(s.times, 0)::int as times
     from unnest($3::int[], $4::timestamptz[], $5::date[]) with ordinality as g (subscriber_id, from_at, from_day, n)
     cross join lateral (
       select * from (${own}) as own where g.subscriber_id is not null
       union all
       select sum(a.points), sum(a.times) from loyalty.exchange_total a
       where g.subscriber_id is null and a.subject = $2 and a.day >= g.from_day
       having g.subscriber_id is null) as s
     order by n`,
    [
      id,
      subject,
      spans.map(({ subscriberId }) => subscriberId),
      spans.map(({ fromMs }) => (fromMs === null ? '-infinity' : instantOf(fromMs))),
      spans.map(({ fromDay }) => fromDay),
    ],
  )
}

/** A promise of a rate; with `doneAt` the conversion. */
export type Quote = {
  quoteId: string
  exchangeId: string
  exchangeVersion: number
  /** On whose member conditions and limits look. */
  programmeId: string
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
  programme_id as "programmeId", subscriber_id as "subscriberId", from_minor as "fromMinor", to_minor as "toMinor", spread_minor as "spreadMinor",
  terms, at, expires_at as "expiresAt", done_at as "doneAt"`

/** Stores a quote, and forgets those of the member that nobody took and that ended a day ago. */
export async function insertQuote(tx: Tx, one: Quote): Promise<void> {
  await tx.query(
    `delete from loyalty.exchange_quote where subscriber_id = $1 and done_at is null and expires_at < $2`,
    [one.subscriberId, one.at.subtract({ hours: 24 })],
  )
  await tx.query(
    `insert into loyalty.exchange_quote (tenant_id, quote_id, exchange_id, exchange_version, programme_id,
       subscriber_id, from_minor, to_minor, spread_minor, terms, at, expires_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      one.quoteId,
      one.exchangeId,
      one.exchangeVersion,
      one.programmeId,
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

/** Notes that a quote was taken, and adds it to what went over on that day of the programme's zone. */
export async function finishQuote(tx: Tx, one: Quote, doneAt: Temporal.Instant, day: string): Promise<void> {
  await tx.query('update loyalty.exchange_quote set done_at = $2 where quote_id = $1', [one.quoteId, doneAt])
  await addTotal(tx, exchangeSubject(one.exchangeId), day, one.fromMinor)
}

/** A member's conversions, the newest first. */
export function selectConversions(tx: Tx, subscriberId: number, limit: number): Promise<Quote[]> {
  return tx.query(
    `select ${quoteColumns} from loyalty.exchange_quote where subscriber_id = $1 and done_at is not null
     order by at desc, quote_id limit $2`,
    [subscriberId, limit],
  )
}

/** Gives what one member sent, got, was promised and exchanged to the one into whom they were merged. */
export async function mergeExchange(
  tx: Tx,
  { programmeId, from, into }: { programmeId: string; from: number; into: number },
): Promise<void> {
  for (const [table, column] of [
    ['member_transfer', 'from_id'],
    ['member_transfer', 'to_id'],
    ['exchange_quote', 'subscriber_id'],
  ]) {
    await tx.query(`update loyalty.${table} set ${column} = $3 where programme_id = $1 and ${column} = $2`, [
      programmeId,
      from,
      into,
    ])
  }
}
