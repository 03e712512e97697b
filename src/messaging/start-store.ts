import type { Tx } from '../platform/index.ts'
import type { Purpose } from './contract.ts'
import type { Run } from './message.ts'
import { pack, unpack } from './packing.ts'

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

type PackedStart = [string, string, number, number, string, string, object, Purpose | null]
type PackedStarts = { campaignId: string; startedMs: number; starts: PackedStart[] }

/** Hands cascades over within the caller's transaction, those of one campaign in one row. */
export function insertStarts(
  tx: Tx,
  starts: StartCascade[],
  versionOf: (cascadeId: string) => number,
  startedMs: number,
): void {
  for (const [campaignId, all] of Map.groupBy(starts, (start) => start.campaignId)) {
    for (let from = 0; from < all.length; from += ROW_STARTS) {
      const part = all.slice(from, from + ROW_STARTS)
      const packed: PackedStarts = {
        campaignId,
        startedMs,
        starts: part.map(({ runId, cascadeId, subscriberId, arm, reference, variables, purpose }) => {
          return [
            runId,
            cascadeId,
            versionOf(cascadeId),
            subscriberId,
            arm,
            reference,
            variables,
            purpose ?? null,
          ]
        }),
      }
      tx.execute(
        `insert into messaging.start (tenant_id, campaign_id, count, starts)
         values (current_setting('tenure.tenant_id'), $1, $2, $3)`,
        [campaignId, part.length, pack(packed)],
      )
    }
  }
}

export type StartRow = { seq: bigint; runs: Run[] }

/** Starts that nobody has taken, oldest first; those of these campaigns wait. */
export async function selectStarts(
  tx: Tx,
  taken: bigint[],
  withoutCampaigns: string[],
  limit: number,
): Promise<StartRow[]> {
  const rows = await tx.query<{ seq: bigint; starts: Buffer }>(
    `select seq, starts from messaging.start
     where seq <> all($1::bigint[]) and campaign_id <> all($2::text[]) order by seq limit $3`,
    [taken, withoutCampaigns, limit],
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

function runsOf(packed: Buffer): Run[] {
  const { campaignId, startedMs, starts } = unpack<PackedStarts>(packed)
  return starts.map(
    ([runId, cascadeId, cascadeVersion, subscriberId, arm, reference, variables, purpose]) => ({
      runId,
      cascadeId,
      cascadeVersion,
      subscriberId,
      campaignId,
      arm,
      reference,
      variables,
      purpose,
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
    }),
  )
}
