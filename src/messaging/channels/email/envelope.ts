import { createHmac } from 'node:crypto'
import { uuidOf } from '../choice-data.ts'
import { isSecret } from '../signature.ts'

/** What makes a mail's own addresses: the domain that takes bounces, and the secret that tells ours from forged ones. */
export type EnvelopeOptions = { bounceDomain: string; signingSecret: string }

const bounce = /\bbounce\+([0-9a-f]{32})\.([0-9a-f]{10})\.([0-9a-f]{10})@/i
const messageIdHeader = /<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([^>\s]+)>/gi

/**
 * The envelope sender of one mail, so that whatever comes back names its message (VERP): `bounce+id.mac.mac@domain`, 61
 * characters before the at sign, of the 64 that RFC 5321 §4.5.3.1.1 allows. The first code proves that we made it, the
 * second that it was for this address: a mailbox is given up only on the word of a bounce of a mail to it.
 */
export function bounceAddress(messageId: string, address: string, options: EnvelopeOptions): string {
  const id = messageId.replaceAll('-', '').toLowerCase()
  return `bounce+${id}.${codeOf(id, options)}.${codeOf(`${id} ${address.toLowerCase()}`, options)}@${options.bounceDomain}`
}

export type Bounced = {
  messageId: string
  /** Whether the mail had been for this address. */
  wasFor(address: string): boolean
}

/** The message that an envelope sender of ours, found anywhere in the text, was made for; undefined for anybody else's. */
export function bouncedMessage(text: string, options: EnvelopeOptions): Bounced | undefined {
  const [, id = '', ofId, ofAddress] = bounce.exec(text)?.map((each) => each.toLowerCase()) ?? []
  if (!isSecret(ofId, codeOf(id, options))) return undefined
  return {
    messageId: uuidOf(id),
    wasFor: (address) => isSecret(ofAddress, codeOf(`${id} ${address.toLowerCase()}`, options)),
  }
}

/** The `Message-ID` of one mail; answers and reports name it in `In-Reply-To`, `References` and returned headers. */
export function messageIdOf(messageId: string, { bounceDomain }: EnvelopeOptions): string {
  return `<${messageId}@${bounceDomain}>`
}

/** Our message named by the first `Message-ID` of ours in a text. */
export function namedMessage(text: string, { bounceDomain }: EnvelopeOptions): string | undefined {
  for (const [, id, domain] of text.matchAll(messageIdHeader)) {
    if (domain!.toLowerCase() === bounceDomain.toLowerCase()) return id!.toLowerCase()
  }
  return undefined
}

function codeOf(text: string, { signingSecret }: EnvelopeOptions): string {
  return createHmac('sha256', signingSecret).update(text).digest('hex').slice(0, 10)
}
