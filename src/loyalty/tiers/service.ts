import type { Operator } from '../../operator/index.ts'
import { derivedId, DomainError, newId, type Stage } from '../../platform/index.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { Member } from '../members.ts'
import { lockLoyalty, selectMembers } from '../members-store.ts'
import { tiersConsumer } from './consumer.ts'
import { isFilled, selectFills } from './fill-store.ts'
import { laddersOf, type ReadyLadder } from './ladder.ts'
import { type LadderView, viewOf } from './progress.ts'
import { tiersStage } from './review.ts'
import { tierActions } from './session.ts'
import type { Standing } from './standing.ts'
import { countByTier, selectChanges, selectStandings, type TierChange } from './store.ts'

/** A tier that somebody gives by hand; the same `key` does it once. */
export type OverrideRequest = {
  tenantId: string
  subscriberId: number
  ladderId: string
  /** Null ends the one in force. */
  tier: string | null
  reason: string
  /** Who decides it, such as the id of a key. */
  by: string
  until?: Temporal.Instant
  isFloor?: boolean
  key?: string
}

/** Tiers for people to see and to decide about. */
export type Tiers = {
  /** Where a subscriber stands on every ladder of every programme they are in, and what lies ahead. */
  ofMember(tenantId: string, subscriberId: number): Promise<LadderView[]>
  /** A member's moves on a ladder, the latest first. Throws `tier_ladder_not_found`. */
  history(tenantId: string, ladderId: string, subscriberId: number, limit: number): Promise<TierChange[]>
  /** Throws `tier_ladder_not_found`, `tier_not_found`, `tier_override_ended`, `member_not_found`, `member_not_active`. */
  override(request: OverrideRequest): Promise<LadderView>
  /**
   * Members of a ladder by tier, the lowest tier first, and how far it is filled with the past; null: wholly.
   * Throws `tier_ladder_not_found`.
   */
  counts(
    tenantId: string,
    ladderId: string,
  ): Promise<{
    tiers: { tier: string | null; members: number }[]
    filling: { read: number; total: number } | null
  }>
}

/** Builds tiers: their consumer for the intake, their stage, and what others may ask of them. */
export function createTiers(
  parts: LoyaltyParts,
  operator: Pick<Operator, 'requestActivations'> | undefined,
): {
  consumer: Consumer
  stageBehind(reader: { isBehind(tenantId: string): boolean }): Stage
  service: Tiers
} {
  return {
    consumer: tiersConsumer(operator),
    stageBehind: (reader) => tiersStage(parts, reader.isBehind),
    service: serviceOf(parts),
  }
}

function serviceOf(parts: LoyaltyParts): Tiers {
  const { database, books, clock } = parts
  const ladderOf = async (tenantId: string, id: string): Promise<ReadyLadder> => {
    const ladder = laddersOf(await books.of(tenantId)).byId.get(id)
    if (ladder) return ladder
    throw new DomainError('tier_ladder_not_found', `no ladder "${id}"`, { field: 'ladder', found: id })
  }
  const ofMember = async (tenantId: string, subscriberId: number): Promise<LadderView[]> => {
    const ladders = laddersOf(await books.of(tenantId))
    return database.tx(tenantId, async (tx) => {
      const members = (await selectMembers(tx, [subscriberId])).filter(
        ({ mergedInto }) => mergedInto === null,
      )
      const ids = [...new Set([subscriberId, ...members.map((member) => member.subscriberId)])]
      const standings = await selectStandings(tx, [...ladders.byId.keys()], ids)
      const fills = await selectFills(tx)
      return ladders.all.flatMap((ladder) => {
        const member = members.find(({ programmeId }) => programmeId === ladder.programme.id)
        if (!member) return []
        const standing = standingIn(standings, ladder, member)
        return [viewOf(ladder, member, standing, clock.nowMs(), !isFilled(fills, ladder))]
      })
    })
  }
  return {
    ofMember,
    async history(tenantId, ladderId, subscriberId, limit) {
      await ladderOf(tenantId, ladderId)
      return database.tx(tenantId, (tx) => selectChanges(tx, ladderId, subscriberId, limit))
    },
    async override(request) {
      const { tenantId, subscriberId, ladderId } = request
      const ladder = await ladderOf(tenantId, ladderId)
      checkOverride(request, ladder, clock.nowMs())
      await overrideIn(parts, request, ladder)
      return (await ofMember(tenantId, subscriberId)).find((one) => one.ladder === ladderId)!
    },
    async counts(tenantId, ladderId) {
      const ladder = await ladderOf(tenantId, ladderId)
      const [rows, fills] = await database.tx(tenantId, (tx) =>
        Promise.all([countByTier(tx, ladderId), selectFills(tx)]),
      )
      const order = [null, ...ladder.document.tiers.map(({ id }) => id)]
      const tiers = rows.toSorted((a, b) => order.indexOf(a.tier) - order.indexOf(b.tier))
      const fill = fills.find((one) => one.ladderId === ladderId)
      const sum = (numbers: number[] = []): number => numbers.reduce((all, one) => all + one, 0)
      const [read, total] = [sum(fill?.positions), sum(fill?.ends)]
      if (isFilled(fills, ladder)) return { tiers, filling: null }
      // One that was full by other terms begins again.
      return { tiers, filling: { read: fill?.isDone ? 0 : read, total } }
    },
  }
}

const standingIn = (standings: Standing[], ladder: ReadyLadder, member: Member): Standing | undefined =>
  standings.find((one) => one.ladderId === ladder.document.id && one.subscriberId === member.subscriberId)

function checkOverride({ tier, until }: OverrideRequest, { document }: ReadyLadder, nowMs: number): void {
  const known = document.tiers.map(({ id }) => id)
  if (tier !== null && !known.includes(tier)) {
    const details = { field: 'tier', found: tier, expected: known.join(' | ') }
    throw new DomainError('tier_not_found', `the ladder has no tier "${tier}"`, details)
  }
  if (until && until.epochMilliseconds <= nowMs) {
    const details = { field: 'until', found: until.toString(), expected: 'a moment to come' }
    throw new DomainError('tier_override_ended', 'the end lies in the past', details)
  }
}

async function overrideIn(parts: LoyaltyParts, request: OverrideRequest, ladder: ReadyLadder): Promise<void> {
  const { tenantId, subscriberId, ladderId, tier, reason, by, until, isFloor = true, key = newId() } = request
  const programmeId = ladder.programme.id
  const id = `${ladderId}:${subscriberId}:${key}`
  await parts.database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    const members = await selectMembers(tx, [subscriberId])
    const own = members.filter((one) => one.programmeId === programmeId && one.mergedInto === null)
    const details = { field: 'subscriberId', found: subscriberId }
    if (own.length === 0) throw new DomainError('member_not_found', `no member of "${programmeId}"`, details)
    if (own[0]!.state !== 'active') throw new DomainError('member_not_active', 'the member has left', details)
    await parts.take(tx, tenantId, [
      {
        eventId: derivedId(tierActions.override, id),
        id,
        source: LOYALTY_SOURCE,
        type: tierActions.override,
        atMs: parts.clock.nowMs(),
        subscriberId,
        data: {
          programme: programmeId,
          ladder: ladderId,
          tier,
          reason,
          by,
          isFloor,
          untilMs: until?.epochMilliseconds ?? null,
        },
        depth: 0,
      },
    ])
  })
}
