import type { Database } from '../platform/index.ts'
import type { ChannelEvents } from './channel.ts'
import type { HumanClick } from './links/links.ts'
import type { Message } from './message.ts'
import type { Sender } from './sender.ts'
import { placesOf } from './view-store.ts'

type Dependencies = {
  database: Database
  senderOf(tenantId: string): Sender
  inbound(tenantId: string, channel: string): ChannelEvents
}

/** What short links ask of messages, and tell them. */
export type Clicks = {
  /** People's clicks are receipts of their messages; resolves when they are stored. */
  onClick(tenantId: string, clicks: HumanClick[]): Promise<void>
  /** When messages were delivered, or else submitted, epoch ms; those that were not are left out. */
  deliveredAt(tenantId: string, messageIds: string[]): Promise<Map<string, number>>
}

type Place = { channel: string; deliveredMs: number | null }

/** Builds it. */
export function createClicks({ database, senderOf, inbound }: Dependencies): Clicks {
  const placed = async (tenantId: string, messageIds: string[]): Promise<Map<string, Place>> => {
    const sender = senderOf(tenantId)
    const places = new Map<string, Place>()
    const missing = messageIds.filter((id) => {
      const message = sender.desk.set.message(id)
      if (message) places.set(id, { channel: message.channel, deliveredMs: deliveredMs(message) })
      return message === undefined
    })
    if (missing.length === 0) return places
    const read = (): Promise<(Place & { messageId: string })[]> =>
      database.read(tenantId, (tx) => placesOf(tx, missing))
    let rows = await read()
    // One that is over may have left memory before the tables knew it.
    if (rows.length < missing.length && sender.isBehind) {
      await sender.tablesTrue()
      rows = await read()
    }
    for (const { messageId, ...place } of rows) places.set(messageId, place)
    return places
  }
  return {
    async onClick(tenantId, clicks) {
      const places = await placed(tenantId, [...new Set(clicks.map(({ messageId }) => messageId))])
      const byChannel = Map.groupBy(clicks, ({ messageId }) => places.get(messageId)?.channel)
      for (const [channel, receipts] of byChannel)
        if (channel !== undefined) await inbound(tenantId, channel).onReceipts(receipts)
    },
    async deliveredAt(tenantId, messageIds) {
      const places = await placed(tenantId, messageIds)
      return new Map(
        [...places].flatMap(([id, { deliveredMs: ms }]) => (ms === null ? [] : [[id, ms] as const])),
      )
    },
  }
}

function deliveredMs({ state, settledMs, submittedMs }: Message): number | null {
  return state === 'delivered' ? settledMs : submittedMs
}
