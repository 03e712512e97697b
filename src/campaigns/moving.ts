import type { Declarations } from '../expressions/index.ts'
import type { Loyalty } from '../loyalty/index.ts'
import type { Messaging } from '../messaging/index.ts'
import { appendFacts, decimalText, type Fact, instantOf, type Tx } from '../platform/index.ts'
import { type Offer, type OfferItem, offersByIds } from '../offers/index.ts'
import { minorDigits } from '../operator/index.ts'
import type { Profiles, Subscriber } from '../profiles/index.ts'
import { type Condition, conditionsOf } from './conditions.ts'
import { type Arrival, advance, type Effects, type Instance, noEffects } from './journey.ts'
import type { Campaign } from './contract.ts'
import { updateInstances } from './store.ts'

export type MovingDependencies = {
  messaging: Messaging
  loyalty: Loyalty
  profiles: Profiles
  campaignOf(tenantId: string, campaignId: string, version: number): Promise<Campaign>
  declarations(tenantId: string): Promise<Declarations>
}

export type Arriving = { instance: Instance; arrival: Arrival }

/**
 * Moves instances as far as they go and carries out what that asks for, all within the caller's transaction:
 * cascades started, points awarded, exits recorded, rows stored. Returns their new states.
 */
export async function move(
  dependencies: MovingDependencies,
  tx: Tx,
  tenantId: string,
  arriving: Arriving[],
  now: Temporal.Instant,
): Promise<Instance[]> {
  if (arriving.length === 0) return []
  const subscribers = await dependencies.profiles.subscribersByIds(
    tx,
    arriving.map(({ instance }) => instance.subscriberId),
  )
  const conditionOf = conditionsOf(await dependencies.declarations(tenantId))
  const effects = noEffects()
  const moved: Instance[] = []
  for (const { instance, arrival } of arriving) {
    const campaign = await dependencies.campaignOf(tenantId, instance.campaignId, instance.version)
    const arm = campaign.arms.find((item) => item.id === instance.arm)!
    const conditions = (source: string, at: Instance): boolean =>
      holds(conditionOf(source), at, subscribers.get(at.subscriberId))
    moved.push(advance(arm, instance, arrival, now.epochMilliseconds, conditions, effects))
  }
  await carryOut(dependencies, tx, tenantId, effects, subscribers, now)
  await updateInstances(tx, moved)
  return moved
}

function holds(condition: Condition, instance: Instance, subscriber: Subscriber | undefined): boolean {
  const { offer, chosen } = instance
  const { channel, productId, volumeMb } = chosen ?? {}
  return condition({
    subscriber: subscriber?.attributes ?? {},
    offer: { ...offer },
    answer: chosen === null ? {} : { channel, productId, volumeMb },
  })
}

async function carryOut(
  { messaging, loyalty }: MovingDependencies,
  tx: Tx,
  tenantId: string,
  effects: Effects,
  subscribers: Map<number, Subscriber>,
  now: Temporal.Instant,
): Promise<void> {
  const offers = await offersByIds(
    tx,
    effects.cascades.flatMap(({ instance }) => instance.offerId ?? []),
  )
  await messaging.startCascades(
    tx,
    tenantId,
    effects.cascades.map(({ instance, runId, cascadeId }) => ({
      runId,
      cascadeId,
      subscriberId: instance.subscriberId,
      campaignId: instance.campaignId,
      arm: instance.arm,
      reference: instance.instanceId,
      variables: variablesOf(
        instance,
        offers.get(instance.offerId ?? ''),
        subscribers.get(instance.subscriberId),
      ),
    })),
  )
  await loyalty.awardForPurchases(
    tx,
    tenantId,
    effects.awards.map(({ instance, key }) => ({
      key,
      subscriberId: instance.subscriberId,
      productId: instance.chosen?.productId ?? '',
      priceMinor: BigInt(instance.chosen?.priceMinor ?? 0),
      ...(instance.chosen === null ? {} : { currency: instance.chosen.currency }),
      onCredit: BigInt(instance.chosen?.creditMinor ?? 0) > 0n,
      at: now,
      campaignId: instance.campaignId,
      arm: instance.arm,
    })),
  )
  await appendFacts(
    tx,
    effects.exits.map(({ instance, reason }): Fact => ({
      kind: 'exited',
      at: instantOf(now.epochMilliseconds),
      subscriberId: instance.subscriberId,
      campaignId: instance.campaignId,
      arm: instance.arm,
      ref: instance.instanceId,
      reason,
    })),
  )
}

/**
 * What a template may speak of: `event`, the fields that the entry's trigger emits of the event that began the journey,
 * dates as epoch milliseconds; and the offer's items with prices as exact decimal texts, the largest first. Without an
 * item there is no `largest`, so that a text which names it fails instead of being sent with holes.
 */
function variablesOf(
  { event }: Instance,
  offer: Offer | undefined,
  subscriber: Subscriber | undefined,
): object {
  const language = subscriber?.language ?? 'en'
  const items = (offer?.items ?? []).map((item: OfferItem) => ({
    productId: item.productId,
    name: item.name[language],
    volumeMb: item.volumeMb,
    price: decimalText(item.priceMinor, minorDigits(item.currency)),
    credit: decimalText(item.creditMinor, minorDigits(item.currency)),
    onCredit: item.creditMinor > 0n,
    code: item.answerCode,
  }))
  const largest = items[0] === undefined ? {} : { largest: items[0] }
  return { event, items, ...largest, attributes: subscriber?.attributes ?? {} }
}
