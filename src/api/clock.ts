import { tenantOf } from '../access/index.ts'
import {
  type FastifyInstance,
  instantOf,
  type Loop,
  type ManualClock,
  parseInput,
} from '../platform/index.ts'
import type { Messaging } from '../messaging/index.ts'
import { z } from 'zod'

const moment = z.strictObject({ now: z.iso.datetime({ offset: true }) })

/**
 * `POST /v1/clock` exists only where the clock is simulated. It sets the moment, works until every queue is
 * empty, and answers with the next due moment: whoever drives the world need not wait for time to pass.
 */
export function clockRoutes(
  http: FastifyInstance,
  clock: ManualClock,
  loop: Loop,
  messaging: Messaging,
): void {
  http.post('/v1/clock', { config: { roles: ['admin'] } }, async (request) => {
    const { now } = parseInput(moment, request.body)
    clock.setMs(Temporal.Instant.from(now).epochMilliseconds)
    await messaging.gateways.whenReady(tenantOf(request))
    const nextDueMs = await loop.drain()
    return { nextDueAt: nextDueMs === null ? null : instantOf(Math.ceil(nextDueMs)).toString() }
  })
}
