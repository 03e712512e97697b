import {
  appendFacts,
  type Database,
  derivedId,
  DomainError,
  type Documents,
  type Fact,
  instantOf,
  type Tx,
} from '../platform/index.ts'
import type { Affordability, Operator } from '../operator/index.ts'
import { chooseOffer, type Menu, type Offer, type Product, saveOffers } from '../offers/index.ts'
import type { Campaign, Step } from './contract.ts'
import type { Instance, OfferSummary } from './journey.ts'
import { type Arriving, move, type MovingDependencies } from './moving.ts'
import { lockInstances, nextDue, updateInstances } from './store.ts'

export type AffordingDependencies = MovingDependencies & {
  database: Database
  documents: Documents
  operator: Operator
  wakeOperator(tenantId: string): void
}

/** How long to leave the operator's systems alone after they did not answer. */
const RETRY_MS = 60_000

type Verdict =
  | { kind: 'retry'; instance: Instance }
  | { kind: 'offered'; instance: Instance; offer: Offer }
  | { kind: 'nothing'; instance: Instance; arrival: 'empty' | 'else'; reason: string; offer?: Offer }
  | { kind: 'activate'; instance: Instance; affordability: Affordability; creditMinor: bigint }

/**
 * Serves the journeys whose next move depends on what the subscriber can pay: `offer` steps, and `activate` steps,
 * where the balance is read again because hours may have passed since the offer. The operator's systems are asked
 * outside of any transaction; the rows are locked and looked at again afterwards. Returns when the next journey is due.
 */
export async function affordSteps(
  dependencies: AffordingDependencies,
  tenantId: string,
  seen: Instance[],
  now: Temporal.Instant,
): Promise<number | null> {
  const { database, operator } = dependencies
  const subscriberIds = [...new Set(seen.map((instance) => instance.subscriberId))]
  const answers = await operator.affordabilitiesOf(tenantId, subscriberIds).catch((error: unknown) => {
    // Nobody said where the operator's systems are: these journeys wait, and nobody else has to.
    if (error instanceof DomainError) return new Map(subscriberIds.map((id) => [id, error]))
    throw error
  })
  const products = await dependencies.documents.list<Product>(tenantId, 'Product')
  const byId = new Map(products.map((product) => [product.id, product]))
  return database.tx(tenantId, async (tx) => {
    const locked = await lockInstances(
      tx,
      seen.map((instance) => instance.instanceId),
    )
    const waiting = locked.filter(
      (instance) => instance.waitingFor === 'affordability' && instance.exitedAtMs === null,
    )
    const verdicts: Verdict[] = []
    for (const instance of waiting) {
      const answer = answers.get(instance.subscriberId)!
      verdicts.push(await judge(dependencies, tenantId, byId, instance, answer, now))
    }
    await settle(dependencies, tx, tenantId, verdicts, now)
    return nextDue(tx)
  })
}

async function judge(
  { documents, campaignOf }: AffordingDependencies,
  tenantId: string,
  products: Map<string, Product>,
  instance: Instance,
  answer: Affordability | DomainError,
  now: Temporal.Instant,
): Promise<Verdict> {
  const step = stepOf(await campaignOf(tenantId, instance.campaignId, instance.version), instance)
  // What cannot be paid for leaves an activate step by its "else" and an offer step by its "empty".
  const nothing = (reason: string): Extract<Verdict, { kind: 'nothing' }> => {
    return { kind: 'nothing', instance, arrival: step.type === 'activate' ? 'else' : 'empty', reason }
  }
  if (answer instanceof DomainError) {
    return isFinal(answer) ? nothing(answer.code) : { kind: 'retry', instance }
  }
  if (step.type === 'activate') {
    if (instance.chosen === null) return nothing('nothing_chosen')
    const shortMinor = BigInt(instance.chosen.priceMinor) - answer.balanceMinor
    const creditMinor = shortMinor > 0n ? shortMinor : 0n
    if (creditMinor > answer.creditMinor) return nothing('beyond_balance_and_credit')
    return { kind: 'activate', instance, affordability: answer, creditMinor }
  }
  const menuId = (step as Extract<Step, { type: 'offer' }>).menu
  const menu = (await documents.get<Menu>(tenantId, 'Menu', menuId))!
  const choice = chooseOffer(menu, products, answer)
  const offer: Offer = {
    ...choice,
    ...answer,
    offerId: derivedId('offer', instance.instanceId, step.id),
    subscriberId: instance.subscriberId,
    menuId,
    menuVersion: await documents.versionOf(tenantId, 'Menu', menuId),
    decidedAt: now,
    reference: instance.instanceId,
  }
  if (choice.items.length === 0) return { ...nothing('beyond_balance_and_credit'), offer }
  return { kind: 'offered', instance: withOffer(instance, offer, answer), offer }
}

