import { instantOf, type Tx } from '../../platform/index.ts'
import type { Award, Confirmation, Counter, Returned } from './award.ts'

const awardColumns = `transfer_key as "transferKey", event_id as "eventId", programme_id as "programmeId",
  rule_id as "ruleId", rule_version as "ruleVersion", subscriber_id as "subscriberId", account_id as "accountId",
  posted_key as "postedKey", points, state, reference, base_minor as "baseMinor", returned_minor as "returnedMinor",
  returned_points as "returnedPoints", lapsed_points as "lapsedPoints", forgiven_points as "forgivenPoints", settle_on as "settleOn",
  settle_key as "settleKey", settle_until as "settleUntil", available_from as "availableFrom",
  expires_at as "expiresAt", campaign_id as "campaignId", arm, at`

type AwardRow = Omit<Award, 'settleUntilMs' | 'availableFromMs' | 'expiresAtMs' | 'atMs'> & {
  settleUntil: Temporal.Instant | null
  availableFrom: Temporal.Instant
  expiresAt: Temporal.Instant | null
  at: Temporal.Instant
}

const awardOf = ({ settleUntil, availableFrom, expiresAt, at, ...row }: AwardRow): Award => ({
  ...row,
  settleUntilMs: settleUntil?.epochMilliseconds ?? null,
  availableFromMs: availableFrom.epochMilliseconds,
  expiresAtMs: expiresAt?.epochMilliseconds ?? null,
  atMs: at.epochMilliseconds,
})

/** By what awards of purchases are found: rule, member and reference. */
export type Place = { ruleId: string; subscriberId: number; reference: string }

const placesOf = (places: Place[]): unknown[] => [
  places.map(({ ruleId }) => ruleId),
  places.map(({ subscriberId }) => subscriberId),
  places.map(({ reference }) => reference),
]

const selected = `select distinct * from unnest($1::text[], $2::int[], $3::text[])
  as place (rule_id, subscriber_id, reference)`

/** Awards of some purchases, in the order in which they were made. */
export async function selectAwardsOfPlaces(tx: Tx, places: Place[]): Promise<Award[]> {
  if (places.length === 0) return []
  const rows = await tx.query<AwardRow>(
    `with place as (${selected})
     select ${awardColumns} from loyalty.award join place using (rule_id, subscriber_id, reference)
     order by seq`,
    placesOf(places),
  )
  return rows.map(awardOf)
}

/** Returns of some purchases that wait for them, in the order in which they came. */
export async function selectWaitingReturns(tx: Tx, places: Place[]): Promise<Returned[]> {
  if (places.length === 0) return []
  const rows = await tx.query<Omit<Returned, 'atMs'> & { at: Temporal.Instant }>(
    `with place as (${selected})
     select rule_id as "ruleId", event_id as "eventId", subscriber_id as "subscriberId", reference,
            amount_minor as "amountMinor", applied_minor as "appliedMinor", is_applied as "isApplied", at
     from loyalty.returned join place using (rule_id, subscriber_id, reference)
     where not is_applied order by seq`,
    placesOf(places),
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

/** A purchase for which a confirmation may have come before. */
export type SettlePlace = Pick<Confirmation, 'ruleId' | 'subscriberId' | 'settleKey' | 'atMs'>

/** Events that came before the purchases for which they may be, in the order in which they came. */
export async function selectConfirmations(tx: Tx, places: SettlePlace[]): Promise<Confirmation[]> {
  if (places.length === 0) return []
  const rows = await tx.query<Omit<Confirmation, 'atMs'> & { at: Temporal.Instant }>(
    `select c.rule_id as "ruleId", c.event_id as "eventId", c.subscriber_id as "subscriberId",
            c.settle_key as "settleKey", c.has_settled as "hasSettled", c.at
     from (select rule_id, subscriber_id, settle_key, min(at) as at
           from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[]) as g (rule_id, subscriber_id, settle_key, at)
           group by rule_id, subscriber_id, settle_key) place
     join loyalty.confirmation c using (rule_id, subscriber_id, settle_key)
     where c.at >= place.at or (c.settle_key <> '' and not c.has_settled)
     order by c.seq`,
    [
      places.map(({ ruleId }) => ruleId),
      places.map(({ subscriberId }) => subscriberId),
      places.map(({ settleKey }) => settleKey),
      places.map(({ atMs }) => instantOf(atMs)),
    ],
  )
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.epochMilliseconds }))
}

