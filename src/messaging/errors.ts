/** Every refusal of this module. */
export const messagingErrors = [
  'message_not_found',
  'channel_not_found',
  'sender_unknown',
  'template_failed',
] as const
