import { unitHash } from '../platform/index.ts'
import { type Campaign, CONTROL } from './contract.ts'

/**
 * The subscriber's arm: the part of [0, 100) into which a stable hash of salt and subscriber falls. It depends
 * on nothing else, so it can be recomputed by anybody and survives every restart.
 */
export function armOf(campaign: Campaign, subscriberId: number): string {
  const point = unitHash('arm', campaign.salt ?? campaign.id, subscriberId) * 100
  let upTo = campaign.control.share
  if (point < upTo) return CONTROL
  for (const arm of campaign.arms) {
    upTo += arm.share
    if (point < upTo) return arm.id
  }
  // Shares sum to 100 by the document's check, so only rounding at the very end could come here.
  return campaign.arms.at(-1)!.id
}
