import { instantOf, json, type Tx } from '../../platform/index.ts'
import { behind, given } from '../pages.ts'
import type { Grant, Refusal, Step } from './referral.ts'

/**
 * When the next step of these referral programmes is due or, `withMoney`, the next reward is brought to the operator;
 * null: nothing waits.
 */
export async function selectNextDue(
  tx: Tx,
  referralIds: string[],
  withMoney: boolean,
): Promise<Temporal.Instant | null> {
  const rows = await tx.query<{ due: Temporal.Instant | null }>(
    // Not "min", which would look at all that wait: the index tells the first.
    `select least((select s.due_at from loyalty.referral_step s
                   join loyalty.referral r on r.referral_id = s.referral_id and r.referee_id = s.referee_id
                   where s.state = 'due' and s.referral_id = any($1) order by s.due_at limit 1),
                  (select min(next_try_at) from loyalty.referral_reward where state = 'paying' and $2)) as due`,
    [referralIds, withMoney],
  )
  return rows[0]!.due
}

export type DueStep = Step & { programmeId: string; referrerId: number; linkedAtMs: number }

/** Steps that are due, the earliest first, with their links; a step without one has nobody to reward. */
export async function selectDueSteps(
  tx: Tx,
  referralIds: string[],
  now: Temporal.Instant,
  limit: number,
): Promise<DueStep[]> {
  const rows = await tx.query<
    Omit<DueStep, 'dueAtMs' | 'linkedAtMs'> & { dueAt: Temporal.Instant; linkedAt: Temporal.Instant }
  >(
    `select s.referral_id as "referralId", s.referee_id as "refereeId", s.reward_id as "rewardId", s.state, s.reason,
            s.reference, s.due_at as "dueAt", r.programme_id as "programmeId", r.referrer_id as "referrerId",
            r.linked_at as "linkedAt"
     from loyalty.referral_step s
     join loyalty.referral r on r.referral_id = s.referral_id and r.referee_id = s.referee_id
     where s.state = 'due' and s.due_at <= $1 and s.referral_id = any($3)
     order by s.due_at, s.referral_id, s.referee_id, s.reward_id limit $2`,
    [now, limit, referralIds],
  )
  return rows.map(({ dueAt, linkedAt, ...row }) => ({
    ...row,
    dueAtMs: dueAt.epochMilliseconds,
    linkedAtMs: linkedAt.epochMilliseconds,
  }))
}

/** How many rewards of a side `referrer` each beneficiary has in a span of time; `from` null: since ever. */
export async function countGrants(
  tx: Tx,
  asked: { referralId: string; beneficiaryId: number; fromMs: number | null; toMs: number | null }[],
): Promise<number[]> {
  if (asked.length === 0) return []
  const rows = await tx.query<{ count: number }>(
    `select (select count(*) from loyalty.referral_reward r
             where r.referral_id = g.referral_id and r.beneficiary_id = g.beneficiary_id and r.side = 'referrer'
               and r.state <> 'refused' and (g.from_at is null or r.at >= g.from_at)
               and (g.to_at is null or r.at < g.to_at))::int as count
     from unnest($1::text[], $2::int[], $3::timestamptz[], $4::timestamptz[]) with ordinality
       as g (referral_id, beneficiary_id, from_at, to_at, n) order by n`,
    [
      asked.map((one) => one.referralId),
      asked.map((one) => one.beneficiaryId),
      asked.map((one) => instantOf(one.fromMs)),
      asked.map((one) => instantOf(one.toMs)),
    ],
  )
  return rows.map(({ count }) => count)
}

const grantColumns = `grant_id as "grantId", programme_id as "programmeId", referral_id as "referralId",
  reward_id as "rewardId", referee_id as "refereeId", beneficiary_id as "beneficiaryId", side, level, what, state,
  reason, attempts, next_try_at as "nextTryAt", at, settled_at as "settledAt"`
type GrantRow = Omit<Grant, 'nextTryAtMs' | 'atMs' | 'settledAtMs'> & {
  nextTryAt: Temporal.Instant | null
  at: Temporal.Instant
  settledAt: Temporal.Instant | null
}
const grantOf = ({ nextTryAt, at, settledAt, ...row }: GrantRow): Grant => ({
  ...row,
  nextTryAtMs: nextTryAt?.epochMilliseconds ?? null,
  atMs: at.epochMilliseconds,
  settledAtMs: settledAt?.epochMilliseconds ?? null,
})

