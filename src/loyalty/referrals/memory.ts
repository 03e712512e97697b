import type { Tx } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import type { Batch } from '../consumer.ts'
import { type Member, referralCodeOf } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import { codeOf } from './codes.ts'
import type { Plan } from './plan.ts'
import { type Link, markOf, type Refusal, type Step } from './referral.ts'
import * as store from './store.ts'

const keyOf = (...parts: (string | number)[]): string => parts.join('\n')

/** What referrals remember of the members of a batch and of those whose codes come in it. */
export class Memory {
  readonly refusals: Refusal[] = []
  readonly newMarks: store.Mark[] = []
  readonly #steps = new Map<string, Step>()
  readonly #changedSteps = new Set<string>()
  readonly #batch: Batch
  readonly #links = new Map<string, Link>()
  readonly #changed = new Set<Link>()
  readonly #up = new Map<string, number>()
  readonly #marks = new Map<string, number>()
  /** Who has a code, by programme and code. */
  readonly #owners = new Map<string, number>()
  readonly #members = new Map<string, Member>()
  readonly #attributes = new Map<number, Record<string, unknown>>()

  constructor(batch: Batch) {
    this.#batch = batch
  }

  load(loaded: {
    links: Link[]
    owners: { programmeId: string; code: string; subscriberId: number }[]
    members: Member[]
    ways: { referralId: string; refereeId: number; referrerId: number }[]
    attributes: Map<number, { attributes: Record<string, unknown> }>
    marks: store.Mark[]
  }): void {
    for (const link of loaded.links) this.#links.set(keyOf(link.referralId, link.refereeId), link)
    for (const one of loaded.owners) this.#owners.set(keyOf(one.programmeId, one.code), one.subscriberId)
    for (const member of loaded.members)
      this.#members.set(keyOf(member.programmeId, member.subscriberId), member)
    for (const one of [...loaded.ways, ...loaded.links])
      this.#up.set(keyOf(one.referralId, one.refereeId), one.referrerId)
    for (const [id, { attributes }] of loaded.attributes) this.#attributes.set(id, attributes)
    for (const one of loaded.marks)
      this.#marks.set(keyOf(one.referralId, one.attribute, one.hash), one.subscriberId)
  }

