import { instantOf, type Tx } from '../platform/index.ts'
import type { Member } from './members.ts'

/**
 * Takes the tenant's turn: whoever decides about members and points does it alone, until the transaction ends. The
 * ledger chains a tenant's transfers one behind the other anyway. What is booked from here on bears loyalty's name: it
 * has its line in a member's history, and what does not bear it gets one (`liability/direct.ts`).
 */
export function lockLoyalty(tx: Tx): void {
  tx.execute(
    `select pg_advisory_xact_lock(hashtextextended('loyalty ' || current_setting('tenure.tenant_id'), 0)),
            set_config('tenure.booked_by', 'loyalty', true)`,
  )
}

const columns = `m.programme_id as "programmeId", m.subscriber_id as "subscriberId", m.state,
  m.enrolled_at as "enrolledAt", m.ended_at as "endedAt", m.merged_into as "mergedInto",
  m.household_id as "householdId", coalesce(h.shares_balance, false) as "sharesBalance",
  m.referral_code as "referralCode"`

const tables = `loyalty.member m left join loyalty.household h
  on h.tenant_id = m.tenant_id and h.programme_id = m.programme_id and h.household_id = m.household_id`

type Row = Omit<Member, 'enrolledAtMs' | 'endedAtMs' | 'tier'> & {
  enrolledAt: Temporal.Instant
  endedAt: Temporal.Instant | null
}

function memberOf({ enrolledAt, endedAt, ...row }: Row): Member {
  return {
    ...row,
    enrolledAtMs: enrolledAt.epochMilliseconds,
    endedAtMs: endedAt?.epochMilliseconds ?? null,
    tier: null,
  }
}

/**
 * Memberships of subscribers, and of those into whom they were merged. A merge leads to a member who goes on, so one
 * step is enough: `merge` points all former ones at the last.
 */
export async function selectMembers(tx: Tx, subscriberIds: number[]): Promise<Member[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<Row>(
    // Two branches: an "or" between them would be answered by a look at every member.
    `select ${columns} from ${tables} where m.subscriber_id = any($1::int[])
     union all
     select ${columns} from ${tables}
     where m.subscriber_id <> all($1::int[]) and (m.programme_id, m.subscriber_id) in
       (select programme_id, merged_into from loyalty.member
        where subscriber_id = any($1::int[]) and merged_into is not null)`,
    [subscriberIds],
  )
  return rows.map(memberOf)
}

/** The membership of a subscriber in a programme, whatever its state; after a merge that of the member who goes on. */
export async function selectMember(
  tx: Tx,
  programmeId: string,
  subscriberId: number,
): Promise<Member | undefined> {
  const members = (await selectMembers(tx, [subscriberId])).filter((one) => one.programmeId === programmeId)
  const own = members.find((one) => one.subscriberId === subscriberId)
  return own?.mergedInto == null ? own : members.find((one) => one.subscriberId === own.mergedInto)
}

/** A page of a programme's members above `afterId` in order of their numbers, in whatever state. */
export async function selectMemberPage(
  tx: Tx,
  programmeId: string,
  afterId: number,
  limit: number,
): Promise<Member[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from ${tables}
     where m.programme_id = $1 and m.subscriber_id > $2 order by m.subscriber_id limit $3`,
    [programmeId, afterId, limit],
  )
  return rows.map(memberOf)
}

export type MembersAsked = {
  programmeId: string | null
  /** Null: whatever their state, but for merged ones. */
  state: 'active' | 'left' | null
  offset: number
  limit: number
}

/** Memberships that are asked for, in order of subscriber and programme, with how many there are in all. */
export async function selectMembersAt(
  tx: Tx,
  { programmeId, state, offset, limit }: MembersAsked,
): Promise<{ members: Member[]; total: number }> {
  const where = `($1::text is null or m.programme_id = $1) and m.state <> 'merged' and ($2::text is null or m.state = $2)`
  const [rows, [count]] = await Promise.all([
    tx.query<Row>(
      `select ${columns} from ${tables} where ${where} order by m.subscriber_id, m.programme_id offset $3 limit $4`,
      [programmeId, state, offset, limit],
    ),
    tx.query<{ total: number }>(
      `select coalesce(sum(m.members), 0)::int as total from loyalty.member_count m where ${where}`,
      [programmeId, state],
    ),
  ])
  return { members: rows.map(memberOf), total: count!.total }
}

/** Members of a household, in order of their numbers. */
export async function selectHousehold(tx: Tx, programmeId: string, householdId: string): Promise<Member[]> {
  const rows = await tx.query<Row>(
    `select ${columns} from ${tables} where m.programme_id = $1 and m.household_id = $2 order by m.subscriber_id`,
    [programmeId, householdId],
  )
  return rows.map(memberOf)
}

/** The member who has a referral code: the earliest one, should two have the same. */
export async function selectMemberByCode(
  tx: Tx,
  programmeId: string,
  code: string,
): Promise<Member | undefined> {
  const rows = await tx.query<Row>(
    `select ${columns} from ${tables} where m.programme_id = $1 and m.referral_code = $2
     order by m.enrolled_at, m.subscriber_id limit 1`,
    [programmeId, code],
  )
  return rows.map(memberOf)[0]
}

/** How many members a programme has, by state. */
export function countMembers(tx: Tx): Promise<{ programmeId: string; state: string; members: number }[]> {
  return tx.query(
    `select programme_id as "programmeId", state, members::int
     from loyalty.member_count where members > 0 order by 1, 2`,
  )
}

/** Stores members as they are now. */
export async function saveMembers(tx: Tx, members: Member[]): Promise<void> {
  if (members.length === 0) return
  await tx.query(
    `insert into loyalty.member (tenant_id, programme_id, subscriber_id, state, enrolled_at, ended_at, merged_into,
                                 household_id, referral_code)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[],
       $5::timestamptz[], $6::int[], $7::text[], $8::text[])
     on conflict (tenant_id, programme_id, subscriber_id) do update
       set state = excluded.state, enrolled_at = excluded.enrolled_at, ended_at = excluded.ended_at,
           merged_into = excluded.merged_into, household_id = excluded.household_id`,
    [
      members.map((m) => m.programmeId),
      members.map((m) => m.subscriberId),
      members.map((m) => m.state),
      members.map((m) => instantOf(m.enrolledAtMs)),
      members.map((m) => instantOf(m.endedAtMs)),
      members.map((m) => m.mergedInto),
      members.map((m) => m.householdId),
      members.map((m) => m.referralCode),
    ],
  )
}

/** Makes a household where there is none of the name; answers whether it shares one balance. */
export async function insertHousehold(
  tx: Tx,
  programmeId: string,
  householdId: string,
  sharesBalance: boolean,
  at: Temporal.Instant,
): Promise<boolean> {
  const [row] = await tx.query<{ shares: boolean }>(
    `with made as (
       insert into loyalty.household values (current_setting('tenure.tenant_id'), $1, $2, $3, $4)
       on conflict do nothing returning shares_balance)
     select shares_balance as shares from made
     union all select shares_balance from loyalty.household where programme_id = $1 and household_id = $2 limit 1`,
    [programmeId, householdId, sharesBalance, at],
  )
  return row!.shares
}

/** Points all who were merged into `from` at `into`, so that one step leads to whoever goes on. */
export async function updateMergedInto(
  tx: Tx,
  programmeId: string,
  from: number,
  into: number,
): Promise<void> {
  await tx.query('update loyalty.member set merged_into = $3 where programme_id = $1 and merged_into = $2', [
    programmeId,
    from,
    into,
  ])
}
