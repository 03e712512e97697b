import '../../src/app/collector.ts'
import { createLedger } from '../../src/ledger/index.ts'
import { json, openDatabase, systemClock } from '../../src/platform/index.ts'
import { givenJob, serve } from '../messaging/child.ts'
import { type Draw, TENANT, Transfers } from './world.ts'

/** Callers that wait at the same time, each with a batch. */
const CALLERS = 4
const BATCH = 2_000

export type WriterJob = { databaseUrl: string }
/** So many transfers of a name among so many members; a name goes on where it stopped. */
export type Booking = { name: string; members: number; count: number; draw?: Draw }
export type WriterAnswers = { book(booking: Booking): Promise<{ seconds: number; cpuUs: number }> }

/* The grouped writer in a process with a server's settings: it goes on from one measurement to the next. */
const { databaseUrl } = givenJob<WriterJob>()
const database = openDatabase(databaseUrl, 8)
const ledger = createLedger({ database, clock: systemClock })
const worlds = new Map<string, Transfers>()

async function book({
  name,
  members,
  count,
  draw = {},
}: Booking): Promise<{ seconds: number; cpuUs: number }> {
  const transfers = worlds.get(name) ?? new Transfers(name, members)
  worlds.set(name, transfers)
  const [cpu, started] = [process.cpuUsage(), performance.now()]
  let left = count
  const caller = async (): Promise<void> => {
    while (left > 0) {
      const batch = transfers.batch(Math.min(BATCH, left), draw)
      left -= batch.length
      const results = await ledger.post(TENANT, batch)
      const refused = results.find(({ outcome }) => outcome !== 'booked')
      if (refused) throw new Error(`a transfer was not booked: ${json(refused)}`)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - started) / 1_000, cpuUs: user + system }
}

serve({ book } satisfies WriterAnswers, () => database.end())
