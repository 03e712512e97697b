import type { DeliveryReceipt } from '../../channel.ts'
import type { PartReceipt } from './receipt.ts'

type Tracked = {
  reference: number
  partIds: string[]
  /** Final word on each part by its id. */
  finals: Map<string, PartReceipt>
  reported: boolean
  /** The report that is being made durable, if one is. */
  reporting: Promise<void> | undefined
}

/** A receipt for a whole message. */
export type MessageReceipt = Omit<DeliveryReceipt, 'atMs' | 'address'>

/**
 * Remembers which parts make up a message until its fate is known: delivered when all parts are, failed or
 * expired as soon as one part is. Parts have ids of their own, and a receipt may come twice; the message is
 * reported once. The memory is bounded: the oldest messages are forgotten first, and receipts for those take the
 * same path as after a restart (each part's receipt goes up by itself).
 */
export class PartTracker {
  private readonly byPart = new Map<string, Tracked>()
  private readonly order: Tracked[] = []
  private oldest = 0
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Notes the parts of an accepted message. Returns the message's id: the ids of its parts joined by commas. */
  add(partIds: string[], reference: number): string {
    const tracked: Tracked = { reference, partIds, finals: new Map(), reported: false, reporting: undefined }
    for (const partId of partIds) this.byPart.set(partId, tracked)
    this.order.push(tracked)
    if (this.order.length - this.oldest > this.capacity) this.forgetOldest()
    return partIds.join(',')
  }

  /**
   * Takes a part's receipt and, when that decides on its message, hands the message's receipt up. Resolves when
   * that is durable, or at once while other parts are open or when the message was reported before; rejects when
   * `handUp` does, and the message then still counts as unreported. False: the part is not remembered.
   */
  async settle(part: PartReceipt, handUp: (receipt: MessageReceipt) => Promise<void>): Promise<boolean> {
    const tracked = part.partId === undefined ? undefined : this.byPart.get(part.partId)
    if (tracked === undefined || part.partId === undefined) return false
    if (part.status === 'accepted') {
      if (!tracked.reported) await handUp(about(tracked, part))
      return true
    }
    if (!tracked.finals.has(part.partId)) tracked.finals.set(part.partId, part)
    // A receipt that comes twice at once waits for the first to be kept, and steps in where that failed.
    while (tracked.reporting !== undefined) await tracked.reporting.catch(() => {})
    const bad = [...tracked.finals.values()].find((final) => final.status !== 'delivered')
    const decided = bad !== undefined || tracked.finals.size === new Set(tracked.partIds).size
    if (tracked.reported || !decided) return true
    tracked.reporting = handUp(about(tracked, bad ?? part))
    try {
      await tracked.reporting
      tracked.reported = true
    } finally {
      tracked.reporting = undefined
    }
    return true
  }

  private forgetOldest(): void {
    const tracked = this.order[this.oldest]
    this.oldest += 1
    for (const partId of tracked?.partIds ?? [])
      if (this.byPart.get(partId) === tracked) this.byPart.delete(partId)
    if (this.oldest > this.capacity) {
      this.order.splice(0, this.oldest)
      this.oldest = 0
    }
  }
}

function about(tracked: Tracked, part: PartReceipt): MessageReceipt {
  return {
    providerMessageId: tracked.partIds.join(','),
    reference: tracked.reference,
    status: part.status,
    ...(part.reason === undefined ? {} : { reason: part.reason }),
  }
}
