import type { Database, Tx } from '../platform/index.ts'
import { addressOf } from './cards.ts'
import { type Admitted, outboundOf } from './admission.ts'
import type { Desk } from './desk.ts'
import { applyOutcome } from './progress.ts'
import { replay } from './replay.ts'
import { stoppedCampaigns } from './sending-store.ts'
import { abandonedRuns, loadRuns, takeOver } from './store.ts'

/** How much of the journal is read at a time after a start, packed octets. */
const RECOVERY_OCTETS = 1024 * 1024

/**
 * Takes over the tenant's sending from whoever had it, and up what that process left: the tables are brought up to its
 * journal. Returns the number of its last tick, and the messages that must be submitted again.
 */
export async function takeUp(
  database: Database,
  tenantId: string,
  desk: Desk,
  nowMs: number,
): Promise<{ epoch: bigint; seq: number; again: Admitted[] }> {
  const taken = await database.tx(tenantId, takeOver)
  const further = (): Promise<number | undefined> =>
    database.tx(tenantId, (tx) => replay(tx, taken.seq, RECOVERY_OCTETS))
  while ((await further()) !== undefined);
  const again = await database.tx(tenantId, async (tx) => {
    await readStopped(tx, desk)
    return takeAbandoned(tx, desk, nowMs)
  })
  return { ...taken, again }
}

/** Reads which campaigns are paused or cancelled. */
async function readStopped(tx: Tx, desk: Desk): Promise<void> {
  for (const { campaignId, state } of await stoppedCampaigns(tx)) desk.stopped.set(campaignId, state)
}

/**
 * Messages that a killed process left marked. Where the channel knows a message by its id they are returned to be
 * submitted again; elsewhere their outcome is unknown, stays so until a receipt tells, and is never guessed.
 */
async function takeAbandoned(tx: Tx, desk: Desk, nowMs: number): Promise<Admitted[]> {
  const runs = await loadRuns(tx, await abandonedRuns(tx))
  if (runs.length === 0) return []
  for (const run of runs) desk.set.add(run)
  await desk.catalogue.prepare(runs)
  await desk.cards.load(
    tx,
    runs.map((run) => run.subscriberId),
    desk.set,
    nowMs,
  )
  const again: Admitted[] = []
  for (const message of runs.flatMap((run) => run.messages)) {
    if (message?.state !== 'submitting') continue
    const { channel, run, expiresMs } = message
    const traits = desk.catalogue.traits(channel)
    const card = desk.cards.get(run.subscriberId)!
    const address = traits && addressOf(card, traits.addressKind, channel, run.subscriberId)
    message.markedMs = nowMs
    const resubmitSafe = desk.channels.get(channel)?.resubmitSafe ?? traits?.resubmitSafe
    const isSafe = resubmitSafe && address !== undefined && desk.channels.has(channel)
    if (isSafe && expiresMs > nowMs) {
      message.isInFlight = true
      desk.countInFlight(message, 1)
      again.push({ message, outbound: outboundOf(message, address) })
    } else applyOutcome(desk.set, message, { outcome: 'unknown', reason: 'process_ended' }, nowMs)
  }
  return again
}
