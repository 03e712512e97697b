import { unitHash } from '../platform/index.ts'
import { type Campaign, CONTROL } from './contract.ts'

/**
 * The subscriber's arm: the part of [0, 100) into which a stable hash of salt and subscriber falls. Control comes
 * first, then the arms by id. It depends on salt and shares alone and not on the order in which the document lists
 * the arms, so it can be recomputed by anybody and survives every restart.
 */
export function armOf(campaign: Campaign, subscriberId: number): string {
  const point = unitHash('arm', campaign.salt ?? campaign.id, subscriberId) * 100
  let upTo = campaign.control.share
  if (point < upTo) return CONTROL
  const arms = campaign.arms.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  for (const arm of arms) {
    upTo += arm.share
    if (point < upTo) return arm.id
  }
  // Shares sum to 100 by the document's check, so only rounding at the very end could come here.
  return arms.at(-1)!.id
}
