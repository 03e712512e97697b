import { tenantOf } from '../access/index.ts'
import { type Clock, type Database, type FastifyInstance, parseInput } from '../platform/index.ts'
import { type StopsAnswer, stopsQuery } from './policy-contract.ts'
import { heldSince, postponedNow } from './policy-store.ts'
import type { Messaging } from './service.ts'

type Dependencies = { messaging: Pick<Messaging, 'senderOf'>; database: Database; clock: Clock }

/** `GET /v1/contact-policy/stops`: what was held lately and what waits now, by reason. */
export function policyRoutes(http: FastifyInstance, { messaging, database, clock }: Dependencies): void {
  http.get('/v1/contact-policy/stops', async (request): Promise<StopsAnswer> => {
    const tenantId = tenantOf(request)
    const { days } = parseInput(stopsQuery, request.query)
    await messaging.senderOf(tenantId).tablesTrue()
    const to = clock.now()
    const from = to.subtract({ hours: 24 * days })
    const [held, postponed] = await database.tx(tenantId, (tx) =>
      Promise.all([heldSince(tx, from), postponedNow(tx)]),
    )
    return { from: from.toString(), to: to.toString(), held, postponed }
  })
}
