import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { DeedKind } from './abuse-policy.ts'
import type { AbuseStanding } from './standing.ts'

/** A deed as a row keeps it: kind, epoch milliseconds, points, the other member, held. */
type PackedDeed = [kind: DeedKind, atMs: number, points: string, other: number, isHeld: boolean]

/** What members of any programme lately did. */
export async function selectStandings(tx: Tx, subscriberIds: number[]): Promise<AbuseStanding[]> {
  const rows = await tx.query<Omit<AbuseStanding, 'deeds'> & { activity: PackedDeed[] }>(
    `select programme_id as "programmeId", subscriber_id as "subscriberId", activity, own_points as "ownPoints",
            given_points as "givenPoints", instruments
     from loyalty.abuse_standing where subscriber_id = any($1::int[])`,
    [subscriberIds],
  )
  return rows.map(({ activity, ...row }) => ({
    ...row,
    deeds: activity.map(([kind, atMs, points, other, isHeld]) => ({
      kind,
      atMs,
      points: BigInt(points),
      other,
      isHeld,
    })),
  }))
}

/** Stores standings as they are now. */
export async function saveStandings(tx: Tx, standings: AbuseStanding[]): Promise<void> {
  if (standings.length === 0) return
  await tx.query(
    `insert into loyalty.abuse_standing
       (tenant_id, programme_id, subscriber_id, activity, own_points, given_points, instruments)
     select current_setting('tenure.tenant_id'), programme_id, subscriber_id, activity, own_points, given_points,
            array(select jsonb_array_elements_text(instruments))
     from unnest($1::text[], $2::int[], $3::jsonb[], $4::bigint[], $5::bigint[], $6::jsonb[])
       as given (programme_id, subscriber_id, activity, own_points, given_points, instruments)
     on conflict (tenant_id, subscriber_id, programme_id) do update set activity = excluded.activity,
       own_points = excluded.own_points, given_points = excluded.given_points, instruments = excluded.instruments`,
    [
      standings.map((one) => one.programmeId),
      standings.map((one) => one.subscriberId),
      standings.map(({ deeds }) =>
        json(deeds.map((d): PackedDeed => [d.kind, d.atMs, d.points.toString(), d.other, d.isHeld])),
      ),
      standings.map((one) => one.ownPoints),
      standings.map((one) => one.givenPoints),
      standings.map((one) => json(one.instruments)),
    ],
  )
}

export type Sighting = { instrument: string; subscriberId: number; atMs: number }

/** No policy asks for more users of one instrument. */
const MOST_USERS = 200

/** The latest users of instruments. */
export async function selectSightings(tx: Tx, instruments: string[]): Promise<Sighting[]> {
  if (instruments.length === 0) return []
  const rows = await tx.query<Omit<Sighting, 'atMs'> & { at: Temporal.Instant }>(
    `select instrument, subscriber_id as "subscriberId", seen_at as at
     from unnest($1::text[]) as asked (name) cross join lateral
       (select * from loyalty.abuse_instrument where instrument = name order by seen_at desc limit ${MOST_USERS}) as i`,
    [instruments],
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

/** Notes who was seen with what, each no earlier than it is known. */
export async function saveSightings(tx: Tx, sightings: Sighting[]): Promise<void> {
  if (sightings.length === 0) return
  await tx.query(
    `insert into loyalty.abuse_instrument (tenant_id, instrument, subscriber_id, seen_at)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::timestamptz[])
     on conflict (tenant_id, instrument, subscriber_id) do update
       set seen_at = greatest(abuse_instrument.seen_at, excluded.seen_at)`,
    [
      sightings.map((one) => one.instrument),
      sightings.map((one) => one.subscriberId),
      sightings.map(({ atMs }) => instantOf(atMs)),
    ],
  )
}

/** Forgets members who go on as others. */
export async function deleteStandings(tx: Tx, standings: AbuseStanding[]): Promise<void> {
  if (standings.length === 0) return
  await tx.query(
    `delete from loyalty.abuse_standing where (programme_id, subscriber_id) in
       (select * from unnest($1::text[], $2::int[]))`,
    [standings.map((one) => one.programmeId), standings.map((one) => one.subscriberId)],
  )
}

/** What was seen with one member was seen with the one as whom they go on; two numbers of one person are no ring. */
export async function mergeSightings(tx: Tx, { from, into }: { from: number; into: number }): Promise<void> {
  await tx.query(
    `with gone as (delete from loyalty.abuse_instrument where subscriber_id = $1 returning *)
     insert into loyalty.abuse_instrument as i (tenant_id, instrument, subscriber_id, seen_at)
     select tenant_id, instrument, $2, seen_at from gone
     on conflict (tenant_id, instrument, subscriber_id) do update
       set seen_at = greatest(i.seen_at, excluded.seen_at)`,
    [from, into],
  )
}
