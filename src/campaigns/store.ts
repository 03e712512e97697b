import { json, type Tx } from '../platform/index.ts'
import type { Instance } from './journey.ts'

export type Enrolment = {
  campaignId: string
  subscriberId: number
  version: number
  arm: string
  cause: string
  enrolledAt: Temporal.Instant
}

/** Enrols subscribers once for ever; returns those that were new. */
export function insertEnrolments(
  tx: Tx,
  enrolments: Enrolment[],
): Promise<{ campaignId: string; subscriberId: number }[]> {
  if (enrolments.length === 0) return Promise.resolve([])
  return tx.query(
    `insert into campaigns.enrolment (tenant_id, campaign_id, subscriber_id, version, arm, cause, enrolled_at)
     select current_setting('tenure.tenant_id'), *
     from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[])
     on conflict (tenant_id, campaign_id, subscriber_id) do nothing
     returning campaign_id as "campaignId", subscriber_id as "subscriberId"`,
    [
      enrolments.map((e) => e.campaignId),
      enrolments.map((e) => e.subscriberId),
      enrolments.map((e) => e.version),
      enrolments.map((e) => e.arm),
      enrolments.map((e) => e.cause),
      enrolments.map((e) => e.enrolledAt),
    ],
  )
}

/** Arms of enrolled subscribers of one campaign. */
export async function armsOf(
  tx: Tx,
  campaignId: string,
  subscriberIds: number[],
): Promise<Map<number, string>> {
  const rows = await tx.query<{ subscriberId: number; arm: string }>(
    `select subscriber_id as "subscriberId", arm from campaigns.enrolment
     where campaign_id = $1 and subscriber_id = any($2::int[])`,
    [campaignId, subscriberIds],
  )
  return new Map(rows.map((row) => [row.subscriberId, row.arm]))
}

const instanceColumns = `instance_id as "instanceId", campaign_id as "campaignId", version, arm,
  subscriber_id as "subscriberId", cause, event, step_id as "stepId", waiting_for as "waitingFor",
  (extract(epoch from due_at) * 1000)::float8 as "dueAtMs", offer_id as "offerId", offer, chosen,
  activation_id as "activationId", (extract(epoch from entered_at) * 1000)::float8 as "enteredAtMs",
  (extract(epoch from exited_at) * 1000)::float8 as "exitedAtMs", exit_reason as "exitReason"`

/** Begins journeys; one a cause, and none while another of the same campaign is open. Returns the ids that were new. */
export async function insertInstances(tx: Tx, instances: Instance[]): Promise<Set<string>> {
  if (instances.length === 0) return new Set()
  const rows = await tx.query<{ instanceId: string }>(
    `insert into campaigns.instance (tenant_id, instance_id, campaign_id, version, arm, subscriber_id, cause, event, step_id,
       waiting_for, due_at, entered_at)
     select current_setting('tenure.tenant_id'), *
     from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::jsonb[], $8::text[], $9::text[],
       $10::timestamptz[], $11::timestamptz[])
     on conflict do nothing
     returning instance_id as "instanceId"`,
    [
      instances.map((i) => i.instanceId),
      instances.map((i) => i.campaignId),
      instances.map((i) => i.version),
      instances.map((i) => i.arm),
      instances.map((i) => i.subscriberId),
      instances.map((i) => i.cause),
      instances.map((i) => json(i.event)),
      instances.map((i) => i.stepId),
      instances.map((i) => i.waitingFor),
      instances.map((i) => momentOf(i.dueAtMs)),
      instances.map((i) => momentOf(i.enteredAtMs)),
    ],
  )
  return new Set(rows.map((row) => row.instanceId))
}

/** Open journeys whose moment has come, oldest first, locked until the transaction ends. */
export function takeDueInstances(tx: Tx, now: Temporal.Instant, limit: number): Promise<Instance[]> {
  return tx.query<Instance>(
    `select ${instanceColumns} from campaigns.instance
     where exited_at is null and due_at <= $1
     order by due_at, instance_id limit $2 for update skip locked`,
    [now, limit],
  )
}

/** Journeys by id, locked until the transaction ends. */
export function lockInstances(tx: Tx, instanceIds: string[]): Promise<Instance[]> {
  return tx.query<Instance>(
    `select ${instanceColumns} from campaigns.instance where instance_id = any($1::uuid[])
     order by instance_id for update`,
    [instanceIds],
  )
}

/** Stores new states of many journeys in one statement. */
export async function updateInstances(tx: Tx, instances: Instance[]): Promise<void> {
  if (instances.length === 0) return
  tx.execute(
    `update campaigns.instance i set step_id = c.step_id, waiting_for = c.waiting_for, due_at = c.due_at,
       offer_id = c.offer_id, offer = c.offer, chosen = c.chosen, activation_id = c.activation_id,
       exited_at = c.exited_at, exit_reason = c.exit_reason
     from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[], $6::jsonb[], $7::jsonb[],
       $8::uuid[], $9::timestamptz[], $10::text[])
       as c (instance_id, step_id, waiting_for, due_at, offer_id, offer, chosen, activation_id, exited_at, exit_reason)
     where i.instance_id = c.instance_id`,
    [
      instances.map((i) => i.instanceId),
      instances.map((i) => i.stepId),
      instances.map((i) => i.waitingFor),
      instances.map((i) => momentOf(i.dueAtMs)),
      instances.map((i) => i.offerId),
      instances.map((i) => (i.offer === null ? null : json(i.offer))),
      instances.map((i) => (i.chosen === null ? null : json(i.chosen))),
      instances.map((i) => i.activationId),
      instances.map((i) => momentOf(i.exitedAtMs)),
      instances.map((i) => i.exitReason),
    ],
  )
}

/** The earliest moment at which a journey falls due. */
export async function nextDue(tx: Tx): Promise<number | null> {
  const [row] = await tx.query<{ dueMs: number | null }>(
    `select (extract(epoch from min(due_at)) * 1000)::float8 as "dueMs" from campaigns.instance where exited_at is null`,
  )
  return row!.dueMs
}

function momentOf(ms: number | null): Temporal.Instant | null {
  return ms === null ? null : Temporal.Instant.fromEpochMilliseconds(Math.round(ms))
}