  /** Lets the codes of the batch's own members be found, though they may only become members in it. */
  addOwner(programmeId: string, subscriberId: number): void {
    const key = keyOf(programmeId, referralCodeOf(programmeId, subscriberId))
    if (!this.#owners.has(key)) this.#owners.set(key, subscriberId)
  }

  /** Who has a code: as whom they go on after a merge. */
  ownerOf(programmeId: string, code: string): Member | undefined {
    const id = this.#owners.get(keyOf(programmeId, code))
    if (id === undefined) return undefined
    const own = this.#batch.memberOf(programmeId, id) ?? this.#members.get(keyOf(programmeId, id))
    return own?.mergedInto == null
      ? own
      : (this.#batch.memberOf(programmeId, own.mergedInto) ??
          this.#members.get(keyOf(programmeId, own.mergedInto)))
  }

  attributesOf(subscriberId: number): Record<string, unknown> {
    return this.#batch.subscriberOf(subscriberId)?.attributes ?? this.#attributes.get(subscriberId) ?? {}
  }

  linkOf(referralId: string, refereeId: number): Link | undefined {
    return this.#links.get(keyOf(referralId, refereeId))
  }

  /** Puts a link that is to be stored. */
  addLink(link: Link): void {
    this.#links.set(keyOf(link.referralId, link.refereeId), link)
    this.#up.set(keyOf(link.referralId, link.refereeId), link.referrerId)
    this.#changed.add(link)
  }

  changedLinks(): Link[] {
    return [...this.#changed]
  }

  broughtBy(referralId: string, refereeId: number): number | undefined {
    return this.#up.get(keyOf(referralId, refereeId))
  }

  ownerOfMark(referralId: string, attribute: string, hash: string): number | undefined {
    return this.#marks.get(keyOf(referralId, attribute, hash))
  }

  addMark(mark: store.Mark): void {
    const key = keyOf(mark.referralId, mark.attribute, mark.hash)
    if (this.#marks.has(key)) return
    this.#marks.set(key, mark.subscriberId)
    this.newMarks.push(mark)
  }

  addSteps(steps: Step[]): void {
    for (const step of steps) this.#steps.set(stepKey(step), step)
  }

  addStep(
    { referralId, refereeId }: Link,
    rewardId: string,
    dueAtMs: number,
    reference: string | null = null,
  ): void {
    const step: Step = { referralId, refereeId, rewardId, state: 'due', reason: null, dueAtMs, reference }
    this.addSteps([step])
    this.#changedSteps.add(stepKey(step))
  }

  /** A step that waits for its day. */
  dueStepOf({ referralId, refereeId }: Link, rewardId: string): Step | undefined {
    const step = this.#steps.get(stepKey({ referralId, refereeId, rewardId }))
    return step?.state === 'due' ? step : undefined
  }

  /** Takes a condition back, which may be met once more. */
  undo(link: Link, step: Step): void {
    Object.assign(step, { state: 'refused', reason: 'condition_undone' })
    this.#changedSteps.add(stepKey(step))
    link.stepsDone = link.stepsDone.filter((id) => id !== step.rewardId)
    this.#changed.add(link)
  }

  changedSteps(): Step[] {
    return [...this.#changedSteps].map((key) => this.#steps.get(key)!)
  }
}

const stepKey = ({
  referralId,
  refereeId,
  rewardId,
}: Pick<Step, 'referralId' | 'refereeId' | 'rewardId'>): string => keyOf(referralId, refereeId, rewardId)

/** Loads what any event of a batch may need, in a handful of statements. */
export async function openMemory(
  tx: Tx,
  batch: Batch,
  plan: Plan,
  profiles: Pick<Profiles, 'subscribersByIds'>,
): Promise<Memory> {
  const memory = new Memory(batch)
  if (plan.referrals.length === 0) return memory
  const ids = new Set<number>()
  const wanted = new Map<string, { programmeId: string; code: string }>()
  for (const event of batch.events) {
    // What is announced of others on the way concerns them.
    for (const id of [event.subscriberId, ...(event.concerns ?? [])]) {
      ids.add(id)
      for (const member of batch.membersOf(id)) ids.add(member.subscriberId)
    }
    for (const ready of plan.referrals) {
      const code = codeOf(batch, ready, event)
      if (code !== undefined)
        wanted.set(keyOf(ready.programme.id, code), { programmeId: ready.programme.id, code })
    }
  }
  const links = await store.selectLinks(tx, [...ids])
  const undone = plan.referrals.filter(({ rewards }) =>
    rewards.some(({ undoing }) => undoing && batch.events.some(({ type }) => type === undoing.on)),
  )
  if (undone.length > 0) memory.addSteps(await store.selectSteps(tx, [...ids]))
  const owners = wanted.size === 0 ? [] : await store.selectCodeOwners(tx, [...wanted.values()])
  const members = await selectMembers(tx, [...new Set(owners.map(({ subscriberId }) => subscriberId))])
  const referrers = [...new Set(members.map(({ subscriberId }) => subscriberId))]
  const attributes = await profiles.subscribersByIds(tx, referrers)
  const ways = wanted.size === 0 ? [] : await store.selectWaysUp(tx, [...new Set([...referrers, ...ids])])
  memory.load({ links, owners, members, ways, attributes, marks: [] })
  if (wanted.size === 0) return memory
  for (const programmeId of new Set([...wanted.values()].map((one) => one.programmeId))) {
    for (const id of ids) memory.addOwner(programmeId, id)
  }
  const marks = plan.referrals.flatMap(({ document }) =>
    document.abuse.distinct.flatMap((attribute) =>
      [...ids].flatMap((id) => {
        const hash = markOf(attribute, memory.attributesOf(id)[attribute])
        return hash === undefined ? [] : [{ referralId: document.id, attribute, hash }]
      }),
    ),
  )
  const known = await store.selectMarks(tx, marks)
  memory.load({ links: [], owners: [], members: [], ways: [], attributes: new Map(), marks: known })
  return memory
}
