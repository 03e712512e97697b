import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { assess, cancel, grant } from './lending.ts'
import type { Loan } from './loan-book.ts'
import { accountReference, minorUnits } from './request-body.ts'
import type { World } from './world.ts'

const base = '/trust-payment/v1/loans'

const wish = z
  .object({
    externalId: z.string().min(1),
    partyAccount: accountReference,
    principalMinor: minorUnits,
    currency: z.literal('RUB'),
  })
  .loose()

const loanPath = z.object({ loanId: z.string() })

/** Serves the trust payment contract of README.md here: grant, look up, cancel. */
export function serveTrustPayment(app: FastifyInstance, world: World): void {
  app.post(base, async (request, reply) => {
    const body = wish.parse(request.body)
    const known = world.loans.byExternalId(body.externalId)
    if (known) return reply.code(201).send(view(known))
    const subscriber = world.people.byAccount(body.partyAccount)
    if (subscriber === undefined)
      return reply.code(404).send({ code: 'not_found', reason: 'unknown_account' })
    const { approvedMinor, reasons } = assess(world, subscriber)
    if (body.principalMinor <= 0 || body.principalMinor > approvedMinor) {
      const reason = approvedMinor > 0 ? 'over_limit' : reasons[0]
      return reply.code(409).send({ code: 'refused', reason })
    }
    const loan = grant(world, subscriber, body.principalMinor, body.externalId, world.clock.nowMs())
    return reply.code(201).send(view(loan))
  })

  app.get(`${base}/:loanId`, async (request, reply) => {
    const loan = world.loans.byId(loanPath.parse(request.params).loanId)
    return loan ? view(loan) : reply.code(404).send({ code: 'not_found', reason: 'unknown_loan' })
  })

  app.post(`${base}/:loanId/cancel`, async (request, reply) => {
    const loan = world.loans.byId(loanPath.parse(request.params).loanId)
    if (!loan) return reply.code(404).send({ code: 'not_found', reason: 'unknown_loan' })
    if (!cancel(world, loan)) return reply.code(409).send({ code: 'refused', reason: 'money_is_spent' })
    return view(loan)
  })
}

function view(loan: Loan): object {
  return {
    loanId: loan.loanId,
    externalId: loan.externalId,
    status: loan.status,
    principalMinor: String(loan.principalMinor),
    feeMinor: String(loan.feeMinor),
    repaidMinor: String(loan.repaidMinor),
    currency: 'RUB',
    dueAt: new Date(loan.dueAtMs).toISOString(),
  }
}