/** Stores confirmations as they are now. */
export async function saveConfirmations(tx: Tx, confirmations: Confirmation[]): Promise<void> {
  if (confirmations.length === 0) return
  await tx.query(
    `insert into loyalty.confirmation (tenant_id, rule_id, event_id, subscriber_id, settle_key, has_settled, at)
     select current_setting('tenure.tenant_id'), rule_id, event_id, subscriber_id, settle_key, has_settled, at
     from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::timestamptz[]) with ordinality
       as given (rule_id, event_id, subscriber_id, settle_key, has_settled, at, n)
     order by n
     on conflict (tenant_id, rule_id, event_id) do update set has_settled = excluded.has_settled`,
    [
      confirmations.map((one) => one.ruleId),
      confirmations.map((one) => one.eventId),
      confirmations.map((one) => one.subscriberId),
      confirmations.map((one) => one.settleKey),
      confirmations.map((one) => one.hasSettled),
      confirmations.map((one) => instantOf(one.atMs)),
    ],
  )
}

/** Reservations of members that wait for an event. */
export async function selectPendingAwards(tx: Tx, subscriberIds: number[]): Promise<Award[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<AwardRow>(
    `select ${awardColumns} from loyalty.award where state = 'pending' and subscriber_id = any($1::int[])
     order by seq`,
    [subscriberIds],
  )
  return rows.map(awardOf)
}

/** Reservations whose event did not come until `now`, those that waited longest first. */
export async function selectDueAwards(tx: Tx, now: Temporal.Instant, limit: number): Promise<Award[]> {
  const rows = await tx.query<AwardRow>(
    `select ${awardColumns} from loyalty.award where state = 'pending' and settle_until <= $1
     order by settle_until, transfer_key limit $2`,
    [now, limit],
  )
  return rows.map(awardOf)
}

/** When the next reservation is given up; null when none waits. */
export async function selectNextDue(tx: Tx): Promise<Temporal.Instant | null> {
  const [row] = await tx.query<{ at: Temporal.Instant | null }>(
    `select min(settle_until) as at from loyalty.award where state = 'pending'`,
  )
  return row!.at
}

/** Those of the transfers that were made before. */
export async function selectAwardKeys(tx: Tx, transferKeys: string[]): Promise<string[]> {
  if (transferKeys.length === 0) return []
  const rows = await tx.query<{ key: string }>(
    'select transfer_key as key from loyalty.award where transfer_key = any($1::text[])',
    [transferKeys],
  )
  return rows.map(({ key }) => key)
}

/** Awards that came of some events. */
export async function selectAwardsOfEvents(tx: Tx, eventIds: string[]): Promise<Award[]> {
  if (eventIds.length === 0) return []
  const rows = await tx.query<AwardRow>(
    `select ${awardColumns} from loyalty.award where event_id = any($1::uuid[])`,
    [eventIds],
  )
  return rows.map(awardOf)
}

/** Stores awards as they are now; new ones are numbered in the order of the list. */
export async function saveAwards(tx: Tx, awards: Award[]): Promise<void> {
  if (awards.length === 0) return
  const column = <T>(pick: (award: Award) => T): T[] => awards.map(pick)
  const moment = (pick: (award: Award) => number | null): (Temporal.Instant | null)[] =>
    awards.map((award) => {
      const ms = pick(award)
      return ms === null ? null : instantOf(ms)
    })
  await tx.query(
    `insert into loyalty.award (tenant_id, transfer_key, event_id, programme_id, rule_id, rule_version, subscriber_id,
       account_id, posted_key, points, state, reference, base_minor, returned_minor, returned_points, forgiven_points,
       settle_on, settle_key, settle_until, available_from, expires_at, campaign_id, arm, at, lapsed_points)
     select current_setting('tenure.tenant_id'), transfer_key, event_id, programme_id, rule_id, rule_version,
       subscriber_id, account_id, posted_key, points, state, reference, base_minor, returned_minor, returned_points,
       forgiven_points, settle_on, settle_key, settle_until, available_from, expires_at, campaign_id, arm, at, lapsed
     from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::text[],
       $9::bigint[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[],
       $17::text[], $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::text[], $22::text[],
       $23::timestamptz[], $24::bigint[]) with ordinality
       as given (transfer_key, event_id, programme_id, rule_id, rule_version, subscriber_id, account_id, posted_key,
         points, state, reference, base_minor, returned_minor, returned_points, forgiven_points, settle_on, settle_key,
         settle_until, available_from, expires_at, campaign_id, arm, at, lapsed, n)
     order by n
     on conflict (tenant_id, transfer_key) do update set
       account_id = excluded.account_id, posted_key = excluded.posted_key, state = excluded.state,
       available_from = excluded.available_from, expires_at = excluded.expires_at,
       returned_minor = excluded.returned_minor, returned_points = excluded.returned_points,
       lapsed_points = excluded.lapsed_points, forgiven_points = excluded.forgiven_points`,
    [
      column((a) => a.transferKey),
      column((a) => a.eventId),
      column((a) => a.programmeId),
      column((a) => a.ruleId),
      column((a) => a.ruleVersion),
      column((a) => a.subscriberId),
      column((a) => a.accountId),
      column((a) => a.postedKey),
      column((a) => a.points),
      column((a) => a.state),
      column((a) => a.reference),
      column((a) => a.baseMinor),
      column((a) => a.returnedMinor),
      column((a) => a.returnedPoints),
      column((a) => a.forgivenPoints),
      column((a) => a.settleOn),
      column((a) => a.settleKey),
      moment((a) => a.settleUntilMs),
      moment((a) => a.availableFromMs),
      moment((a) => a.expiresAtMs),
      column((a) => a.campaignId),
      column((a) => a.arm),
      moment((a) => a.atMs),
      column((a) => a.lapsedPoints),
    ],
  )
}

