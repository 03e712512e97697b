import { tenantOf } from '../access/index.ts'
import { type Database, type FastifyInstance, json } from '../platform/index.ts'
import { selectAnswered, selectSendings } from './overview-store.ts'
import type { Messaging } from './service.ts'

/** More campaigns than these nobody looks through on one page. */
const SENDINGS = 100

/**
 * `GET /v1/sendings`: campaigns by how far their sending is. `GET /v1/delivery/channels`: what each channel would take at
 * this moment, what waits for it, and how many answered it.
 */
export function overviewRoutes(http: FastifyInstance, messaging: Messaging, database: Database): void {
  http.get('/v1/sendings', async (request, reply) => {
    const tenantId = tenantOf(request)
    const sender = messaging.senderOf(tenantId)
    await sender.tablesTrue()
    const rows = await database.tx(tenantId, (tx) => selectSendings(tx, SENDINGS))
    const sendings = rows.map(({ state, ...row }) => ({
      ...row,
      state: sender.desk.stopped.get(row.campaignId) ?? stateOf(state, row.waiting + row.active),
    }))
    return reply.type('application/json').send(json({ sendings }))
  })

  http.get('/v1/delivery/channels', async (request) => {
    const tenantId = tenantOf(request)
    const { desk } = messaging.senderOf(tenantId)
    const running = await messaging.gateways.channelsOf(tenantId)
    const answered = await database.tx(tenantId, selectAnswered)
    const channels = [...running].map(([channel, found]) => {
      const room = found.room()
      return {
        channel,
        room: Number.isFinite(room) ? room : null,
        queued: desk.queues.get(channel)?.size ?? 0,
        inFlight: desk.inFlight.get(channel) ?? 0,
      }
    })
    return { channels, answers: answered }
  })
}

/** What nobody stopped is over when its recipients are through, by their own states. */
function stateOf(asked: 'running' | 'paused' | 'cancelled', left: number): string {
  return asked === 'running' && left === 0 ? 'finished' : asked
}
