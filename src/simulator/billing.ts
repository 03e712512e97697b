import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { charge, credit } from './account.ts'
import { accountReference, tmfAmount, tmfMoney } from './request-body.ts'
import type { World } from './world.ts'

const base = '/tmf-api/prepayBalanceManagement/v4'

const bucketQuery = z.object({ 'partyAccount.id': z.string(), usageType: z.string().optional() }).loose()

const action = z
  .object({
    externalId: z.string().min(1),
    partyAccount: accountReference,
    usageType: z.literal('monetary').default('monetary'),
    amount: tmfMoney,
  })
  .loose()

type Outcome = { status: 'completed' | 'failed'; reason?: string }

/** Serves TM Forum 654 v4 as far as README.md here states it: balance, top-up, adjustment, reservation. */
export function serveBalance(app: FastifyInstance, world: World): void {
  const { people, state } = world

  app.get(`${base}/bucket`, async (request) => {
    const query = bucketQuery.parse(request.query)
    const account = query['partyAccount.id']
    const subscriber = people.byAccount(account)
    if (subscriber === undefined || (query.usageType ?? 'monetary') !== 'monetary') return []
    return [
      {
        id: `${account}-monetary`,
        usageType: 'monetary',
        status: 'active',
        partyAccount: [{ id: account }],
        remainingValue: tmfAmount(state.balanceMinor[subscriber]!),
        reservedValue: tmfAmount(state.reservedMinor[subscriber]!),
      },
    ]
  })

  const serve = (name: string, perform: (subscriber: number, amountMinor: number) => Outcome): void => {
    const answered = new Map<string, object>()
    app.post(`${base}/${name}`, async (request, reply) => {
      const body = action.parse(request.body)
      const known = answered.get(body.externalId)
      if (known) return reply.code(201).send(known)
      const subscriber = people.byAccount(body.partyAccount)
      const outcome: Outcome =
        subscriber === undefined
          ? { status: 'failed', reason: 'unknown_account' }
          : perform(subscriber, body.amount)
      const answer = {
        id: `${name}-${answered.size + 1}`,
        externalId: body.externalId,
        usageType: body.usageType,
        partyAccount: { id: body.partyAccount },
        amount: tmfAmount(body.amount),
        ...outcome,
      }
      answered.set(body.externalId, answer)
      return reply.code(201).send(answer)
    })
  }

  serve('topupBalance', (subscriber, amountMinor) => {
    if (amountMinor <= 0) return { status: 'failed', reason: 'amount_not_positive' }
    credit(world, subscriber, amountMinor, world.clock.nowMs())
    return { status: 'completed' }
  })
  serve('adjustBalance', (subscriber, amountMinor) => {
    if (state.balanceMinor[subscriber]! + amountMinor < 0)
      return { status: 'failed', reason: 'not_enough_balance' }
    charge(world, subscriber, -amountMinor, world.clock.nowMs())
    return { status: 'completed' }
  })
  serve('reserveBalance', (subscriber, amountMinor) => {
    if (amountMinor <= 0) return { status: 'failed', reason: 'amount_not_positive' }
    if (state.balanceMinor[subscriber]! < amountMinor)
      return { status: 'failed', reason: 'not_enough_balance' }
    charge(world, subscriber, amountMinor, world.clock.nowMs())
    state.reservedMinor[subscriber]! += amountMinor
    return { status: 'completed' }
  })
}
