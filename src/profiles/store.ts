import { json, type Tx } from '../platform/index.ts'
import { recordConsents } from './consent-store.ts'
import type { IdentityKind } from './contract.ts'
import { type Identity, identityText } from './identity.ts'
import { updateIdentitiesBack } from './identity-store.ts'
import type { Placement } from './placement.ts'

export type StoredSubscriber = {
  tenantId: string
  subscriberId: number
  attributes: Record<string, unknown>
  timeZone: string | null
  language: 'en' | 'ru' | 'uk' | null
  createdAt: Temporal.Instant
}

/** A placement whose subscriber has its number. */
export type NumberedPlacement = Placement & { subscriberId: number }

/** One import of a tenant at a time: two at once could each make a subscriber of the same new identity. */
export async function lockImports(tx: Tx): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(hashtextextended('profiles ' || current_setting('tenure.tenant_id'), 0))`,
  )
}

/** Identity text → subscriber id, of those that are stored. */
export async function selectOwners(tx: Tx, identities: Identity[]): Promise<Map<string, number>> {
  const rows = await tx.query<Identity & { subscriberId: number }>(
    `select kind, value, subscriber_id as "subscriberId"
     from unnest($1::text[], $2::text[]) as asked (kind, value) join profiles.identity using (kind, value)`,
    [identities.map((i) => i.kind), identities.map((i) => i.value)],
  )
  return new Map(rows.map((row) => [identityText(row), row.subscriberId]))
}

/** Fresh subscriber numbers. */
export async function drawSubscriberIds(tx: Tx, count: number): Promise<number[]> {
  if (count === 0) return []
  const rows = await tx.query<{ id: number }>(
    `select nextval('profiles.subscriber_id')::int as id from generate_series(1, $1)`,
    [count],
  )
  return rows.map((row) => row.id)
}

/** Writes what a batch decided: new subscribers, changed ones, their identities and consents. */
export async function savePlacements(
  tx: Tx,
  placements: NumberedPlacement[],
  at: Temporal.Instant,
): Promise<void> {
  await insertSubscribers(
    tx,
    placements.filter((placement) => placement.isNew),
    at,
  )
  await updateSubscribers(
    tx,
    placements.filter((placement) => !placement.isNew && changesAnything(placement)),
  )
  await insertIdentities(tx, placements)
  await recordConsents(
    tx,
    placements.flatMap(({ consents, subscriberId }) =>
      [...consents.values()].map((consent) => ({ ...consent, subscriberId })),
    ),
    at,
  )
  await updateIdentitiesBack(
    tx,
    placements.flatMap(({ registered }) => registered),
  )
}

const changesAnything = (placement: Placement): boolean =>
  placement.timeZone !== null || placement.language !== null || Object.keys(placement.attributes).length > 0

async function insertSubscribers(tx: Tx, rows: NumberedPlacement[], at: Temporal.Instant): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `insert into profiles.subscriber (tenant_id, subscriber_id, attributes, time_zone, language, created_at)
     select current_setting('tenure.tenant_id'), id, jsonb_strip_nulls(attributes), time_zone, language, $5
     from unnest($1::int[], $2::jsonb[], $3::text[], $4::text[]) as given (id, attributes, time_zone, language)`,
    [...subscriberColumns(rows), at],
  )
}

async function updateSubscribers(tx: Tx, rows: NumberedPlacement[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `update profiles.subscriber s
     set attributes = jsonb_strip_nulls(s.attributes || given.attributes),
         time_zone = coalesce(given.time_zone, s.time_zone),
         language = coalesce(given.language, s.language),
         txid = pg_current_xact_id()
     from unnest($1::int[], $2::jsonb[], $3::text[], $4::text[]) as given (id, attributes, time_zone, language)
     where s.subscriber_id = given.id and s.tenant_id = current_setting('tenure.tenant_id')`,
    subscriberColumns(rows),
  )
}

function subscriberColumns(rows: NumberedPlacement[]): unknown[] {
  return [
    rows.map((row) => row.subscriberId),
    rows.map((row) => json(row.attributes)),
    rows.map((row) => row.timeZone),
    rows.map((row) => row.language),
  ]
}

async function insertIdentities(tx: Tx, placements: NumberedPlacement[]): Promise<void> {
  const rows = placements.flatMap(({ newIdentities, subscriberId }) =>
    newIdentities.map((identity) => ({ ...identity, subscriberId })),
  )
  if (rows.length === 0) return
  await tx.query(
    `insert into profiles.identity (tenant_id, kind, value, subscriber_id)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::int[])`,
    [rows.map((r) => r.kind), rows.map((r) => r.value), rows.map((r) => r.subscriberId)],
  )
}

/** Subscribers of these ids, as stored: time zone and language are null where the tenant's hold. */
export function selectSubscribers(tx: Tx, ids: number[]): Promise<StoredSubscriber[]> {
  return tx.query<StoredSubscriber>(
    `select tenant_id as "tenantId", subscriber_id as "subscriberId", attributes, time_zone as "timeZone",
            language, created_at as "createdAt"
     from profiles.subscriber where subscriber_id = any($1::int[])`,
    [ids],
  )
}

/** Ids above `afterId`, in order: to walk through all subscribers in pages. */
export async function selectSubscriberIds(tx: Tx, afterId: number, limit: number): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select subscriber_id as id from profiles.subscriber where subscriber_id > $1
     order by subscriber_id limit $2`,
    [afterId, limit],
  )
  return rows.map((row) => row.id)
}

/** How many subscribers the transaction's tenant has. */
export async function countSubscribers(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ n: bigint }>('select count(*) as n from profiles.subscriber')
  return Number(row!.n)
}

export type StoredIdentity = Identity & {
  subscriberId: number
  goneAt: Temporal.Instant | null
  goneReason: string | null
}

/** Identities of subscribers in the order in which they were added. */
export function selectIdentities(tx: Tx, ids: number[], kinds: IdentityKind[]): Promise<StoredIdentity[]> {
  return tx.query(
    `select kind, value, subscriber_id as "subscriberId", gone_at as "goneAt", gone_reason as "goneReason"
     from profiles.identity where subscriber_id = any($1::int[]) and kind = any($2::text[]) order by seq`,
    [ids, kinds],
  )
}

/** The oldest transaction that may still commit: whatever is older has been seen by a read that follows. */
export async function selectLowWater(tx: Tx): Promise<string> {
  const [row] = await tx.query<{ xmin: string }>(
    'select pg_snapshot_xmin(pg_current_snapshot())::text as xmin',
  )
  return row!.xmin
}

type MapRow = { kind: IdentityKind; value: string; subscriberId: number }

/** A page of all identities of other kinds than these, in order of (kind, value). */
export function selectIdentityPage(
  tx: Tx,
  except: readonly IdentityKind[],
  after: Identity | null,
  limit: number,
): Promise<MapRow[]> {
  return tx.query<MapRow>(
    `select kind, value, subscriber_id as "subscriberId" from profiles.identity
     where (kind, value) > ($1, $2) and kind <> all($4::text[]) order by kind, value limit $3`,
    [after?.kind ?? '', after?.value ?? '', limit, except],
  )
}

/** Identities of other kinds than these, added by transactions from `lowWater` on. */
export function selectIdentitiesSince(
  tx: Tx,
  except: readonly IdentityKind[],
  lowWater: string,
): Promise<MapRow[]> {
  return tx.query<MapRow>(
    `select kind, value, subscriber_id as "subscriberId" from profiles.identity
     where txid >= $1::text::xid8 and kind <> all($2::text[])`,
    [lowWater, except],
  )
}