/** Asking again would change nothing: the operator does not know the subscriber, or said no. */
function isFinal({ code }: DomainError): boolean {
  return code === 'operator_account_not_found' || code.endsWith('missing') || code.endsWith('refused')
}

function withOffer(instance: Instance, { offerId, items }: Offer, answer: Affordability): Instance {
  const largest = items[0]!
  const summary: OfferSummary = {
    items: items.length,
    largestMb: largest.volumeMb,
    largestOnCredit: largest.creditMinor > 0n,
    balanceMinor: Number(answer.balanceMinor),
    approvedCreditMinor: Number(answer.creditMinor),
  }
  return { ...instance, offerId, offer: summary }
}

async function settle(
  dependencies: AffordingDependencies,
  tx: Tx,
  tenantId: string,
  verdicts: Verdict[],
  now: Temporal.Instant,
): Promise<void> {
  const retryAtMs = now.epochMilliseconds + RETRY_MS
  const held = verdicts.flatMap((verdict): Instance[] => {
    if (verdict.kind === 'retry') return [{ ...verdict.instance, dueAtMs: retryAtMs }]
    if (verdict.kind === 'activate') {
      const chosen = { ...verdict.instance.chosen!, creditMinor: verdict.creditMinor.toString() }
      return [{ ...verdict.instance, chosen, waitingFor: 'activation', dueAtMs: null }]
    }
    return []
  })
  const activations = verdicts.filter((verdict) => verdict.kind === 'activate')
  await saveOffers(
    tx,
    verdicts.flatMap((verdict) => ('offer' in verdict && verdict.offer ? [verdict.offer] : [])),
  )
  await dependencies.operator.requestActivations(
    tx,
    activations.map(({ instance, affordability, creditMinor }) => ({
      activationId: instance.activationId!,
      subscriberId: instance.subscriberId,
      campaignId: instance.campaignId,
      arm: instance.arm,
      productId: instance.chosen!.productId,
      priceMinor: BigInt(instance.chosen!.priceMinor),
      creditMinor,
      currency: affordability.currency,
      reference: instance.instanceId,
    })),
  )
  if (activations.length > 0) dependencies.wakeOperator(tenantId)
  await updateInstances(tx, held)
  await appendFacts(
    tx,
    verdicts.flatMap((verdict) => factsOf(verdict, now)),
  )
  const arriving = verdicts.flatMap((verdict): Arriving[] => {
    if (verdict.kind === 'offered') return [{ instance: verdict.instance, arrival: 'next' }]
    return verdict.kind === 'nothing' ? [{ instance: verdict.instance, arrival: verdict.arrival }] : []
  })
  await move(dependencies, tx, tenantId, arriving, now)
}

function factsOf(verdict: Verdict, now: Temporal.Instant): Fact[] {
  const { subscriberId, campaignId, arm, instanceId } = verdict.instance
  const fact = { at: instantOf(now.epochMilliseconds), subscriberId, campaignId, arm, ref: instanceId }
  if (verdict.kind === 'nothing') return [{ ...fact, kind: 'no_offer', reason: verdict.reason }]
  if (verdict.kind !== 'offered') return []
  const { items } = verdict.offer
  const attributes = { largestMb: items[0]!.volumeMb, largestOnCredit: items[0]!.creditMinor > 0n }
  return [{ ...fact, kind: 'offered', quantity: items.length, productId: items[0]!.productId, attributes }]
}

function stepOf(campaign: Campaign, instance: Instance): Step {
  const arm = campaign.arms.find((item) => item.id === instance.arm)!
  return arm.journey.steps.find((step) => step.id === instance.stepId)!
}
