import { appendFacts, derivedId, type Fact, type Tx } from '../platform/index.ts'
import { adHocId, type Answer, markAnswers, takeAnswers } from '../messaging/index.ts'
import { findItemByAnswer, offersByIds } from '../offers/index.ts'
import {
  type FinishedActivation,
  markActivationsHandled,
  takeFinishedActivations,
} from '../operator/index.ts'
import type { Instance } from './journey.ts'
import { type Arriving, move, type MovingDependencies } from './moving.ts'
import { lockInstances } from './store.ts'

/** What was made of an answer; the agent reads it beside the answer. */
type HandledAs = 'chosen' | 'unrecognised' | 'too_late' | 'no_journey' | 'played'
type Mark = { answer: Answer; as: HandledAs }

/** Brings answers to the journeys that wait for them. Returns how many were handled. */
export async function takeAnswered(
  dependencies: MovingDependencies,
  tx: Tx,
  tenantId: string,
  now: Temporal.Instant,
  limit: number,
): Promise<number> {
  const answers = await takeAnswers(tx, limit)
  if (answers.length === 0) return 0
  const references = answers.flatMap((answer) => answer.reference ?? [])
  const instances = new Map(
    (await lockInstances(tx, references)).map((instance) => [instance.instanceId, instance]),
  )
  const offers = await offersByIds(
    tx,
    [...instances.values()].flatMap((instance) => instance.offerId ?? []),
  )
  const arriving = new Map<string, Arriving>()
  const marks: Mark[] = []
  for (const answer of answers) {
    const instance = instances.get(answer.reference ?? '')
    const offer = offers.get(instance?.offerId ?? '')
    const item = offer && findItemByAnswer(offer, answer.choice ?? answer.text)
    if (!instance) marks.push({ answer, as: 'no_journey' })
    else if (!item) marks.push({ answer, as: 'unrecognised' })
    else if (instance.waitingFor !== 'answer' || arriving.has(instance.instanceId))
      marks.push({ answer, as: 'too_late' })
    else {
      const { productId, volumeMb, priceMinor, creditMinor, currency } = item
      const chosen = {
        productId,
        volumeMb,
        priceMinor: priceMinor.toString(),
        creditMinor: creditMinor.toString(),
        currency,
        channel: answer.channel,
      }
      arriving.set(instance.instanceId, { instance: { ...instance, chosen }, arrival: 'next' })
      marks.push({ answer, as: 'chosen' })
    }
  }
  await move(dependencies, tx, tenantId, [...arriving.values()], now)
  await playGames(dependencies, tx, tenantId, marks)
  await markAnswers(
    tx,
    marks.map(({ answer, as }) => ({ answerId: answer.answerId, as })),
    now,
  )
  await appendFacts(
    tx,
    marks.flatMap(({ answer, as }) => factOf(answer, as)),
  )
  return answers.length
}

/**
 * Lets games take what no journey understood, and says back what they say. Behind the journeys, because who moves one
 * holds its row before loyalty's turn.
 */
async function playGames(
  { loyalty, messaging }: MovingDependencies,
  tx: Tx,
  tenantId: string,
  marks: Mark[],
): Promise<void> {
  const open = marks.filter(({ as }) => as === 'no_journey' || as === 'unrecognised')
  if (open.length === 0) return
  const replies = await loyalty.play.takeAnswers(
    tx,
    tenantId,
    open.map(({ answer }) => answer),
  )
  const played = open.filter(({ answer }) => replies.has(answer.answerId))
  for (const mark of played) mark.as = 'played'
  await messaging.startCascades(
    tx,
    tenantId,
    played.flatMap(({ answer: { answerId, subscriberId, channel } }) => {
      const reply = replies.get(answerId)
      if (!reply) return []
      return {
        runId: derivedId('game reply', tenantId, answerId),
        cascadeId: adHocId(channel, reply.template),
        subscriberId,
        campaignId: 'play',
        arm: 'reply',
        reference: answerId,
        variables: reply.variables,
        purpose: 'transactional' as const,
      }
    }),
  )
}

function factOf(answer: Answer, as: HandledAs): Fact[] {
  if (answer.campaignId === null) return []
  const { subscriberId, campaignId, arm, channel, at, answerId } = answer
  return [{ kind: `answer_${as}`, at, subscriberId, campaignId, arm: arm!, channel, ref: answerId }]
}

/** Brings finished activations back to their journeys. Returns how many were handled. */
export async function takeActivated(
  dependencies: MovingDependencies,
  tx: Tx,
  tenantId: string,
  now: Temporal.Instant,
  limit: number,
): Promise<number> {
  const finished = await takeFinishedActivations(tx, limit)
  if (finished.length === 0) return 0
  const ended = new Map(finished.map((activation) => [activation.reference, activation]))
  const instances = await lockInstances(tx, [...ended.keys()])
  await move(
    dependencies,
    tx,
    tenantId,
    instances.flatMap((instance) => arrivalOf(instance, ended.get(instance.instanceId)!)),
    now,
  )
  await markActivationsHandled(
    tx,
    finished.map((activation) => activation.activationId),
    now,
  )
  return finished.length
}

function arrivalOf(instance: Instance, activation: FinishedActivation): Arriving[] {
  if (instance.waitingFor !== 'activation' || instance.activationId !== activation.activationId) return []
  return [{ instance, arrival: activation.state === 'completed' ? 'next' : 'else' }]
}
