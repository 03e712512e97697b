import { z } from 'zod'
import type { ChannelContext } from '../../channel.ts'
import { channelKind, settingsOf } from '../settings.ts'
import { bitsOf, needsUcs2, smsParts } from './segments.ts'
import { MessageCentre, SmsChannel, type SmsOptions, type Takes } from './sms-channel.ts'

const idForm = z.enum(['hex', 'decimal'])

/** Settings of an account with an SMSC, for every kind of channel that goes over SMPP. */
export const smppSettings = {
  host: z.string(),
  port: z.int().min(1).max(65_535),
  systemId: z.string(),
  password: z.string(),
  /** The peer's word for the kind of system that binds (VMA, SMPP …); most want none. */
  systemType: z.string().optional(),
  /** Numbers whose messages the bind wants, where the peer routes by it. */
  addressRange: z.string().optional(),
  /** Who the message comes from: a name in letters, a short number or a number with its plus sign. */
  sourceAddress: z.string().min(1).max(20),
  /** Type of number and numbering plan of the source; told by the form of `sourceAddress` where absent. */
  sourceTon: z.int().min(0).max(6).optional(),
  sourceNpi: z.int().min(0).max(18).optional(),
  /** Connections at a time (of each role where `bind` is `pair`). */
  binds: z.int().min(1).max(64).optional(),
  /** One transceiver each, or a transmitter and a receiver. */
  bind: z.enum(['transceiver', 'pair']).optional(),
  /** Over several binds: keep the order of one destination's messages, or take whichever bind has least to do. */
  order: z.enum(['destination', 'link']).optional(),
  /** Parts without an answer at a time on one bind. */
  window: z.int().min(1).max(16_384).default(100),
  /** How long an answer may take before the message counts as unknown, ms. */
  responseTimeoutMs: z.int().positive().optional(),
  /** How often a silent link is asked whether it lives, ms. */
  enquireLinkMs: z.int().positive().optional(),
  /** Shortest and longest pause before a lost bind is tried again; it doubles in between, ms. */
  reconnectMinMs: z.int().positive().optional(),
  reconnectMaxMs: z.int().positive().optional(),
  /** Shortest and longest pause when the peer says "throttled" or "queue full", ms; it doubles in between. */
  throttleMinMs: z.int().positive().default(5),
  throttleMaxMs: z.int().positive().optional(),
  /** How often one part may be throttled before everything that waits is given back for later. */
  throttleAttempts: z.int().positive().optional(),
  /** Parts of a long text: by user data header, by sar parameters, or whole in message_payload. */
  longText: z.enum(['udh', 'sar', 'payload']).optional(),
  /** Width of the reference in the header of a part; 16 costs a character a part. */
  referenceBits: z.union([z.literal(8), z.literal(16)]).optional(),
  /** What the peer takes for its default alphabet: GSM 7-bit, Latin-1, or nothing but UCS-2. */
  alphabet: z.enum(['gsm', 'latin1', 'ucs2']).optional(),
  /** data_coding of texts in the default alphabet and in UCS-2 (0 and 8 by the specification). */
  dataCodings: z.strictObject({ gsm: z.int().min(0).max(255), ucs2: z.int().min(0).max(255) }).optional(),
  /** In which base the peer writes message ids, where its answers and its receipts differ. */
  idForms: z.strictObject({ response: idForm.optional(), receipt: idForm.optional() }).optional(),
  /** What the peer's error codes in receipts mean, as short words. */
  errorReasons: z.record(z.string(), z.string().regex(/^[a-z0-9_]+$/)).optional(),
  /** How many parts are remembered for their receipts; older ones are matched by the store. */
  trackedMessages: z.int().positive().optional(),
}

const settings = settingsOf('sms', smppSettings)

const account = z.object({ ...smppSettings, ratePerS: z.number().positive().optional() })

/** Settings of an SMPP account as they stand in a `Channel` document. */
export type SmppSettings = z.infer<typeof account>

/** A name in letters is alphanumeric (5), a number with a plus sign international (1), other digits unknown (0). */
function sourceOf({ sourceAddress, sourceTon, sourceNpi }: SmppSettings): NonNullable<SmsOptions['source']> {
  const isInternational = sourceAddress.startsWith('+')
  const isNumber = /^\+?\d+$/.test(sourceAddress)
  return {
    ton: sourceTon ?? (isInternational ? 1 : isNumber ? 0 : 5),
    npi: sourceNpi ?? (isNumber ? 1 : 0),
    address: isInternational ? sourceAddress.slice(1) : sourceAddress,
  }
}

/**
 * A channel of any kind that goes over SMPP. Kinds with the same account share its binds where the context has a place
 * for what a tenant's channels share (`shared`); `takes` says which of the subscribers' messages this one wants.
 * Content leaves as text, as `binary` octets or as a `ussd` operation, whichever the message has.
 */
export function smppChannel(options: SmppSettings, context: ChannelContext, takes: Takes): SmsChannel {
  const { clock, shared } = context
  const { host, port, systemId, sourceAddress } = options
  const key = ['smpp', host, port, systemId, sourceAddress].join('|')
  const known = shared?.get(key)
  if (known instanceof MessageCentre) return new SmsChannel(known, takes)
  const given = Object.fromEntries(
    Object.entries(account.parse(options)).filter(([, value]) => value !== undefined),
  )
  const centre = new MessageCentre({ ...(given as SmsOptions), source: sourceOf(options) }, clock)
  shared?.set(key, centre)
  return new SmsChannel(centre, takes)
}

/** SMS over SMPP 3.4. */
export const sms = channelKind({
  id: 'sms',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'answered'],
    shows: ['text'],
    resubmitSafe: false,
    unitsOf({ text }, settings) {
      const { longText = 'udh', referenceBits = 8, alphabet = 'gsm' } = settings ?? {}
      const profile = { longText, referenceBits, alphabet }
      return smsParts(text, bitsOf(profile), needsUcs2(text, profile))
    },
  },
  create: (options, context) => smppChannel(options, context, { sms: true, ussd: false }),
})
