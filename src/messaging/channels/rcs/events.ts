import { z } from 'zod'
import type { DeliveryReceipt, InboundAnswer } from '../../channel.ts'
import { isMessageId, unpackChoice } from '../choice-data.ts'
import { LINK_CHOICE } from './content.ts'

/** What Google calls with: once `clientToken` and `secret`, after that a Pub/Sub message. */
export const envelope = z.object({
  message: z.object({ data: z.base64() }).optional(),
  clientToken: z.string().optional(),
  secret: z.string().optional(),
})

/** What is read of Google's `UserEvent`, `ServerEvent` and `UserMessage`; other fields are left alone. */
export const event = z.object({
  /** Of the user's events and messages. */
  senderPhoneNumber: z.string().optional(),
  /** Of the server's events. */
  phoneNumber: z.string().optional(),
  eventType: z.string().optional(),
  agentId: z.string().optional(),
  messageId: z.string().optional(),
  text: z.string().optional(),
  suggestionResponse: z
    .object({ postbackData: z.string(), text: z.string().optional(), type: z.string().optional() })
    .optional(),
})

export type RbmEvent = z.infer<typeof event>

const receiptStatus: Record<string, DeliveryReceipt['status']> = {
  DELIVERED: 'delivered',
  READ: 'seen',
  TTL_EXPIRATION_REVOKED: 'expired',
}

/** What an event says of an earlier message; a tap on the link is a response with the link's own data. */
export function receiptOf(given: RbmEvent, atMs: number): DeliveryReceipt | undefined {
  const { eventType = '', messageId, suggestionResponse } = given
  const status = receiptStatus[eventType]
  if (status !== undefined && messageId !== undefined) {
    const ours = isMessageId(messageId) ? { messageId } : {}
    return { providerMessageId: messageId, ...ours, status, atMs }
  }
  const pressed = suggestionResponse && unpackChoice(suggestionResponse.postbackData)
  if (pressed?.choice !== LINK_CHOICE) return undefined
  return { providerMessageId: pressed.messageId, messageId: pressed.messageId, status: 'clicked', atMs }
}

/** What the subscriber wrote or pressed. */
export function answerOf(given: RbmEvent, atMs: number): InboundAnswer | undefined {
  const { senderPhoneNumber: address, messageId, suggestionResponse, eventType } = given
  if (address === undefined || messageId === undefined || eventType !== undefined) return undefined
  const pressed = suggestionResponse && unpackChoice(suggestionResponse.postbackData)
  const text = given.text ?? suggestionResponse?.text ?? pressed?.choice
  if (text === undefined || pressed?.choice === LINK_CHOICE) return undefined
  return { address, channel: 'rcs', text, ...pressed, dedupeKey: `rcs:${messageId}`, atMs }
}
