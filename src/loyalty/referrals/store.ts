import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { Merge } from '../consumer.ts'
import type { Link, Refusal, Step } from './referral.ts'

/** Who has a code in a programme; of two with the same code the earlier member. */
export function selectCodeOwners(
  tx: Tx,
  wanted: { programmeId: string; code: string }[],
): Promise<{ programmeId: string; code: string; subscriberId: number }[]> {
  return tx.query(
    `select distinct on (m.programme_id, m.referral_code) m.programme_id as "programmeId", m.referral_code as code,
            m.subscriber_id as "subscriberId"
     from unnest($1::text[], $2::text[]) as g (programme_id, code)
     join loyalty.member m on m.programme_id = g.programme_id and m.referral_code = g.code
     order by m.programme_id, m.referral_code, m.enrolled_at, m.subscriber_id`,
    [wanted.map((one) => one.programmeId), wanted.map((one) => one.code)],
  )
}

const linkColumns = `programme_id as "programmeId", referral_id as "referralId", referee_id as "refereeId",
  referrer_id as "referrerId", code, event_id as "eventId", linked_at as "linkedAt", steps_done as "stepsDone"`
type LinkRow = Omit<Link, 'linkedAtMs'> & { linkedAt: Temporal.Instant }
const linkOf = ({ linkedAt, ...row }: LinkRow): Link => ({ ...row, linkedAtMs: linkedAt.epochMilliseconds })

/** By whom these members were brought, in all referral programmes. */
export async function selectLinks(tx: Tx, refereeIds: number[]): Promise<Link[]> {
  if (refereeIds.length === 0) return []
  const rows = await tx.query<LinkRow>(
    `select ${linkColumns} from loyalty.referral where referee_id = any($1::int[])`,
    [refereeIds],
  )
  return rows.map(linkOf)
}

/** The ways up from these members: who brought them, who brought those, and so on. */
export async function selectWaysUp(
  tx: Tx,
  subscriberIds: number[],
): Promise<{ referralId: string; refereeId: number; referrerId: number }[]> {
  if (subscriberIds.length === 0) return []
  // `union` and not `union all`: a row that was met before is not followed again.
  return tx.query(
    `with recursive up as (
       select referral_id, referee_id, referrer_id from loyalty.referral where referee_id = any($1::int[])
       union
       select r.referral_id, r.referee_id, r.referrer_id
       from up join loyalty.referral r on r.referral_id = up.referral_id and r.referee_id = up.referrer_id)
     select referral_id as "referralId", referee_id as "refereeId", referrer_id as "referrerId" from up`,
    [subscriberIds],
  )
}

export type Mark = { referralId: string; attribute: string; hash: string; subscriberId: number }

/** Who first came with these devices and the like. */
export async function selectMarks(tx: Tx, wanted: Omit<Mark, 'subscriberId'>[]): Promise<Mark[]> {
  if (wanted.length === 0) return []
  return tx.query<Mark>(
    `select m.referral_id as "referralId", m.attribute, m.value_hash as hash, m.subscriber_id as "subscriberId"
     from unnest($1::text[], $2::text[], $3::text[]) as g (referral_id, attribute, value_hash)
     join loyalty.referral_mark m using (referral_id, attribute, value_hash)`,
    [wanted.map((one) => one.referralId), wanted.map((one) => one.attribute), wanted.map((one) => one.hash)],
  )
}

/** Keeps who came with which device first. */
export function insertMarks(tx: Tx, marks: Mark[]): void {
  if (marks.length === 0) return
  tx.execute(
    `insert into loyalty.referral_mark (tenant_id, referral_id, attribute, value_hash, subscriber_id)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::text[], $4::int[])
     on conflict do nothing`,
    [
      marks.map((one) => one.referralId),
      marks.map((one) => one.attribute),
      marks.map((one) => one.hash),
      marks.map((one) => one.subscriberId),
    ],
  )
}

/** Stores links as they are now. */
export function saveLinks(tx: Tx, links: Link[]): void {
  if (links.length === 0) return
  tx.execute(
    `insert into loyalty.referral (tenant_id, programme_id, referral_id, referee_id, referrer_id, code, event_id,
                                   linked_at, steps_done)
     select current_setting('tenure.tenant_id'), programme, referral, referee, referrer, code, event, linked,
            array(select jsonb_array_elements_text(steps))
     from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::uuid[], $7::timestamptz[], $8::jsonb[])
       as given (programme, referral, referee, referrer, code, event, linked, steps)
     on conflict (tenant_id, referral_id, referee_id) do update set steps_done = excluded.steps_done`,
    [
      links.map((one) => one.programmeId),
      links.map((one) => one.referralId),
      links.map((one) => one.refereeId),
      links.map((one) => one.referrerId),
      links.map((one) => one.code),
      links.map((one) => one.eventId),
      links.map((one) => instantOf(one.linkedAtMs)),
      links.map((one) => json(one.stepsDone)),
    ],
  )
}

