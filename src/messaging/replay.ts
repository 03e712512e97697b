import { setImmediate as turn } from 'node:timers/promises'
import { FactColumns, type Tx } from '../platform/index.ts'
import { addFacts } from './fact-columns.ts'
import { applyEntry, type JournalEntry, takeJournal } from './journal-store.ts'
import type { Run } from './message.ts'
import { project, projectionOf } from './projection-store.ts'
import { deleteStarts, startsBySeq } from './start-store.ts'
import { loadRuns } from './store.ts'

/** How many runs one statement writes. */
const PAGE_RUNS = 2_000

/**
 * Brings the tables up to a later row of the journal, at most that of the tick `upTo`, and forgets what they know then:
 * each run as its last entry among these rows says, written once. What an entry leaves out, because it never changes, is
 * in the start that it came from or in the tables already. Returns the last tick that the tables know, undefined when no
 * such row is left.
 */
export async function replay(tx: Tx, upTo: number, limitOctets: number): Promise<number | undefined> {
  const rows = await takeJournal(tx, upTo, limitOctets)
  if (rows.length === 0) return undefined
  const entries = rows.map(({ entry }) => entry)
  const taken = entries.flatMap((entry) => entry.taken.map(BigInt))
  const runs = await standing(tx, entries, taken)
  const facts = new FactColumns()
  for (const entry of entries) {
    for (const words of entry.runs) {
      const run = runs.get(words[0])
      if (!run) throw new Error(`the journal speaks of an unknown run ${words[0]}`)
      addFacts(facts, run, applyEntry(run, words))
    }
    await turn()
  }
  const all = [...runs.values()]
  for (let from = 0; from < all.length; from += PAGE_RUNS) {
    project(
      tx,
      projectionOf(all.slice(from, from + PAGE_RUNS), ({ isChanged }) => isChanged),
    )
    // Sockets and whoever sends have their turn in between.
    await turn()
  }
  facts.append(tx)
  deleteStarts(tx, taken)
  return rows.at(-1)!.seq
}

/** The runs that entries speak of, before them or at least with all that does not change. */
async function standing(tx: Tx, entries: JournalEntry[], taken: bigint[]): Promise<Map<string, Run>> {
  const runs = new Map<string, Run>()
  for (const { runs: started } of await startsBySeq(tx, taken)) {
    for (const run of started) if (!runs.has(run.runId)) runs.set(run.runId, run)
  }
  const others: string[] = []
  const spoken = new Set<string>()
  for (const entry of entries) for (const [runId] of entry.runs) spoken.add(runId)
  // A start whose run nobody speaks of was one that is known since long: its run is not to be touched.
  for (const runId of runs.keys()) if (!spoken.has(runId)) runs.delete(runId)
  for (const runId of spoken) if (!runs.has(runId)) others.push(runId)
  for (const run of await loadRuns(tx, others)) runs.set(run.runId, run)
  return runs
}
