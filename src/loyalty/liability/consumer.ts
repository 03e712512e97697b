import { instantOf } from '../../platform/index.ts'
import type { Consumer, Effects, TakenEvent } from '../consumer.ts'
import { expiryActions } from './expiry.ts'
import { type ExpiryReason, expiryWords } from './expiry-words.ts'

/** A fact's quantity is a 32-bit count; the exact points stand beside it. */
const LARGEST_QUANTITY = 2_147_483_647

/** Tells members and the world what expires soon and what has expired. Who has left is told nothing. */
export const liabilityConsumer: Consumer = {
  name: 'liability',
  // What a point costs is read for the report.
  kinds: ['PointCost'],
  words: expiryWords,
  wants: () => new Set(Object.values(expiryActions)),
  open: async (_tx, batch) => ({
    take(event, effects) {
      effects.mark()
      const programmeId = String(event.data['programme'])
      const member = batch.memberOf(programmeId, event.subscriberId)
      if (event.type === expiryActions.expired) {
        report(programmeId, event, effects)
        judge(programmeId, event, effects)
      }
      if (member?.state !== 'active') return
      const {
        key,
        programme: _programme,
        account: _account,
        ...data
      } = event.data as Record<string, unknown> & { key: string }
      effects.announce({
        type: event.type === expiryActions.expired ? 'loyalty.points_expired' : 'loyalty.points_expiring',
        programmeId,
        subscriberId: member.subscriberId,
        key,
        atMs: event.atMs,
        data,
      })
    },
  }),
}

function report(programmeId: string, { subscriberId, atMs, data }: TakenEvent, effects: Effects): void {
  const points = Number(data['pointsMinor'])
  effects.fact({
    kind: 'points_expired',
    at: instantOf(atMs),
    subscriberId,
    ref: String(data['key']),
    quantity: Math.min(points, LARGEST_QUANTITY),
    attributes: { programmeId, points: String(points) },
  })
}

/** What a household shares expires for all of its members, once: the event of one of them names the account. */
function judge(programmeId: string, { data }: TakenEvent, effects: Effects): void {
  if (data['account'] === undefined) return
  const reason: ExpiryReason = 'expired'
  effects.judge({
    consumer: 'liability',
    programmeId,
    rule: 'expiry',
    ruleVersion: 0,
    reason,
    account: String(data['account']),
    points: -BigInt(Number(data['pointsMinor'])),
    saw: {},
  })
}
