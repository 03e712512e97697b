import { z } from 'zod'
import type { ChannelKind } from '../channel.ts'
import { calendar } from './calendar/index.ts'
import { dstk } from './dstk/index.ts'
import { email } from './email/index.ts'
import { inbox } from './inbox.ts'
import { mms } from './mms/index.ts'
import { push, webpush } from './push/index.ts'
import { rcs } from './rcs/index.ts'
import { sms } from './sms/index.ts'
import { telegramAds } from './telegram-ads/index.ts'
import { telegram } from './telegram.ts'
import { ussd } from './ussd/index.ts'
import { viber } from './viber.ts'
import { webhook } from './webhook.ts'
import { whatsapp } from './whatsapp/index.ts'

/** Every kind of channel. */
const kinds = [
  sms,
  ussd,
  dstk,
  webhook,
  mms,
  telegramAds,
  inbox,
  telegram,
  whatsapp,
  viber,
  rcs,
  calendar,
  email,
  push,
  webpush,
] as const

/** The kinds by their id, which is also the id of their `Channel` document. */
export const channelKinds: ReadonlyMap<string, ChannelKind> = new Map(
  kinds.map((kind) => [kind.id, kind as unknown as ChannelKind]),
)

/** Where a channel is reached, what it costs and how fast it may go: the schema of `Channel` documents. */
export const channelSettings = z.discriminatedUnion(
  'id',
  kinds.map((kind) => kind.settings) as unknown as [(typeof kinds)[number]['settings']],
)

/** What the settings of a kind hold that nobody may read: with it one could send, or report, in our name. */
export const channelSecrets: readonly string[] = [
  'callbackSecret',
  'password',
  'smpp.password',
  'token',
  'ordToken',
  'security.key',
  'secret',
  'webhookSecret',
  'accessToken',
  'appSecret',
  'verifyToken',
  'authToken',
  'clientToken',
  'serviceAccount.private_key',
  'account.private_key',
  'privateKey',
  'reportSecret',
  'signingSecret',
]

export type ChannelSettings = z.infer<typeof channelSettings>
