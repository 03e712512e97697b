import { z } from 'zod'
import { channelKind, settingsOf } from '../settings.ts'
import { smppSettings } from '../sms/index.ts'
import { DstkSmsChannel } from './by-sms.ts'
import { DstkGatewayChannel } from './gateway.ts'

const hex = (octets: number[]): z.ZodString =>
  z.string().regex(new RegExp(`^(${octets.map((each) => `[0-9a-fA-F]{${2 * each}}`).join('|')})$`))

const settings = settingsOf('dstk', {
  via: z.enum(['http', 'sms']).default('http'),
  /** With `http`: base address of the gateway; `/v1/pushes` is added. */
  url: z.url().optional(),
  /** Sent as a bearer token where the gateway wants one. */
  token: z.string().optional(),
  timeoutMs: z.int().positive().default(10_000),
  /** Pushes under way at a time. */
  concurrency: z.int().positive().default(32),
  /** With `sms`: the account; one that is SMS's too shares its binds. */
  smpp: z.strictObject(smppSettings).optional(),
  /** With `sms`: toolkit application reference of the applet, three octets. */
  tar: hex([3]).optional(),
  /** With `sms`: signs commands and checks answers; without it they go unsigned. */
  security: z
    .union([
      z.strictObject({
        algorithm: z.literal('aes'),
        keyIndex: z.int().min(1).max(15),
        key: hex([16, 24, 32]),
      }),
      z.strictObject({ algorithm: z.literal('3des'), keyIndex: z.int().min(1).max(15), key: hex([16, 24]) }),
    ])
    .optional(),
}).superRefine(({ via, url, smpp, tar }, context) => {
  const wanted = via === 'http' ? { url } : { smpp, tar }
  for (const [field, value] of Object.entries(wanted)) {
    if (value === undefined)
      context.addIssue({ code: 'custom', path: [field], message: `via ${via} needs ${field}` })
  }
})

/** Pop-ups of the SIM's own menu (dynamic SIM toolkit), through an HTTP gateway or by binary SMS. */
export const dstk = channelKind({
  id: 'dstk',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'answered'],
    maxTextLength: 240,
    shows: ['text', 'choices'],
    resubmitSafe: true,
  },
  create({ via, url = '', smpp, tar = '', security, ...options }, context) {
    if (via === 'http' || smpp === undefined) return new DstkGatewayChannel({ ...options, url }, context)
    const key = security && { ...security, key: Buffer.from(security.key, 'hex') }
    return new DstkSmsChannel({ ...options, smpp, tar: Buffer.from(tar, 'hex'), security: key }, context)
  },
})
