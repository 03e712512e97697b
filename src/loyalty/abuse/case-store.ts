import { instantOf, json, type Tx } from '../../platform/index.ts'
import { type AbuseCase, type CaseState, type Hold, memberSubject } from './case.ts'

const columns = `case_id as "caseId", programme_id as "programmeId", subscriber_id as "subscriberId", state, level,
  score, findings, holds, limit_points as "limitPoints", opened_at as "openedAt", closes_at as "closesAt",
  decided_at as "decidedAt", decided_by as "decidedBy", note`

type Row = Omit<AbuseCase, 'holds' | 'openedAtMs' | 'closesAtMs' | 'decidedAtMs'> & {
  holds: { key: string; points: string; account: string }[]
  openedAt: Temporal.Instant
  closesAt: Temporal.Instant | null
  decidedAt: Temporal.Instant | null
}

function caseOf({ holds, openedAt, closesAt, decidedAt, ...row }: Row): AbuseCase {
  return {
    ...row,
    holds: holds.map(({ points, ...one }): Hold => ({ ...one, points: BigInt(points) })),
    openedAtMs: openedAt.epochMilliseconds,
    closesAtMs: closesAt?.epochMilliseconds ?? null,
    decidedAtMs: decidedAt?.epochMilliseconds ?? null,
  }
}

const select = async (tx: Tx, where: string, values: unknown[]): Promise<AbuseCase[]> =>
  (await tx.query<Row>(`select ${columns} from loyalty.abuse_case where ${where}`, values)).map(caseOf)

/** Cases of members that hold after a moment: open ones, and confirmed ones as long as they forbid anything. */
export const selectInForce = (tx: Tx, subscriberIds: number[], now: Temporal.Instant): Promise<AbuseCase[]> =>
  select(
    tx,
    `subscriber_id = any($1::int[]) and (state = 'open' or state = 'confirmed' and (closes_at is null or closes_at > $2))`,
    [subscriberIds, now],
  )

/** Members of one balance: who is asked about, and one who spends from the same balance, which everybody does of their own. */
export type Sharer = { programmeId: string; askedId: number; subscriberId: number }

/** Those who share a household's balance with these subscribers; nobody for who shares with none. */
export const selectSharers = (tx: Tx, subscriberIds: number[]): Promise<Sharer[]> =>
  tx.query(
    `select own.programme_id as "programmeId", own.subscriber_id as "askedId", mate.subscriber_id as "subscriberId"
     from loyalty.member own
     join loyalty.household h using (programme_id, household_id)
     join loyalty.member mate using (programme_id, household_id)
     where own.subscriber_id = any($1::int[]) and own.household_id is not null and h.shares_balance
       and mate.subscriber_id <> own.subscriber_id`,
    [subscriberIds],
  )

/** Cases by their ids, whatever their state. */
export const selectCases = (tx: Tx, caseIds: string[]): Promise<AbuseCase[]> =>
  select(tx, 'case_id = any($1::uuid[])', [caseIds])

/** All cases about a subscriber, the latest first. */
export const selectCasesOf = (tx: Tx, subscriberId: number): Promise<AbuseCase[]> =>
  select(tx, 'subscriber_id = $1 order by opened_at desc, case_id limit 100', [subscriberId])

export type Queue = {
  state: CaseState
  programmeId: string | null
  /** Behind this case. */
  after: { openedAt: Temporal.Instant; caseId: string } | null
  limit: number
}

/** Cases of a state: the oldest first, because whoever waits longest is looked at first. */
export const selectQueue = (tx: Tx, { state, programmeId, after, limit }: Queue): Promise<AbuseCase[]> =>
  select(
    tx,
    `state = $1 and ($2::text is null or programme_id = $2)
       and ($3::timestamptz is null or (opened_at, case_id) > ($3, $4::uuid))
     order by opened_at, case_id limit $5`,
    [state, programmeId, after?.openedAt ?? null, after?.caseId ?? null, limit],
  )

/** Open cases whose time is over, and when that of the next one is. */
export async function selectLapsing(
  tx: Tx,
  now: Temporal.Instant,
  limit: number,
): Promise<{ cases: AbuseCase[]; next: Temporal.Instant | null }> {
  const cases = await select(tx, `state = 'open' and closes_at <= $1 order by closes_at limit $2`, [
    now,
    limit,
  ])
  const [row] = await tx.query<{ next: Temporal.Instant | null }>(
    `select min(closes_at) as next from loyalty.abuse_case where state = 'open' and closes_at > $1`,
    [now],
  )
  return { cases, next: row!.next }
}

