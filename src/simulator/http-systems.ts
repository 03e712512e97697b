import fastify, { type FastifyInstance } from 'fastify'
import { ZodError } from 'zod'

import { serveBalance } from './billing.ts'
import { serveScoring } from './credit-scoring.ts'
import { serveDstk } from './dstk-gateway.ts'
import { serveProductOrders } from './product-order.ts'
import { serveTrustPayment } from './trust-payment.ts'
import type { World } from './world.ts'

/** The operator's systems on one HTTP port of the loopback address. `port` 0 takes a free one. */
export async function startHttpSystems(
  world: World,
  port: number,
): Promise<{ app: FastifyInstance; port: number; close(): Promise<void> }> {
  const app = fastify({ logger: false, keepAliveTimeout: 60_000, forceCloseConnections: true })
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ZodError) {
      const first = error.issues[0]
      return reply.code(400).send({ code: 'invalid', reason: `${first?.path.join('.')}: ${first?.message}` })
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    return reply
      .code(status)
      .send({ code: 'failed', reason: error instanceof Error ? error.message : 'unknown' })
  })
  serveBalance(app, world)
  serveProductOrders(app, world)
  serveTrustPayment(app, world)
  serveScoring(app, world)
  serveDstk(app, world)
  await app.listen({ port, host: '127.0.0.1' })
  const address = app.server.address()
  return {
    app,
    port: typeof address === 'object' && address ? address.port : port,
    close: () => app.close(),
  }
}
