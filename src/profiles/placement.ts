import type { Problem } from '../platform/index.ts'
import { type Identity, identityText, tokenKinds } from './identity.ts'
import type { CheckedRow, Consent } from './row.ts'

/** What a batch does to one subscriber; `subscriberId` is null until a number is drawn for a new one. */
export type Placement = {
  subscriberId: number | null
  isNew: boolean
  rows: number
  attributes: Record<string, unknown>
  timeZone: string | null
  language: string | null
  /** Identities that are not stored yet. */
  newIdentities: Identity[]
  /** Device tokens that are stored already: one that was gone is back. */
  registered: Identity[]
  /** By channel and purpose. */
  consents: Map<string, Consent>
}

/**
 * Decides for each row of a batch which subscriber it speaks of. A row belongs to whoever holds any of its
 * identities, stored (`owners`: identity text → subscriber id) or met earlier in the batch; a row whose
 * identities belong to two subscribers is refused. Rows take effect in their order.
 */
export function placeRows(
  rows: CheckedRow[],
  owners: Map<string, number>,
): { placements: Placement[]; conflicts: { index: number; problem: Problem }[] } {
  const placements: Placement[] = []
  const conflicts: { index: number; problem: Problem }[] = []
  const bySubscriber = new Map<number, Placement>()
  const byIdentity = new Map<string, Placement>()

  const add = (subscriberId: number | null): Placement => {
    const placement = emptyPlacement(subscriberId)
    placements.push(placement)
    if (subscriberId !== null) bySubscriber.set(subscriberId, placement)
    return placement
  }

  for (const row of rows) {
    const held = new Map<number | Placement, string>()
    for (const identity of row.identities) {
      const text = identityText(identity)
      const owner = owners.get(text) ?? byIdentity.get(text)
      if (owner === undefined) continue
      // A subscriber met in the batch and one stored may be the same: compare by number where there is one.
      const same = typeof owner === 'number' ? owner : (owner.subscriberId ?? owner)
      if (!held.has(same)) held.set(same, identity.kind)
    }
    if (held.size > 1) {
      conflicts.push({ index: row.index, problem: conflict(held) })
      continue
    }
    const [holder] = held.keys()
    const placement =
      holder === undefined
        ? add(null)
        : typeof holder === 'number'
          ? (bySubscriber.get(holder) ?? add(holder))
          : holder
    merge(placement, row, owners, byIdentity)
  }
  return { placements, conflicts }
}

function emptyPlacement(subscriberId: number | null): Placement {
  return {
    subscriberId,
    isNew: subscriberId === null,
    rows: 0,
    attributes: {},
    timeZone: null,
    language: null,
    newIdentities: [],
    registered: [],
    consents: new Map(),
  }
}

function merge(
  placement: Placement,
  row: CheckedRow,
  owners: Map<string, number>,
  byIdentity: Map<string, Placement>,
): void {
  placement.rows++
  Object.assign(placement.attributes, row.attributes)
  placement.timeZone = row.timeZone ?? placement.timeZone
  placement.language = row.language ?? placement.language
  for (const consent of row.consents) {
    const key = `${consent.channel}/${consent.purpose}`
    const known = placement.consents.get(key)
    if (!known || Temporal.Instant.compare(known.at, consent.at) <= 0) placement.consents.set(key, consent)
  }
  for (const identity of row.identities) {
    const text = identityText(identity)
    if (owners.has(text) && tokenKinds.includes(identity.kind)) placement.registered.push(identity)
    if (owners.has(text) || byIdentity.has(text)) continue
    byIdentity.set(text, placement)
    placement.newIdentities.push(identity)
  }
}

function conflict(held: Map<number | Placement, string>): Problem {
  const owners = [...held].map(([holder, kind]) => {
    return `${kind} → ${typeof holder === 'number' ? `subscriber ${holder}` : 'a subscriber of an earlier row'}`
  })
  return {
    code: 'identity_conflict',
    message: 'the identities belong to different subscribers',
    field: 'identities',
    found: owners.join(', '),
    expected: 'identities of one subscriber',
  }
}
