import { z } from 'zod'
import type { DeliveryReceipt, InboundAnswer } from '../../channel.ts'
import { isMessageId, unpackChoice } from '../choice-data.ts'
import { reasonOf } from './errors.ts'

const status = z.object({
  id: z.string(),
  status: z.string(),
  recipient_id: z.string().optional(),
  biz_opaque_callback_data: z.string().optional(),
  errors: z.array(z.object({ code: z.number() })).optional(),
})

const option = z.object({ id: z.string(), title: z.string() })

const message = z.object({
  id: z.string(),
  from: z.string(),
  type: z.string(),
  text: z.object({ body: z.string() }).optional(),
  /** A quick reply of a template. */
  button: z.object({ payload: z.string().optional(), text: z.string() }).optional(),
  interactive: z.object({ button_reply: option.optional(), list_reply: option.optional() }).optional(),
})

const change = z.object({ statuses: z.array(status).optional(), messages: z.array(message).optional() })

/** What is read of a call (Meta's reference, webhook payload); other fields and kinds of message are left alone. */
export const webhook = z.object({
  entry: z.array(z.object({ changes: z.array(z.object({ value: change })) })),
})

export type Change = z.infer<typeof change>

const receiptStatus: Record<string, DeliveryReceipt['status']> = {
  sent: 'accepted',
  delivered: 'delivered',
  read: 'seen',
  failed: 'failed',
}

/** What a change says of earlier messages. */
export function receiptsOf({ statuses = [] }: Change, atMs: number): DeliveryReceipt[] {
  return statuses.flatMap(({ id, status: word, biz_opaque_callback_data: messageId, errors = [] }) => {
    const receipt = receiptStatus[word]
    if (receipt === undefined) return []
    const reason = errors[0] === undefined ? {} : { reason: reasonOf(errors[0].code) }
    const ours = isMessageId(messageId) ? { messageId } : {}
    return [{ providerMessageId: id, ...ours, status: receipt, ...reason, atMs }]
  })
}

/** What subscribers wrote or pressed. */
export function answersOf({ messages = [] }: Change, atMs: number): InboundAnswer[] {
  return messages.flatMap((each) => {
    const { button, interactive, text } = each
    const pressed = interactive?.button_reply ?? interactive?.list_reply
    const data = button?.payload ?? pressed?.id
    const said = text?.body ?? button?.text ?? pressed?.title
    if (said === undefined) return []
    const choice = data === undefined ? undefined : unpackChoice(data)
    const dedupeKey = `whatsapp:${each.id}`
    return [{ address: `+${each.from}`, channel: 'whatsapp', text: said, ...choice, dedupeKey, atMs }]
  })
}