/** Stores returns as they are now. */
export async function saveReturns(tx: Tx, returns: Returned[]): Promise<void> {
  if (returns.length === 0) return
  await tx.query(
    `insert into loyalty.returned (tenant_id, rule_id, event_id, subscriber_id, reference, amount_minor, applied_minor,
                                   is_applied, at)
     select current_setting('tenure.tenant_id'), rule_id, event_id, subscriber_id, reference, amount_minor,
       applied_minor, is_applied, at
     from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[],
       $8::timestamptz[]) with ordinality
       as given (rule_id, event_id, subscriber_id, reference, amount_minor, applied_minor, is_applied, at, n)
     order by n
     on conflict (tenant_id, rule_id, event_id) do update set
       applied_minor = excluded.applied_minor, is_applied = excluded.is_applied`,
    [
      returns.map((r) => r.ruleId),
      returns.map((r) => r.eventId),
      returns.map((r) => r.subscriberId),
      returns.map((r) => r.reference),
      returns.map((r) => r.amountMinor),
      returns.map((r) => r.appliedMinor),
      returns.map((r) => r.isApplied),
      returns.map((r) => instantOf(r.atMs)),
    ],
  )
}

/** What has gone through caps and budgets so far, of those that are asked for. */
export async function selectCounters(
  tx: Tx,
  asked: Pick<Counter, 'counter' | 'subscriberId' | 'period'>[],
): Promise<Counter[]> {
  if (asked.length === 0) return []
  return tx.query<Counter>(
    `select counter, subscriber_id as "subscriberId", period, points, times
     from loyalty.earn_counter join unnest($1::text[], $2::int[], $3::text[]) as asked (counter, subscriber_id, period)
       using (counter, subscriber_id, period)`,
    [
      asked.map(({ counter }) => counter),
      asked.map(({ subscriberId }) => subscriberId),
      asked.map(({ period }) => period),
    ],
  )
}

/** Stores counters as they are now. */
export async function saveCounters(tx: Tx, counters: Counter[]): Promise<void> {
  if (counters.length === 0) return
  await tx.query(
    `insert into loyalty.earn_counter (tenant_id, counter, subscriber_id, period, points, times)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::int[])
     on conflict (tenant_id, counter, subscriber_id, period) do update
       set points = excluded.points, times = excluded.times`,
    [
      counters.map((c) => c.counter),
      counters.map((c) => c.subscriberId),
      counters.map((c) => c.period),
      counters.map((c) => c.points),
      counters.map((c) => c.times),
    ],
  )
}

/** Gives everything about one member to another one, with whom it is from now on. */
export async function mergeEarning(tx: Tx, programmeId: string, from: number, into: number): Promise<void> {
  await tx.query(
    'update loyalty.award set subscriber_id = $3 where programme_id = $1 and subscriber_id = $2',
    [programmeId, from, into],
  )
  for (const table of ['returned', 'confirmation']) {
    await tx.query(
      `update loyalty.${table} set subscriber_id = $3
       where subscriber_id = $2 and rule_id in
         (select id from platform.document where kind = 'EarnRule' and body ->> 'programme' = $1)`,
      [programmeId, from, into],
    )
  }
  await tx.query(
    `insert into loyalty.earn_counter (tenant_id, counter, subscriber_id, period, points, times)
     select tenant_id, counter, $3, period, points, times from loyalty.earn_counter
     where subscriber_id = $2 and split_part(counter, '/', 1) in
       (select id from platform.document where kind = 'EarnRule' and body ->> 'programme' = $1)
     on conflict (tenant_id, counter, subscriber_id, period) do update
       set points = earn_counter.points + excluded.points, times = earn_counter.times + excluded.times`,
    [programmeId, from, into],
  )
}
