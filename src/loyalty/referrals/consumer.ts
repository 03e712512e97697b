import { derivedId, type Tx } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import type { Batch, Consumer, Effects, TakenEvent } from '../consumer.ts'
import { scopeOf } from '../earning/offer.ts'
import { LocalTimes } from '../local-time.ts'
import { CODE_GIVEN, codeOf } from './codes.ts'
import type { ReferralReason } from './errors.ts'
import { giveGrant, GRANTED, LINKED, tellLinked } from './giving.ts'
import { type Memory, openMemory } from './memory.ts'
import { planOf, type ReadyReferral } from './plan.ts'
import { judgeClaim, type Link, LINK_STEP, markOf } from './referral.ts'
import * as store from './store.ts'
import { referralWords } from './words.ts'

/** Follows events for codes and for the conditions of rewards. */
export function referralConsumer(profiles: Pick<Profiles, 'subscribersByIds'>): Consumer {
  const local = new LocalTimes()
  return {
    name: 'referrals',
    words: referralWords,
    kinds: ['Referral'],
    wants: (book) => new Set([...planOf(book).types, CODE_GIVEN, GRANTED, LINKED]),
    async open(tx, batch) {
      const plan = planOf(batch.book)
      const memory = await openMemory(tx, batch, plan, profiles)
      return {
        take(event, effects) {
          if (event.type === GRANTED) return giveGrant(batch, plan, effects)
          if (event.type === LINKED) return tellLinked(plan, effects)
          for (const ready of plan.referrals) {
            const code = codeOf(batch, ready, event)
            if (code !== undefined) claim(batch, memory, ready, event, code, effects)
            undo(batch, memory, ready, event, effects, local)
            meet(batch, memory, ready, event, effects, local)
          }
        },
        store: (tx) => save(tx, memory),
      }
    },
    merge: store.mergeReferrals,
  }
}

function claim(
  batch: Batch,
  memory: Memory,
  ready: ReadyReferral,
  event: TakenEvent,
  code: string,
  effects: Effects,
): void {
  const { document, programme } = ready
  const referee = batch.memberOf(programme.id, event.subscriberId)
  const referrer = memory.ownerOf(programme.id, code)
  const refereeId = referee?.subscriberId ?? event.subscriberId
  const refereeAttributes = memory.attributesOf(refereeId)
  const referrerAttributes = referrer ? memory.attributesOf(referrer.subscriberId) : {}
  const { reason, saw } = judgeClaim({
    referral: document,
    atMs: event.atMs,
    referee,
    referrer,
    refereeAttributes,
    referrerAttributes,
    isLinked: memory.linkOf(document.id, refereeId) !== undefined,
    broughtBy: (id) => memory.broughtBy(document.id, id),
    ownerOfMark: (attribute, hash) => memory.ownerOfMark(document.id, attribute, hash),
  })
  judge(ready, effects, reason, { code, ...saw, ...(referrer ? { referrer: referrer.subscriberId } : {}) })
  const about = { programmeId: programme.id, referralId: document.id, refereeId }
  if (reason !== 'referral_linked') {
    const refusalId = derivedId('referral refusal', document.id, event.eventId)
    memory.refusals.push({
      ...about,
      refusalId,
      referrerId: referrer?.subscriberId ?? null,
      reason,
      saw: { code, ...saw },
      atMs: event.atMs,
    })
    return
  }
  const referrerId = referrer!.subscriberId
  const link: Link = {
    ...about,
    referrerId,
    code,
    eventId: event.eventId,
    linkedAtMs: event.atMs,
    stepsDone: [],
  }
  memory.addLink(link)
  for (const attribute of document.abuse.distinct) {
    for (const [id, attributes] of [
      [refereeId, refereeAttributes],
      [referrerId, referrerAttributes],
    ] as const) {
      const hash = markOf(attribute, attributes[attribute])
      if (hash !== undefined) memory.addMark({ referralId: document.id, attribute, hash, subscriberId: id })
    }
  }
  for (const { id, stayedDays } of ready.rewards) {
    if (stayedDays === null) continue
    link.stepsDone.push(id)
    memory.addStep(link, id, event.atMs + stayedDays * DAY_MS)
  }
  // The referrer hears of it with an event of their own, which the stage brings.
  memory.addStep(link, LINK_STEP, event.atMs)
}

const DAY_MS = 86_400_000

/** Marks the rewards whose condition the event meets; the stage gives them. */
function meet(
  batch: Batch,
  memory: Memory,
  ready: ReadyReferral,
  event: TakenEvent,
  effects: Effects,
  local: LocalTimes,
): void {
  if (!ready.rewards.some(({ on }) => on === event.type)) return
  const member = batch.memberOf(ready.programme.id, event.subscriberId)
  const link = member?.state === 'active' ? memory.linkOf(ready.document.id, member.subscriberId) : undefined
  if (!link || event.atMs < link.linkedAtMs) return
  const scope = scopeOf(ready, event, member!, memory.attributesOf(link.refereeId), local)
  for (const { id, on, holds, reference, undoing } of ready.rewards) {
    if (on !== event.type || link.stepsDone.includes(id) || (holds && holds(scope) !== true)) continue
    link.stepsDone.push(id)
    memory.addLink(link)
    const name = reference?.(scope)
    memory.addStep(link, id, event.atMs + (undoing?.withinMs ?? 0), name === undefined ? null : String(name))
    judge(ready, effects, 'condition_reached', { reward: id, referrer: link.referrerId })
  }
}

/** Takes back the conditions that the event undoes while their rewards wait. */
function undo(
  batch: Batch,
  memory: Memory,
  ready: ReadyReferral,
  event: TakenEvent,
  effects: Effects,
  local: LocalTimes,
): void {
  if (!ready.rewards.some(({ undoing }) => undoing?.on === event.type)) return
  const member = batch.memberOf(ready.programme.id, event.subscriberId)
  const link = member && memory.linkOf(ready.document.id, member.subscriberId)
  if (!link) return
  const scope = scopeOf(ready, event, member, memory.attributesOf(link.refereeId), local)
  for (const { id, undoing } of ready.rewards) {
    if (undoing?.on !== event.type || (undoing.holds && undoing.holds(scope) !== true)) continue
    const step = memory.dueStepOf(link, id)
    if (!step || event.atMs >= step.dueAtMs) continue
    const name = undoing.reference?.(scope)
    if (undoing.reference && (name === undefined || String(name) !== step.reference)) continue
    memory.undo(link, step)
    judge(ready, effects, 'condition_undone', { reward: id, referrer: link.referrerId })
  }
}

function judge(
  { document, version, programme }: ReadyReferral,
  effects: Effects,
  reason: ReferralReason,
  saw: Record<string, unknown>,
): void {
  const about = { consumer: 'referrals', programmeId: programme.id, rule: `referral:${document.id}` }
  effects.judge({ ...about, ruleVersion: version, reason, saw })
}

async function save(tx: Tx, memory: Memory): Promise<void> {
  store.saveLinks(tx, memory.changedLinks())
  store.insertMarks(tx, memory.newMarks)
  store.insertRefusals(tx, memory.refusals)
  store.saveSteps(tx, memory.changedSteps())
}
