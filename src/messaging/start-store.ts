import type { Tx } from '../platform/index.ts'
import { plain } from './columns.ts'
import type { Purpose } from './contract.ts'
import { ColumnReader } from './column-reader.ts'
import { ColumnWriter } from './column-writer.ts'
import type { Run } from './message.ts'
import { jsonText, pack, unpack } from './packing.ts'

/** A cascade to start for one subscriber. */
export type StartCascade = {
  /** A run id seen before changes nothing. */
  runId: string
  cascadeId: string
  subscriberId: number
  campaignId: string
  arm: string
  /** What the starter calls it: the journey it belongs to. */
  reference: string
  variables: object
  /** Where it is not the cascade's. */
  purpose?: Purpose
}

/** How many starts stand in one row: as many as a tick takes at a time. */
const ROW_STARTS = 2_000

const writer = new ColumnWriter()

/** Hands cascades over within the caller's transaction, those of one campaign in one row. */
export async function insertStarts(
  tx: Tx,
  starts: StartCascade[],
  versionOf: (cascadeId: string) => number,
  startedMs: number,
): Promise<void> {
  for (const [campaignId, all] of Map.groupBy(starts, (start) => start.campaignId)) {
    for (let from = 0; from < all.length; from += ROW_STARTS) {
      const part = all.slice(from, from + ROW_STARTS)
      tx.execute(
        `insert into messaging.start (tenant_id, campaign_id, count, starts)
         values (current_setting('tenure.tenant_id'), $1, $2, $3)`,
        [campaignId, part.length, await packStarts(campaignId, part, versionOf, startedMs)],
      )
    }
  }
}

export type StartRow = { seq: bigint; runs: Run[] }

/** How many rows are looked at. */
const LOOKED_ROWS = 500

/** Rows of starts that nobody has taken, oldest first, up to so many runs; those of these campaigns wait. */
export async function selectStarts(
  tx: Tx,
  taken: bigint[],
  withoutCampaigns: string[],
  limitRuns: number,
): Promise<StartRow[]> {
  const rows = await tx.query<{ seq: bigint; starts: Buffer }>(
    `select seq, starts from (
       select seq, starts, sum(count) over (order by seq) - count as before from (
         select seq, starts, count from messaging.start
         -- Hashed, where an array would be walked for each row.
         where seq not in (select unnest($1::bigint[])) and campaign_id <> all($2::text[])
         order by seq limit ${LOOKED_ROWS}) as waiting) as counted
     where before < $3 order by seq`,
    [plain(taken), withoutCampaigns, limitRuns],
  )
  return rows.map(({ seq, starts }) => ({ seq, runs: runsOf(starts) }))
}

/** Starts by their number. */
export async function startsBySeq(tx: Tx, seqs: bigint[]): Promise<StartRow[]> {
  if (seqs.length === 0) return []
  const rows = await tx.query<{ seq: bigint; starts: Buffer }>(
    `select seq, starts from messaging.start where seq = any($1::bigint[])`,
    [seqs],
  )
  return rows.map(({ seq, starts }) => ({ seq, runs: runsOf(starts) }))
}

/** Forgets starts whose runs are in the tables. */
export function deleteStarts(tx: Tx, seqs: bigint[]): void {
  if (seqs.length === 0) return
  tx.execute(`delete from messaging.start where seq = any($1::bigint[])`, [seqs])
}

/** How many starts of a campaign, or of all, nobody has taken yet. */
export async function countStarts(tx: Tx, campaignId?: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select coalesce(sum(count), 0)::int as count from messaging.start where $1::text is null or campaign_id = $1`,
    [campaignId ?? null],
  )
  return row!.count
}

function packStarts(
  campaignId: string,
  starts: StartCascade[],
  versionOf: (cascadeId: string) => number,
  startedMs: number,
): Promise<Buffer> {
  writer.clear()
  writer.count(starts.length)
  writer.count(startedMs)
  writer.text(campaignId)
  writer.texts(starts, ({ runId }) => runId)
  writer.words(starts, ({ cascadeId }) => cascadeId)
  writer.counts(starts, ({ cascadeId }) => versionOf(cascadeId))
  writer.counts(starts, ({ subscriberId }) => subscriberId)
  writer.words(starts, ({ arm }) => arm)
  writer.texts(starts, ({ reference }) => reference)
  writer.words(starts, ({ purpose }) => purpose ?? null)
  writer.text(jsonText(starts.map(({ variables }) => variables)))
  return pack(writer.octets())
}

function runsOf(packed: Buffer): Run[] {
  const reader = new ColumnReader(unpack(packed))
  const count = reader.count()
  const startedMs = reader.count()
  const campaignId = reader.text()
  const runIds = reader.ownTexts(count)
  const cascadeIds = reader.words(count)
  const versions = reader.counts(count)
  const subscriberIds = reader.counts(count)
  const arms = reader.words(count)
  const references = reader.ownTexts(count)
  const purposes = reader.words(count)
  const variables = JSON.parse(reader.text()) as object[]
  return runIds.map((runId, i) => ({
    runId,
    cascadeId: cascadeIds[i]!,
    cascadeVersion: versions[i]!,
    subscriberId: subscriberIds[i]!,
    campaignId,
    arm: arms[i]!,
    reference: references[i]!,
    variables: variables[i]!,
    purpose: purposes[i] as Purpose | null,
    chosen: null,
    step: 0,
    isActive: true,
    outcome: null,
    dueMs: startedMs,
    allSmsMinor: 0n,
    contactedMs: null,
    startedMs,
    finishedMs: null,
    messages: [],
    timerAt: -1,
    isChanged: false,
    notes: null,
    tick: 0,
    isQuiet: false,
    next: undefined,
  }))
}
