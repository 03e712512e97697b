import { charge } from './account.ts'
import type { CatalogueProduct } from './catalogue.ts'
import { eventType } from './event-writer.ts'
import type { World } from './world.ts'

export type SaleChannel = 'self-service' | 'product-order'

/**
 * Sells a package: the price leaves the balance, the volume is there at once, the record leaves a little later.
 * False when the balance is short. What the subscriber's own money did not cover was paid by a trust payment.
 */
export function sell(
  world: World,
  subscriber: number,
  product: CatalogueProduct,
  order: string,
  orderId: string,
  channel: SaleChannel,
  atMs: number,
): boolean {
  const { state } = world
  const balanceMinor = state.balanceMinor[subscriber]!
  if (balanceMinor < product.priceMinor) return false
  const lentMinor = state.unspentLoanMinor[subscriber]!
  const creditMinor = Math.min(lentMinor, Math.max(0, product.priceMinor - (balanceMinor - lentMinor)))
  charge(world, subscriber, product.priceMinor, atMs)
  state.allowanceMb[subscriber]! += product.volumeMb
  state.exhaustedAtMs[subscriber] = 0
  state.saving[subscriber] = 0
  state.past90[subscriber] = state.usedMb[subscriber]! >= 0.9 * state.allowanceMb[subscriber]! ? 1 : 0
  state.sales[subscriber]!++
  const recordAtMs = atMs + world.b.billing.recordDelayS * 1000
  world.schedule.act(recordAtMs, subscriber, () => {
    world.events.add(
      subscriber,
      'billing',
      eventType.purchased,
      recordAtMs,
      `{"productId":"${product.productId}","volumeMb":${product.volumeMb},"priceMinor":${product.priceMinor},` +
        `"onCredit":${creditMinor > 0},"creditMinor":${creditMinor},"orderId":"${orderId}","channel":"${channel}"}`,
    )
  })
  const { productId, priceMinor } = product
  const entry = { what: 'activation', productId, priceMinor, creditMinor, order, channel } as const
  world.journal.add(world.people.keys[subscriber]!, atMs, entry)
  return true
}
