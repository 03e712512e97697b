/** The simulated providers of channels, for tests and demonstrations: one line each. */
export type { Misbehaviour } from './misbehaviour.ts'
export type { ProviderOptions } from './http-provider.ts'
export { type DstkGateway, startDstkGateway } from './dstk.ts'
export { startUssdGateway, type UssdGateway, type UssdPush } from './ussd-gateway.ts'
export {
  type PhoneNetwork,
  type PhoneNetworkOptions,
  startPhoneNetwork,
  type Taken,
} from './phone-network.ts'
export { terminalResponse } from './sim.ts'
export { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'
export { startTelegramBotApi, type TelegramBotApi } from './telegram-bot.ts'
export { type MmsRelay, startMmsRelay } from './mms-relay.ts'
export { startWhatsapp, type WhatsappCloudApi } from './whatsapp.ts'
export { startTelegramAds, type TelegramAdsReseller } from './telegram-ads.ts'
export { type MailRelay, type ReceivedMail, startMailRelay } from './mail.ts'
export { startViber, type ViberService } from './viber.ts'
export { GoogleAccount, type ServiceAccountFile } from './google-account.ts'
export { type RbmPlatform, startRbm } from './rbm.ts'
export { type FcmMessage, type Firebase, startFirebase } from './fcm.ts'
export { startWebPushService, type WebPushService } from './web-push-service.ts'
