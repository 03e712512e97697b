import { instantOf } from '../../platform/index.ts'
import type { Consumer, Effects, TakenEvent } from '../consumer.ts'
import { expiryActions } from './expiry.ts'

/** A fact's quantity is a 32-bit count; the exact points stand beside it. */
const LARGEST_QUANTITY = 2_147_483_647

/** Tells members and the world what expires soon and what has expired. Who has left is told nothing. */
export const liabilityConsumer: Consumer = {
  name: 'liability',
  // What a point costs is read for the report.
  kinds: ['PointCost'],
  wants: () => new Set(Object.values(expiryActions)),
  open: async (_tx, batch) => ({
    take(event, effects) {
      effects.mark()
      const programmeId = String(event.data['programme'])
      const member = batch.memberOf(programmeId, event.subscriberId)
      if (event.type === expiryActions.expired) report(programmeId, event, effects)
      if (member?.state !== 'active') return
      const { key, programme: _programme, ...data } = event.data as Record<string, unknown> & { key: string }
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
  const points = Number(data['points'])
  effects.fact({
    kind: 'points_expired',
    at: instantOf(atMs),
    subscriberId,
    ref: String(data['key']),
    quantity: Math.min(points, LARGEST_QUANTITY),
    attributes: { programmeId, points: String(points) },
  })
}
