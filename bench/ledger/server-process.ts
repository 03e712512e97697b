import '../../src/app/collector.ts'
import { createAccess, guard } from '../../src/access/index.ts'
import { createLedger, ledgerRoutes } from '../../src/ledger/index.ts'
import { createHttp, openDatabase, systemClock } from '../../src/platform/index.ts'
import { givenJob, serve } from '../messaging/child.ts'

export type ServerJob = { databaseUrl: string; port: number }
export type ServerAnswers = { usage(): { cpuMs: number; rssBytes: number } }

/* The server's ledger behind its HTTP routes and its keys, put together as the application does it. */
const { databaseUrl, port } = givenJob<ServerJob>()
const database = openDatabase(databaseUrl, 8)
const access = createAccess({ database, clock: systemClock })
const http = createHttp((error) => {
  process.stderr.write(`${(error as Error).stack}\n`)
})
guard(http, access)
ledgerRoutes(http, { database, clock: systemClock, ledger: createLedger({ database, clock: systemClock }) })
await http.listen({ host: '127.0.0.1', port })

serve(
  {
    usage() {
      const { user, system } = process.cpuUsage()
      return { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() }
    },
  } satisfies ServerAnswers,
  async () => {
    await http.close()
    await database.end()
  },
)