/** Stores rewards as they are now. One that is granted or refused never changes again. */
export async function saveGrants(tx: Tx, grants: Grant[]): Promise<void> {
  if (grants.length === 0) return
  await tx.query(
    `insert into loyalty.referral_reward as r (tenant_id, grant_id, programme_id, referral_id, reward_id, referee_id,
       beneficiary_id, side, level, what, state, reason, attempts, next_try_at, at, settled_at)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[],
       $6::int[], $7::text[], $8::int[], $9::jsonb[], $10::text[], $11::text[], $12::int[], $13::timestamptz[],
       $14::timestamptz[], $15::timestamptz[])
     on conflict (tenant_id, grant_id) do update
       set state = excluded.state, reason = excluded.reason, attempts = excluded.attempts,
           next_try_at = excluded.next_try_at, settled_at = excluded.settled_at
       where r.state = 'paying'`,
    [
      grants.map((one) => one.grantId),
      grants.map((one) => one.programmeId),
      grants.map((one) => one.referralId),
      grants.map((one) => one.rewardId),
      grants.map((one) => one.refereeId),
      grants.map((one) => one.beneficiaryId),
      grants.map((one) => one.side),
      grants.map((one) => one.level),
      grants.map((one) => json(one.what)),
      grants.map((one) => one.state),
      grants.map((one) => one.reason),
      grants.map((one) => one.attempts),
      grants.map((one) => instantOf(one.nextTryAtMs)),
      grants.map((one) => instantOf(one.atMs)),
      grants.map((one) => instantOf(one.settledAtMs)),
    ],
  )
}

/** Rewards whose turn at the operator has come, locked until the transaction ends. */
export async function selectPaying(tx: Tx, now: Temporal.Instant, limit: number): Promise<Grant[]> {
  const rows = await tx.query<GrantRow>(
    `select ${grantColumns} from loyalty.referral_reward where state = 'paying' and next_try_at <= $1
     order by next_try_at, grant_id limit $2 for update skip locked`,
    [now, limit],
  )
  return rows.map(grantOf)
}

/** What a member was rewarded with, the latest first. */
export async function selectGrantsOf(tx: Tx, beneficiaryId: number, limit: number): Promise<Grant[]> {
  const rows = await tx.query<GrantRow>(
    `select ${grantColumns} from loyalty.referral_reward where beneficiary_id = $1 order by at desc, grant_id limit $2`,
    [beneficiaryId, limit],
  )
  return rows.map(grantOf)
}

/** Rewards by state and referral, the latest first, behind a place. */
export async function selectGrants(
  tx: Tx,
  query: {
    referralId: string | null
    state: string | null
    subscriberId: number | null
    before: string | null
    limit: number
  },
): Promise<Grant[]> {
  const { where, values } = given([
    ['referral_id = ?', query.referralId],
    ['state = ?', query.state],
    ['(beneficiary_id = ? or referee_id = ?)', query.subscriberId],
    [behind('grant_id'), query.before],
  ])
  const rows = await tx.query<GrantRow>(
    `select ${grantColumns} from loyalty.referral_reward where ${where}
     order by at desc, grant_id desc limit $${values.length + 1}`,
    [...values, query.limit],
  )
  return rows.map(grantOf)
}

/** Refusals of codes, the latest first, behind a place. */
export async function selectRefusals(
  tx: Tx,
  query: {
    referralId: string | null
    subscriberId: number | null
    before: string | null
    limit: number
  },
): Promise<Refusal[]> {
  const { where, values } = given([
    ['referral_id = ?', query.referralId],
    ['(referee_id = ? or referrer_id = ?)', query.subscriberId],
    [behind('refusal_id'), query.before],
  ])
  const rows = await tx.query<Omit<Refusal, 'atMs'> & { at: Temporal.Instant }>(
    `select refusal_id as "refusalId", programme_id as "programmeId", referral_id as "referralId",
            referee_id as "refereeId", referrer_id as "referrerId", reason, saw, at
     from loyalty.referral_refusal where ${where} order by at desc, refusal_id desc limit $${values.length + 1}`,
    [...values, query.limit],
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

export type BroughtStep = { rewardId: string; state: Step['state']; reason: Step['reason']; dueAt: string }
export type Brought = {
  referralId: string
  refereeId: number
  linkedAt: Temporal.Instant
  steps: BroughtStep[]
}

/** Whom a member brought, the latest first, with how far the conditions of the rewards are. */
export function selectBrought(
  tx: Tx,
  programmeId: string,
  referrerId: number,
  limit: number,
): Promise<Brought[]> {
  return tx.query(
    `select r.referral_id as "referralId", r.referee_id as "refereeId", r.linked_at as "linkedAt",
            coalesce((select jsonb_agg(jsonb_build_object('rewardId', s.reward_id, 'state', s.state, 'reason', s.reason,
                        'dueAt', to_char(s.due_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) order by s.due_at, s.reward_id)
                      from loyalty.referral_step s
                      where s.referral_id = r.referral_id and s.referee_id = r.referee_id), '[]') as steps
     from loyalty.referral r where r.programme_id = $1 and r.referrer_id = $2
     order by r.linked_at desc, r.referee_id limit $3`,
    [programmeId, referrerId, limit],
  )
}
