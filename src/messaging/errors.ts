/** Every refusal of this module. */
export const messagingErrors = [
  'message_not_found',
  'channel_not_found',
  'cascade_not_found',
  'sender_unknown',
  'template_failed',
  'text_too_long',
  'variable_type',
  'variable_undeclared',
  'template_invalid',
  'template_not_found',
  'sender_superseded',
  'idempotency_conflict',
  'document_not_found',
  'callback_not_found',
] as const
