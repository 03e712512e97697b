/** Every code with which webhooks refuse a request. */
export const webhookErrorCodes = ['webhook_not_found'] as const
export type WebhookErrorCode = (typeof webhookErrorCodes)[number]