/** Stores cases as they are now. */
export async function saveCases(tx: Tx, cases: AbuseCase[]): Promise<void> {
  if (cases.length === 0) return
  await tx.query(
    `insert into loyalty.abuse_case (tenant_id, case_id, programme_id, subscriber_id, state, level, score, findings,
       holds, limit_points, opened_at, closes_at, decided_at, decided_by, note)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[],
       $6::int[], $7::jsonb[], $8::jsonb[], $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
       $13::text[], $14::text[])
     on conflict (tenant_id, case_id) do update set subscriber_id = excluded.subscriber_id, state = excluded.state,
       level = excluded.level, score = excluded.score, findings = excluded.findings, holds = excluded.holds,
       limit_points = excluded.limit_points, closes_at = excluded.closes_at, decided_at = excluded.decided_at,
       decided_by = excluded.decided_by, note = excluded.note`,
    [
      cases.map((one) => one.caseId),
      cases.map((one) => one.programmeId),
      cases.map((one) => one.subscriberId),
      cases.map((one) => one.state),
      cases.map((one) => one.level),
      cases.map((one) => one.score),
      cases.map((one) => json(one.findings)),
      cases.map((one) => json(one.holds)),
      cases.map((one) => one.limitPoints),
      cases.map((one) => instantOf(one.openedAtMs)),
      cases.map((one) => instantOf(one.closesAtMs)),
      cases.map((one) => instantOf(one.decidedAtMs)),
      cases.map((one) => one.decidedBy),
      cases.map((one) => one.note),
    ],
  )
}

/** A reason that does not strike a member, or those who share an instrument, until a moment. */
export type Exemption = {
  programmeId: string
  subject: string
  reason: string
  untilMs: number
  caseId: string
}

/** Exemptions of subjects, those that are over included. */
export async function selectExemptions(tx: Tx, subjects: string[]): Promise<Exemption[]> {
  if (subjects.length === 0) return []
  const rows = await tx.query<Omit<Exemption, 'untilMs'> & { until: Temporal.Instant }>(
    `select programme_id as "programmeId", subject, reason, until_at as until, case_id as "caseId"
     from loyalty.abuse_exemption where subject = any($1::text[])`,
    [subjects],
  )
  return rows.map(({ until, ...row }) => ({ ...row, untilMs: until.epochMilliseconds }))
}

/** Keeps exemptions; a later one takes the place of an earlier one. */
export async function saveExemptions(tx: Tx, exemptions: Exemption[]): Promise<void> {
  if (exemptions.length === 0) return
  await tx.query(
    `insert into loyalty.abuse_exemption (tenant_id, programme_id, subject, reason, until_at, case_id)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[],
       $5::uuid[])
     on conflict (tenant_id, programme_id, subject, reason) do update
       set until_at = excluded.until_at, case_id = excluded.case_id`,
    [
      exemptions.map((one) => one.programmeId),
      exemptions.map((one) => one.subject),
      exemptions.map((one) => one.reason),
      exemptions.map((one) => instantOf(one.untilMs)),
      exemptions.map((one) => one.caseId),
    ],
  )
}

/** Cases and exemptions of one member are those of the one as whom they go on, who may have two open cases then. */
export async function mergeCases(
  tx: Tx,
  { programmeId, from, into }: { programmeId: string; from: number; into: number },
): Promise<void> {
  await tx.query(
    'update loyalty.abuse_case set subscriber_id = $3 where programme_id = $1 and subscriber_id = $2',
    [programmeId, from, into],
  )
  await tx.query(
    `insert into loyalty.abuse_exemption as e (tenant_id, programme_id, subject, reason, until_at, case_id)
     select tenant_id, programme_id, $3, reason, until_at, case_id from loyalty.abuse_exemption
     where programme_id = $1 and subject = $2
     on conflict (tenant_id, programme_id, subject, reason) do update set until_at = excluded.until_at,
       case_id = excluded.case_id where e.until_at < excluded.until_at`,
    [programmeId, memberSubject(from), memberSubject(into)],
  )
}
