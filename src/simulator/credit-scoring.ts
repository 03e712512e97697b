import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { assess } from './lending.ts'
import { accountReference } from './request-body.ts'
import type { World } from './world.ts'

const question = z.object({ partyAccount: accountReference }).loose()

/** Serves the credit scoring contract of README.md here. */
export function serveScoring(app: FastifyInstance, world: World): void {
  app.post('/credit-scoring/v1/assessments', async (request, reply) => {
    const subscriber = world.people.byAccount(question.parse(request.body).partyAccount)
    if (subscriber === undefined)
      return reply.code(404).send({ code: 'not_found', reason: 'unknown_account' })
    const { approvedMinor, reasons } = assess(world, subscriber)
    return { approvedMinor: String(approvedMinor), currency: 'RUB', reasons }
  })
}
