import { appendFacts, derivedId, type Fact, type Tx } from '../platform/index.ts'
import { type Firing, markFiringsHandled, markOthersHandled, takeFirings } from '../triggers/index.ts'
import { type Arm, type Campaign, CONTROL } from './contract.ts'
import { armOf } from './experiment.ts'
import { type Instance, lengthMs } from './journey.ts'
import { armsOf, type Enrolment, insertEnrolments, insertInstances } from './store.ts'

export type LiveCampaign = { document: Campaign; version: number }

/** Whether a subscriber belongs to the population, by its condition. */
export type Belongs = (tx: Tx, campaign: Campaign, subscriberIds: number[]) => Promise<Set<number>>

/**
 * Turns new firings into enrolments and journeys. A firing may both put a subscriber into the population and begin
 * the journey of their arm; one that came before the enrolment begins nothing, whether or not both are taken at
 * once, so that the result does not depend on batches. Returns how many firings were handled; those of rules that no
 * campaign listens to are passed over without being looked at.
 */
export async function takeEntries(
  tx: Tx,
  campaigns: LiveCampaign[],
  belongs: Belongs,
  now: Temporal.Instant,
  limit: number,
): Promise<number> {
  const heard = [...new Set(campaigns.flatMap(triggersOf))]
  markOthersHandled(tx, heard, now)
  if (heard.length === 0) return 0
  const firings = await takeFirings(tx, limit)
  if (firings.length === 0) return 0
  for (const campaign of campaigns) {
    const enrolledBy = await enrol(tx, campaign, firings, belongs)
    await begin(tx, campaign, firings, enrolledBy, now)
  }
  await markFiringsHandled(
    tx,
    firings.map((firing) => firing.firingId),
    now,
  )
  return firings.length
}

/** The triggers that a campaign listens to. */
function triggersOf({ document }: LiveCampaign): string[] {
  const { population, arms } = document
  return [population.trigger, ...arms.map((arm) => arm.entry.trigger)].filter((id) => id !== undefined)
}

/** Enrols whom the population's trigger names for the first time; returns the firing that did it, by subscriber. */
async function enrol(
  tx: Tx,
  { document, version }: LiveCampaign,
  firings: Firing[],
  belongs: Belongs,
): Promise<Map<number, bigint>> {
  const candidates = firings.filter((firing) => firing.ruleId === document.population.trigger)
  if (candidates.length === 0) return new Map()
  const members = await belongs(
    tx,
    document,
    candidates.map((firing) => firing.subscriberId),
  )
  const first = new Map<number, Enrolment>()
  const firingIds = new Map<number, bigint>()
  for (const { firingId, subscriberId, cause, firedAt } of candidates) {
    if (!members.has(subscriberId) || first.has(subscriberId)) continue
    const arm = armOf(document, subscriberId)
    firingIds.set(subscriberId, firingId)
    first.set(subscriberId, {
      campaignId: document.id,
      subscriberId,
      version,
      arm,
      cause,
      enrolledAt: firedAt,
    })
  }
  const fresh = await insertEnrolments(tx, [...first.values()])
  await appendFacts(
    tx,
    fresh.map(({ subscriberId }): Fact => {
      const { campaignId, arm, enrolledAt } = first.get(subscriberId)!
      return { kind: 'enrolled', at: enrolledAt, subscriberId, campaignId, arm }
    }),
  )
  return new Map(fresh.map(({ subscriberId }) => [subscriberId, firingIds.get(subscriberId)!]))
}

async function begin(
  tx: Tx,
  { document, version }: LiveCampaign,
  firings: Firing[],
  enrolledBy: Map<number, bigint>,
  now: Temporal.Instant,
): Promise<void> {
  const triggers = new Set(document.arms.map((arm) => arm.entry.trigger))
  const candidates = firings.filter(
    ({ ruleId, subscriberId, firingId }) =>
      triggers.has(ruleId) && firingId >= (enrolledBy.get(subscriberId) ?? 0n),
  )
  if (candidates.length === 0) return
  const arms = await armsOf(
    tx,
    document.id,
    candidates.map((firing) => firing.subscriberId),
  )
  const instances = candidates.flatMap((firing): Instance[] => {
    const armId = arms.get(firing.subscriberId)
    const arm = armId === CONTROL ? undefined : document.arms.find((item) => item.id === armId)
    return arm && arm.entry.trigger === firing.ruleId
      ? [instanceOf(document.id, version, arm, firing, now)]
      : []
  })
  const fresh = await insertInstances(tx, instances)
  await appendFacts(
    tx,
    instances
      .filter((instance) => fresh.has(instance.instanceId))
      .map((instance): Fact => ({
        kind: 'entered',
        at: now,
        subscriberId: instance.subscriberId,
        campaignId: instance.campaignId,
        arm: instance.arm,
        ref: instance.instanceId,
      })),
  )
}

/** A journey waits outside its first step until the entry's delay is over. */
function instanceOf(
  campaignId: string,
  version: number,
  arm: Arm,
  firing: Firing,
  now: Temporal.Instant,
): Instance {
  const { subscriberId, cause, firedAt, values } = firing
  const delayMs = arm.entry.delay === undefined ? 0 : lengthMs(arm.entry.delay)
  const dueAtMs = delayMs === 0 ? now.epochMilliseconds : firedAt.epochMilliseconds + delayMs
  return {
    instanceId: derivedId('instance', campaignId, subscriberId, cause),
    campaignId,
    version,
    arm: arm.id,
    subscriberId,
    cause,
    event: values,
    stepId: arm.journey.start,
    waitingFor: 'entry',
    dueAtMs: Math.max(dueAtMs, now.epochMilliseconds),
    offerId: null,
    offer: null,
    chosen: null,
    activationId: null,
    enteredAtMs: now.epochMilliseconds,
    exitedAtMs: null,
    exitReason: null,
  }
}
