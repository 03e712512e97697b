import { instantOf, type Tx } from '../../platform/index.ts'
import type { ClubMembership } from './club-membership.ts'

const columns = `club_id as "clubId", subscriber_id as "subscriberId", programme_id as "programmeId", state,
  joined_at as "joinedAt", paid_from as "paidFrom", months, paid_until as "paidUntil", told, due_at as "dueAt",
  ended_at as "endedAt", reason`

type Moments = 'joinedAtMs' | 'paidFromMs' | 'paidUntilMs' | 'dueAtMs' | 'endedAtMs'
type Row = Omit<ClubMembership, Moments> & {
  joinedAt: Temporal.Instant
  paidFrom: Temporal.Instant
  paidUntil: Temporal.Instant | null
  dueAt: Temporal.Instant | null
  endedAt: Temporal.Instant | null
}

const membershipOf = ({ joinedAt, paidFrom, paidUntil, dueAt, endedAt, ...row }: Row): ClubMembership => ({
  ...row,
  joinedAtMs: joinedAt.epochMilliseconds,
  paidFromMs: paidFrom.epochMilliseconds,
  paidUntilMs: paidUntil?.epochMilliseconds ?? null,
  dueAtMs: dueAt?.epochMilliseconds ?? null,
  endedAtMs: endedAt?.epochMilliseconds ?? null,
})

/** Memberships of members, past ones among them. */
export async function selectMemberships(tx: Tx, subscriberIds: number[]): Promise<ClubMembership[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.club_membership where subscriber_id = any($1::int[]) order by club_id`,
    [subscriberIds],
  )
  return rows.map(membershipOf)
}

/** Memberships of a club in a state, by the members' numbers. */
export async function selectMembershipsOf(
  tx: Tx,
  { clubId, state, after, limit }: { clubId: string; state: string; after: number; limit: number },
): Promise<ClubMembership[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.club_membership where club_id = $1 and state = $2 and subscriber_id > $3
     order by subscriber_id limit $4`,
    [clubId, state, after, limit],
  )
  return rows.map(membershipOf)
}

/** Memberships at which it is time to look. */
export async function selectDue(tx: Tx, now: Temporal.Instant, limit: number): Promise<ClubMembership[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from loyalty.club_membership where due_at <= $1
     order by due_at, club_id, subscriber_id limit $2`,
    [now, limit],
  )
  return rows.map(membershipOf)
}

/** When it is time to look; null: never. */
export async function selectNextDue(tx: Tx): Promise<Temporal.Instant | null> {
  const [row] = await tx.query<{ due: Temporal.Instant | null }>(
    'select min(due_at) as due from loyalty.club_membership where due_at is not null',
  )
  return row!.due
}

/** Stores memberships as they are now. */
export async function saveMemberships(tx: Tx, memberships: ClubMembership[]): Promise<void> {
  if (memberships.length === 0) return
  await tx.query(
    `insert into loyalty.club_membership (tenant_id, club_id, subscriber_id, programme_id, state, joined_at, paid_from,
       months, paid_until, told, due_at, ended_at, reason)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::text[], $4::text[],
       $5::timestamptz[], $6::timestamptz[], $7::int[], $8::timestamptz[], $9::boolean[], $10::timestamptz[],
       $11::timestamptz[], $12::text[])
     on conflict (tenant_id, club_id, subscriber_id) do update
       set state = excluded.state, joined_at = excluded.joined_at, paid_from = excluded.paid_from,
           months = excluded.months, paid_until = excluded.paid_until, told = excluded.told, due_at = excluded.due_at,
           ended_at = excluded.ended_at, reason = excluded.reason`,
    [
      memberships.map((one) => one.clubId),
      memberships.map((one) => one.subscriberId),
      memberships.map((one) => one.programmeId),
      memberships.map((one) => one.state),
      memberships.map((one) => instantOf(one.joinedAtMs)),
      memberships.map((one) => instantOf(one.paidFromMs)),
      memberships.map((one) => one.months),
      memberships.map((one) => instantOf(one.paidUntilMs)),
      memberships.map((one) => one.told),
      memberships.map((one) => instantOf(one.dueAtMs)),
      memberships.map((one) => instantOf(one.endedAtMs)),
      memberships.map((one) => one.reason),
    ],
  )
}

/** How many memberships each club has, by state. */
export function countMemberships(tx: Tx): Promise<{ clubId: string; state: string; members: number }[]> {
  return tx.query('select club_id as "clubId", state, members::int from loyalty.club_count where members > 0')
}

/** Gives the memberships of one member to the one into whom they were merged; of two in a club the active one stays, of two active ones the one that is paid for longer. */
export async function mergeMemberships(
  tx: Tx,
  { programmeId, from, into }: { programmeId: string; from: number; into: number },
): Promise<void> {
  const parameters = [programmeId, from, into]
  await tx.query(
    `delete from loyalty.club_membership b using loyalty.club_membership a
     where b.programme_id = $1 and b.subscriber_id = $3 and a.programme_id = $1 and a.subscriber_id = $2
       and a.club_id = b.club_id and a.state = 'active' and (b.state <> 'active' or a.paid_until > b.paid_until)`,
    parameters,
  )
  await tx.query(
    `delete from loyalty.club_membership a using loyalty.club_membership b
     where a.programme_id = $1 and a.subscriber_id = $2 and b.programme_id = $1 and b.subscriber_id = $3
       and a.club_id = b.club_id`,
    parameters,
  )
  await tx.query(
    'update loyalty.club_membership set subscriber_id = $3 where programme_id = $1 and subscriber_id = $2',
    parameters,
  )
}
