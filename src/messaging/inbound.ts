import { newId } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { hashOf } from './cards.ts'
import type { ChannelEvents, DeliveryReceipt } from './channel.ts'
import { channelKinds } from './channels/kinds.ts'
import type { ReceivedAnswer } from './inbox.ts'
import type { Sender } from './sender.ts'

/** What a channel hands up goes to the tenant's sender, which stores it before the provider is answered. */
export function inboundOf(
  profiles: Profiles,
  senderOf: (tenantId: string) => Sender,
  tenantId: string,
  channel: string,
): ChannelEvents {
  const kind = channelKinds.get(channel)?.traits.addressKind ?? 'msisdn'
  const identityOf = (address: string): string => (kind === 'msisdn' ? address : `${kind}:${address}`)
  const subscriberOf = async (address: string): Promise<number | undefined> =>
    kind === 'subscriber'
      ? Number(address)
      : (await profiles.resolveIdentities(tenantId, [identityOf(address)]))[0]
  return {
    onReceipts: (receipts) => takeReceipts(senderOf(tenantId), channel, receipts),
    async onAnswer(answer) {
      const subscriberId = await subscriberOf(answer.address)
      const sender = senderOf(tenantId)
      const kept = { ...answer, answerId: newId() }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const item: ReceivedAnswer = { answer: kept, subscriberId, tick: 0, resolve, reject }
      sender.addAnswer(item)
      await promise
      if (item.isRepliedTo) {
        sender.expectStarts()
        sender.onArrival()
      }
      return item.reply
    },
    async onAddressGone({ address, reason, atMs }) {
      const subscriberId = await subscriberOf(address)
      if (subscriberId === undefined) return
      await new Promise<void>((resolve, reject) => {
        const gone = { channel, subscriberId, hash: hashOf(address), reason, atMs, resolve, reject }
        // Whoever left Viber can still be called: only of a phone number more than one channel makes use.
        const isOfAll = kind !== 'msisdn' && kind !== 'subscriber'
        senderOf(tenantId).addGone(isOfAll ? { ...gone, identity: identityOf(address) } : gone)
      })
    },
  }
}

/** Receipts that came together are acknowledged together, when the last of them is durable. */
function takeReceipts(sender: Sender, channel: string, receipts: DeliveryReceipt[]): Promise<void> {
  if (receipts.length === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    sender.addReceipts({ channel, receipts, sinceMs: performance.now(), tick: 0, resolve, reject })
  })
}
