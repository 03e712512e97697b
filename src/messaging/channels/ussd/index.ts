import { z } from 'zod'
import { channelKind, settingsOf } from '../settings.ts'
import { smppSettings } from '../sms/index.ts'
import { UssdGatewayChannel } from './gateway.ts'
import { UssdNetworkChannel } from './network.ts'

export { formatUssdReply, parseUssdForm } from './form.ts'

const settings = settingsOf('ussd', {
  via: z.enum(['http', 'smpp']).default('http'),
  /** With `http`: where the gateway takes pushes, and its bearer token where it wants one. */
  url: z.url().optional(),
  token: z.string().optional(),
  /** The code under which the dialogue runs. */
  serviceCode: z
    .string()
    .regex(/^[*#][0-9*#]+$/)
    .default('*111#'),
  networkCode: z.string().optional(),
  /** With `smpp`: the account; one that is SMS's too shares its binds. */
  smpp: z.strictObject(smppSettings).optional(),
  /** How long an answer is waited for, real ms. */
  answerTimeoutMs: z.int().positive().default(60_000),
  /** What ends a dialogue where whoever took the answer says nothing. */
  closingText: z.string().min(1).max(80).default('OK'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(32),
}).superRefine(({ via, url, smpp }, context) => {
  if (via === 'http' && url === undefined)
    context.addIssue({ code: 'custom', path: ['url'], message: 'by HTTP a gateway is needed' })
  if (via === 'smpp' && smpp === undefined)
    context.addIssue({ code: 'custom', path: ['smpp'], message: 'over SMPP an account is needed' })
})

/** Menus on the phone's screen by USSD. */
export const ussd = channelKind({
  id: 'ussd',
  settings,
  traits: {
    replies: true,
    addressKind: 'msisdn',
    reports: ['delivered', 'answered'],
    maxTextLength: 182,
    shows: ['text', 'choices'],
    resubmitSafe: false,
  },
  create: ({ url = '', smpp, ...options }, context) =>
    smpp !== undefined && options.via === 'smpp'
      ? new UssdNetworkChannel({ ...options, smpp }, context)
      : new UssdGatewayChannel({ ...options, url }, context),
})
