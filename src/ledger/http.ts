import { z } from 'zod'
import { tenantOf } from '../access/index.ts'
import { type Database, DomainError, type FastifyInstance, parseInput } from '../platform/index.ts'
import { verifyLedger } from './service.ts'
import { balancesOf, entriesOf } from './store.ts'

const parameters = z.object({ accountId: z.string().min(1).max(200) })

/** `GET /v1/ledger/accounts/:accountId`: balance and latest entries; `GET /v1/ledger/verify`: the whole check. */
export function ledgerRoutes(http: FastifyInstance, deps: { database: Database }): void {
  http.get('/v1/ledger/accounts/:accountId', (request) => {
    const { accountId } = parseInput(parameters, request.params)
    return deps.database.tx(tenantOf(request), async (tx) => {
      const account = (await balancesOf(tx, [accountId])).get(accountId)
      if (!account) throw new DomainError('ledger_account_not_found', 'no such account', { found: accountId })
      return { ...account, entries: await entriesOf(tx, accountId, 100) }
    })
  })
  http.get('/v1/ledger/verify', (request) => deps.database.tx(tenantOf(request), verifyLedger))
}