/** Keeps refusals for the agent. */
export function insertRefusals(tx: Tx, refusals: Refusal[]): void {
  if (refusals.length === 0) return
  tx.execute(
    `insert into loyalty.referral_refusal (tenant_id, refusal_id, programme_id, referral_id, referee_id, referrer_id,
                                           reason, saw, at)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[],
       $6::text[], $7::jsonb[], $8::timestamptz[])
     on conflict do nothing`,
    [
      refusals.map((one) => one.refusalId),
      refusals.map((one) => one.programmeId),
      refusals.map((one) => one.referralId),
      refusals.map((one) => one.refereeId),
      refusals.map((one) => one.referrerId),
      refusals.map((one) => one.reason),
      refusals.map((one) => json(one.saw)),
      refusals.map((one) => instantOf(one.atMs)),
    ],
  )
}

/** Steps of these members as referees. */
export async function selectSteps(tx: Tx, refereeIds: number[]): Promise<Step[]> {
  if (refereeIds.length === 0) return []
  const rows = await tx.query<Omit<Step, 'dueAtMs'> & { dueAt: Temporal.Instant }>(
    `select s.referral_id as "referralId", s.referee_id as "refereeId", s.reward_id as "rewardId", s.state, s.reason,
            s.due_at as "dueAt", s.reference
     from loyalty.referral r join loyalty.referral_step s on s.referral_id = r.referral_id and s.referee_id = r.referee_id
     where r.referee_id = any($1::int[])`,
    [refereeIds],
  )
  return rows.map(({ dueAt, ...row }) => ({ ...row, dueAtMs: dueAt.epochMilliseconds }))
}

/** Stores steps as they are now. */
export function saveSteps(tx: Tx, steps: Step[]): void {
  if (steps.length === 0) return
  tx.execute(
    `insert into loyalty.referral_step (tenant_id, referral_id, referee_id, reward_id, state, reason, due_at, reference)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[],
       $6::timestamptz[], $7::text[])
     on conflict (tenant_id, referral_id, referee_id, reward_id) do update
       set state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, reference = excluded.reference`,
    [
      steps.map((one) => one.referralId),
      steps.map((one) => one.refereeId),
      steps.map((one) => one.rewardId),
      steps.map((one) => one.state),
      steps.map((one) => one.reason),
      steps.map((one) => instantOf(one.dueAtMs)),
      steps.map((one) => one.reference),
    ],
  )
}

/** Carries what a member did as referrer and referee over to the one into whom they are merged. */
export async function mergeReferrals(tx: Tx, { programmeId, from, into }: Merge): Promise<void> {
  const parameters = [programmeId, from, into]
  // Whom they brought; who brought them, unless the other was brought too or one of the two brought the other.
  const statements = [
    `update loyalty.referral set referrer_id = $3
     where programme_id = $1 and referrer_id = $2 and referee_id <> $3`,
    `update loyalty.referral r set referee_id = $3
     where programme_id = $1 and referee_id = $2 and referrer_id <> $3
       and not exists (select from loyalty.referral o where o.referral_id = r.referral_id and o.referee_id = $3)`,
    `update loyalty.referral_step s set referee_id = $3
     where referee_id = $2 and not exists (select from loyalty.referral_step o
       where o.referral_id = s.referral_id and o.reward_id = s.reward_id and o.referee_id = $3)
       and exists (select from loyalty.referral r where r.referral_id = s.referral_id and r.programme_id = $1
                   and r.referee_id = $3)`,
    `update loyalty.referral_reward set beneficiary_id = $3 where programme_id = $1 and beneficiary_id = $2`,
    `update loyalty.referral_reward set referee_id = $3 where programme_id = $1 and referee_id = $2`,
    `update loyalty.referral_mark m set subscriber_id = $3
     where subscriber_id = $2 and exists (select from loyalty.referral r where r.referral_id = m.referral_id
                                            and r.programme_id = $1)`,
  ]
  for (const statement of statements) {
    await tx.query(statement, parameters)
  }
}
