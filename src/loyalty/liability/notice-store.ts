import type { Tx } from '../../platform/index.ts'

/** Up to which expiry notices of so many days before were written. */
export async function selectHorizons(tx: Tx, programmeId: string): Promise<Map<number, Temporal.Instant>> {
  const rows = await tx.query<{ days: number; reached: Temporal.Instant }>(
    'select days_before as days, reached from loyalty.notice_horizon where programme_id = $1',
    [programmeId],
  )
  return new Map(rows.map(({ days, reached }) => [days, reached]))
}

/** Stores up to where notices were written. */
export async function saveHorizon(
  tx: Tx,
  programmeId: string,
  daysBefore: number,
  reached: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `insert into loyalty.notice_horizon values (current_setting('tenure.tenant_id'), $1, $2, $3)
     on conflict (tenant_id, programme_id, days_before) do update set reached = excluded.reached`,
    [programmeId, daysBefore, reached],
  )
}

export type NoticeSpan = {
  programmeId: string
  currency: string
  timeZone: string
  daysBefore: number
  /** Lots that expire after `from` and up to `to`. */
  from: Temporal.Instant
  to: Temporal.Instant
}

/** Writes down, in one statement, which accounts lose how much on which day of a span; those written before stay. */
export async function insertNotices(tx: Tx, span: NoticeSpan): Promise<void> {
  await tx.query(
    `insert into loyalty.expiry_notice (tenant_id, programme_id, account_id, expires_on, days_before, expires_at, points)
     select current_setting('tenure.tenant_id'), $1, a.account_id,
            (to_timestamp((l.expires_ms - 1) / 1000.0) at time zone $3)::date as expires_on, $4,
            to_timestamp(min(l.expires_ms) / 1000.0), sum(l.remaining_minor)
     from ledger.lot l join ledger.account a on a.account_no = l.account_no
     where l.expires_ms > $5 and l.expires_ms <= $6 and a.currency = $2 and a.purpose = 'member'
     group by a.account_id, expires_on
     on conflict do nothing`,
    [
      span.programmeId,
      span.currency,
      span.timeZone,
      span.daysBefore,
      span.from.epochMilliseconds,
      span.to.epochMilliseconds,
    ],
  )
}

export type Notice = {
  accountId: string
  expiresOn: string
  daysBefore: number
  expiresAt: Temporal.Instant
  points: bigint
}

const columns = `account_id as "accountId", expires_on::text as "expiresOn", days_before as "daysBefore",
  expires_at as "expiresAt", points`

/** Notices that nobody was told of yet. */
export function selectWaitingNotices(tx: Tx, programmeId: string, limit: number): Promise<Notice[]> {
  return tx.query<Notice>(
    `select ${columns} from loyalty.expiry_notice where programme_id = $1 and told_at is null
     order by account_id, expires_on, days_before limit $2`,
    [programmeId, limit],
  )
}

/** Notes that notices were told. */
export async function markTold(
  tx: Tx,
  programmeId: string,
  notices: Notice[],
  at: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `update loyalty.expiry_notice n set told_at = $5
     from unnest($2::text[], $3::date[], $4::int[]) as t (account_id, expires_on, days_before)
     where n.programme_id = $1 and n.account_id = t.account_id and n.expires_on = t.expires_on
       and n.days_before = t.days_before`,
    [
      programmeId,
      notices.map(({ accountId }) => accountId),
      notices.map(({ expiresOn }) => expiresOn),
      notices.map(({ daysBefore }) => daysBefore),
      at,
    ],
  )
}

/**
 * Whether a lot of a currency has expired by now, and when the next lot of any currency does (null: none). Those of one
 * currency may be far between those of others, so they are looked for only where something has expired at all.
 */
export async function selectExpiry(
  tx: Tx,
  currency: string,
  nowMs: number,
): Promise<{ isDue: boolean; nextMs: number | null }> {
  const firstFrom = async (fromMs: number): Promise<number | null> => {
    const [row] = await tx.query<{ ms: bigint | null }>(
      `select min(expires_ms) as ms from ledger.lot where expires_ms >= $1 and expires_ms < 9223372036854775807`,
      [fromMs],
    )
    return row!.ms === null ? null : Number(row!.ms)
  }
  const firstMs = await firstFrom(0)
  if (firstMs === null || firstMs > nowMs) return { isDue: false, nextMs: firstMs }
  const [row] = await tx.query<{ isDue: boolean }>(
    `select exists (select from ledger.lot l join ledger.account a on a.account_no = l.account_no
                    where l.expires_ms <= $2 and a.currency = $1) as "isDue"`,
    [currency, nowMs],
  )
  return { isDue: row!.isDue, nextMs: await firstFrom(nowMs + 1) }
}

/** What a run of expiry has taken from an account. */
export type Expired = { key: string; accountId: string; points: bigint; at: Temporal.Instant }

/** What was taken by runs of expiry behind a place of the ledger's journal. */
export function selectExpired(tx: Tx, afterSeq: bigint, breakageAccount: string): Promise<Expired[]> {
  return tx.query<Expired>(
    `select t.key, d.account_id as "accountId", t.amount_minor as points, t.effective_at as at
     from ledger.transfer t
     join ledger.account d on d.account_no = t.debit_no join ledger.account c on c.account_no = t.credit_no
     where t.seq > $1 and c.account_id = $2 and t.memo like 'expiry %' order by t.seq`,
    [afterSeq, breakageAccount],
  )
}
