import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { derivedId } from '../platform/index.ts'
import { productById } from './catalogue.ts'
import { purpose } from './draw.ts'
import { orderParties } from './request-body.ts'
import { sell } from './sales.ts'
import type { World } from './world.ts'

const base = '/tmf-api/productOrderingManagement/v4'

const item = z
  .object({
    action: z.literal('add'),
    productOffering: z.object({ id: z.string() }).loose().optional(),
    product: z
      .object({ productOffering: z.object({ id: z.string() }).loose().optional() })
      .loose()
      .optional(),
    billingAccount: z.object({ id: z.string() }).loose().optional(),
  })
  .loose()

const order = z
  .object({ externalId: z.string().min(1), productOrderItem: z.array(item).length(1), ...orderParties })
  .loose()

type Order = z.infer<typeof order>
type Answer = {
  id: string
  externalId: string
  state: 'completed' | 'failed'
  reason?: string
  completionDate: string
  productOrderItem: Order['productOrderItem']
}

/** Serves TM Forum 622 v4 as far as README.md here states it: one package an order, idempotent by externalId. */
export function serveProductOrders(app: FastifyInstance, world: World): void {
  const desk = new OrderDesk(world)

  app.post(`${base}/productOrder`, async (request, reply) => {
    const answer = desk.take(order.parse(request.body))
    if (!answer) return reply.code(503).header('retry-after', '1').send({ code: 'busy', reason: 'try again' })
    return reply.code(201).send(answer)
  })
  app.get(`${base}/productOrder`, async (request) => {
    const { externalId } = z.object({ externalId: z.string() }).loose().parse(request.query)
    const answer = desk.byExternalId(externalId)
    return answer ? [answer] : []
  })
  app.get(`${base}/productOrder/:id`, async (request, reply) => {
    const { id } = z.object({ id: z.string() }).parse(request.params)
    const answer = desk.byId(id)
    return answer ?? reply.code(404).send({ code: 'not_found', reason: 'no such order' })
  })
}

class OrderDesk {
  readonly #world: World
  readonly #answers = new Map<string, Answer>()
  readonly #ids = new Map<string, Answer>()
  /** Orders that were answered "busy" once, with their number in the subscriber's life. */
  readonly #busy = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  byExternalId(externalId: string): Answer | undefined {
    return this.#answers.get(externalId)
  }

  byId(id: string): Answer | undefined {
    return this.#ids.get(id)
  }

  /** Carries an order out, or gives the first answer again; undefined when billing is busy this once. */
  take(body: Order): Answer | undefined {
    const known = this.#answers.get(body.externalId)
    if (known) return known
    const { people, state, draws, b } = this.#world
    const entry = body.productOrderItem[0]!
    const account =
      body.billingAccount?.id ??
      entry.billingAccount?.id ??
      body.partyAccount ??
      body.relatedParty?.[0]?.id ??
      ''
    const subscriber = people.byAccount(account)
    if (subscriber === undefined)
      return this.#answer(body, `unknown-${this.#answers.size}`, 'unknown_account')
    const waited = this.#busy.get(body.externalId)
    const number = waited ?? state.orders[subscriber]!++
    if (
      waited === undefined &&
      draws.chance(b.billing.orderBusyShare, subscriber, purpose.orderBusy, number)
    ) {
      this.#busy.set(body.externalId, number)
      return undefined
    }
    const id = derivedId('order', people.keys[subscriber]!, this.#world.startMs, number)
    const product = productById(entry.productOffering?.id ?? entry.product?.productOffering?.id ?? '')
    if (!product) return this.#answer(body, id, 'unknown_product')
    if (draws.chance(b.billing.orderFailsShare, subscriber, purpose.orderFails, number)) {
      return this.#answer(body, id, 'technical')
    }
    const nowMs = this.#world.clock.nowMs()
    const sold = sell(this.#world, subscriber, product, body.externalId, id, 'product-order', nowMs)
    return this.#answer(body, id, sold ? undefined : 'not_enough_balance')
  }

  #answer(body: Order, id: string, reason: string | undefined): Answer {
    const answer: Answer = {
      id,
      externalId: body.externalId,
      state: reason === undefined ? 'completed' : 'failed',
      ...(reason === undefined ? {} : { reason }),
      completionDate: this.#world.clock.now().toString(),
      productOrderItem: body.productOrderItem,
    }
    this.#answers.set(body.externalId, answer)
    this.#ids.set(id, answer)
    return answer
  }
}
