import type { Tx } from '../platform/index.ts'
import type { ActivationRequest, FinishedActivation } from './contract.ts'
import { type Advance, hasEnded, type OpenActivation } from './saga.ts'

const requestColumns = `activation_id as "activationId", subscriber_id as "subscriberId",
  campaign_id as "campaignId", arm, product_id as "productId", price_minor as "priceMinor",
  credit_minor as "creditMinor", currency, reference, state`

/** Adds requests; one whose id is known is left as it is. Returns the ids that were new. */
export async function insertActivations(
  tx: Tx,
  requests: ActivationRequest[],
  at: Temporal.Instant,
): Promise<string[]> {
  const column = <T>(pick: (request: ActivationRequest) => T): T[] => requests.map(pick)
  const rows = await tx.query<{ id: string }>(
    `insert into operator.activation
       (tenant_id, requested_at, due_at, activation_id, subscriber_id, campaign_id, arm, product_id,
        price_minor, credit_minor, currency, reference)
     select current_setting('tenure.tenant_id'), $1::timestamptz, $1::timestamptz, *
     from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
                 $9::text[], $10::text[])
     on conflict (tenant_id, activation_id) do nothing
     returning activation_id as id`,
    [
      at,
      column((r) => r.activationId),
      column((r) => r.subscriberId),
      column((r) => r.campaignId ?? null),
      column((r) => r.arm ?? null),
      column((r) => r.productId),
      column((r) => r.priceMinor),
      column((r) => r.creditMinor),
      column((r) => r.currency),
      column((r) => r.reference),
    ],
  )
  return rows.map((row) => row.id)
}

/**
 * Takes activations that are due and notes the try before it is made: whoever finds more than one try knows
 * that the operator may already have done the step.
 */
export async function takeDueActivations(
  tx: Tx,
  at: Temporal.Instant,
  limit: number,
): Promise<OpenActivation[]> {
  const rows = await tx.query(
    `with due as (
       select tenant_id, activation_id from operator.activation
       where finished_at is null and due_at <= $1
       order by due_at, activation_id limit $2
       for update skip locked)
     update operator.activation a set attempts = a.attempts + 1
     from due where a.tenant_id = due.tenant_id and a.activation_id = due.activation_id
     returning ${requestColumns.replaceAll('activation_id as', 'a.activation_id as')},
       operator_reason as "operatorReason", loan_id as "loanId", order_id as "orderId", attempts`,
    [at, limit],
  )
  return rows.map((row) => withoutNulls(row) as OpenActivation)
}

/** When the next open activation falls due. */
export async function nextDueAt(tx: Tx): Promise<Temporal.Instant | null> {
  const rows = await tx.query<{ at: Temporal.Instant | null }>(
    'select min(due_at) as at from operator.activation where finished_at is null',
  )
  return rows[0]?.at ?? null
}

/**
 * Stores what the steps changed. A row that somebody else moved on in the meantime keeps its state; the ids of
 * those that did change are returned, and only they are to be reported.
 */
export async function storeAdvances(
  tx: Tx,
  steps: { activation: OpenActivation; advance: Advance }[],
  at: Temporal.Instant,
): Promise<Set<string>> {
  const column = <T>(pick: (step: (typeof steps)[number]) => T): T[] => steps.map(pick)
  const rows = await tx.query<{ id: string }>(
    `update operator.activation a
     set state = s.state,
         reason = coalesce(s.reason, a.reason),
         operator_reason = coalesce(s.operator_reason, a.operator_reason),
         loan_id = coalesce(s.loan_id, a.loan_id),
         fee_minor = coalesce(s.fee_minor, a.fee_minor),
         loan_due_at = coalesce(s.loan_due_at, a.loan_due_at),
         order_id = coalesce(s.order_id, a.order_id),
         attempts = case when s.state = a.state then a.attempts else 0 end,
         due_at = s.due_at,
         finished_at = case when s.ended then $1::timestamptz end
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                 $9::timestamptz[], $10::text[], $11::timestamptz[], $12::boolean[])
       as s (activation_id, old_state, state, reason, operator_reason, loan_id, fee_minor, loan_due_at,
             order_id, due_at, ended)
     where a.activation_id = s.activation_id and a.state = s.old_state
     returning a.activation_id as id`,
    [
      at,
      column((s) => s.activation.activationId),
      column((s) => s.activation.state),
      column((s) => s.advance.state),
      column((s) => s.advance.reason ?? null),
      column((s) => s.advance.operatorReason ?? null),
      column((s) => s.advance.loanId ?? null),
      column((s) => s.advance.feeMinor ?? null),
      column((s) => s.advance.loanDueAt ?? null),
      column((s) => s.advance.orderId ?? null),
      column((s) => at.add({ milliseconds: s.advance.waitMs })),
      column((s) => hasEnded(s.advance.state)),
    ],
  )
  return new Set(rows.map((row) => row.id))
}

/** Ended activations that the campaign has not taken note of, locked until the caller's transaction ends. */
export async function takeFinishedActivations(tx: Tx, limit: number): Promise<FinishedActivation[]> {
  const rows = await tx.query(
    `select ${requestColumns}, reason, operator_reason as "operatorReason", fee_minor as "feeMinor",
            loan_id as "loanId", loan_due_at as "loanDueAt", order_id as "orderId", finished_at as "finishedAt"
     from operator.activation
     where finished_at is not null and handled_at is null
     order by finished_at, activation_id limit $1
     for update skip locked`,
    [limit],
  )
  return rows.map((row) => withoutNulls(row) as FinishedActivation)
}

/** Notes that the caller has dealt with these ended activations. */
export async function markActivationsHandled(tx: Tx, ids: string[], at: Temporal.Instant): Promise<void> {
  if (ids.length === 0) return
  await tx.query(
    'update operator.activation set handled_at = $2 where activation_id = any($1::uuid[]) and handled_at is null',
    [ids, at],
  )
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
