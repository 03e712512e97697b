import { instantOf, json, type Tx } from '../platform/index.ts'
import type { Announcement, Judgement, TakenEvent } from './consumer.ts'

/** How far each partition was read; 0 where nothing was. */
export async function selectPositions(tx: Tx, partitions: number): Promise<number[]> {
  const rows = await tx.query<{ partition: number; next: bigint }>(
    'select partition, next_offset as next from loyalty.read_position',
  )
  const positions = Array.from({ length: partitions }, () => 0)
  for (const { partition, next } of rows) positions[partition] = Number(next)
  return positions
}

/** Moves on from `from` to `to`; false when somebody else has moved. */
export async function advancePosition(tx: Tx, partition: number, from: number, to: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into loyalty.read_position values (current_setting('tenure.tenant_id'), $1, $3)
     on conflict (tenant_id, partition) do update set next_offset = excluded.next_offset
       where read_position.next_offset = $2
     returning next_offset`,
    [partition, from, to],
  )
  return rows.length === 1
}

/** Those of the events that were taken before. */
export async function selectTaken(tx: Tx, eventIds: string[]): Promise<Set<string>> {
  if (eventIds.length === 0) return new Set()
  const rows = await tx.query<{ id: string }>(
    'select event_id as id from loyalty.judged_event where event_id = any($1::uuid[])',
    [eventIds],
  )
  return new Set(rows.map(({ id }) => id))
}

/** Keeps events with what was made of them. */
export async function insertJudgedEvents(
  tx: Tx,
  events: { event: TakenEvent; judgements: Judgement[] }[],
  takenAt: Temporal.Instant,
): Promise<void> {
  if (events.length === 0) return
  await tx.query(
    `insert into loyalty.judged_event
       (tenant_id, event_id, subscriber_id, at, type, source, name, judgements, other_accounts, taken_at)
     select current_setting('tenure.tenant_id'), event_id, subscriber_id, at, type, source, name, judgements,
            case when judgements @? '$[*].account' then
              array(select distinct one ->> 'account' from jsonb_array_elements(judgements) one where one ? 'account')
            end, $8
     from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
       as given (event_id, subscriber_id, at, type, source, name, judgements)`,
    [
      events.map(({ event }) => event.eventId),
      events.map(({ event }) => event.subscriberId),
      events.map(({ event }) => instantOf(event.atMs)),
      events.map(({ event }) => event.type),
      events.map(({ event }) => event.source),
      events.map(({ event }) => event.id),
      events.map(({ judgements }) => json(judgements)),
      takenAt,
    ],
  )
}

/** Puts announcements behind those that wait, all of them as one row. */
export function insertAnnouncements(tx: Tx, announcements: Announcement[], at: Temporal.Instant): void {
  if (announcements.length === 0) return
  const packed = announcements.map(
    ({ type, key, subscriberId, programmeId, atMs, data }): PackedAnnouncement => {
      return [type, key, subscriberId, { ...data, programme: programmeId, happenedAt: atMs }]
    },
  )
  tx.execute(
    `insert into loyalty.announcement (tenant_id, at, announcements)
     values (current_setting('tenure.tenant_id'), $1, $2)`,
    [at, JSON.stringify(packed)],
  )
}

/** Type, key, subscriber and data of an announcement. */
export type PackedAnnouncement = [
  type: string,
  key: string,
  subscriberId: number,
  data: Record<string, unknown>,
]

/** The rows of announcements that wait longest. */
export async function selectAnnouncements(
  tx: Tx,
  rows: number,
): Promise<{ seq: bigint; at: Temporal.Instant; announcements: PackedAnnouncement[] }[]> {
  const found = await tx.query<{ seq: bigint; at: Temporal.Instant; announcements: string }>(
    'select seq, at, announcements from loyalty.announcement order by seq limit $1',
    [rows],
  )
  return found.map((row) => ({
    ...row,
    announcements: JSON.parse(row.announcements) as PackedAnnouncement[],
  }))
}

/** Forgets announcements that the log has. */
export async function deleteAnnouncements(tx: Tx, seqs: bigint[]): Promise<void> {
  await tx.query('delete from loyalty.announcement where seq = any($1::bigint[])', [seqs])
}
