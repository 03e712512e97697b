import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../platform/index.ts'
import type { Callback, CallbackReply, ChannelEvents } from '../../channel.ts'
import { handUpAnswer } from '../hand-up.ts'
import { callJson } from '../http-request.ts'
import { isSecret } from '../signature.ts'

/** What an app or a service worker tells of a push; the contract is in README.md here. */
const report = z.strictObject({
  messageId: z.string().min(1).max(64),
  proof: z.string().max(64),
  event: z.enum(['delivered', 'seen', 'clicked', 'dismissed', 'answered']),
  /** Id of the button that was pressed, with `answered`. */
  choice: z.string().min(1).max(100).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
})

const reports = z.union([report.transform((one) => [one]), z.array(report).max(100)])

type Report = z.infer<typeof report>

/** What an app has to send along to tell of a message: only who received the push knows it. */
export function proofOf(messageId: string, secret: string): string {
  return createHmac('sha256', secret).update(messageId).digest('base64url').slice(0, 22)
}

export type Reporting = { channel: string; secret: string; clock: Clock; events: ChannelEvents }

/**
 * Takes reports of an app, one or several. Answers 401 to a whole call with one wrong proof; otherwise 204 when
 * everything in it is kept. The content type does not matter, because a service worker that calls another origin may
 * only say `text/plain`.
 */
export async function takeReports(call: Callback, reporting: Reporting): Promise<CallbackReply> {
  const { channel, secret, clock, events } = reporting
  const given = callJson(reports, call)
  if (!given.every(({ messageId, proof }) => isSecret(proof, proofOf(messageId, secret))))
    return { status: 401 }
  const atMsOf = ({ at }: Report): number => {
    const nowMs = clock.nowMs()
    // The clocks of phones are anyone's guess; none tells of the future.
    return at === undefined ? nowMs : Math.min(nowMs, Temporal.Instant.from(at).epochMilliseconds)
  }
  const receipts = given.filter(({ event }) => event !== 'answered')
  if (receipts.length > 0) {
    await events.onReceipts(
      receipts.map((each) => ({
        messageId: each.messageId,
        ...statusOf[each.event as keyof typeof statusOf],
        atMs: atMsOf(each),
      })),
    )
  }
  for (const each of given) {
    if (each.event !== 'answered') continue
    const { messageId, choice = '' } = each
    const said = { text: choice, ...(choice === '' ? {} : { choice }) }
    const dedupeKey = `${channel}:${messageId}:${choice}`
    await handUpAnswer(events, { address: '', channel, messageId, ...said, dedupeKey, atMs: atMsOf(each) })
  }
  return { status: 204 }
}

const statusOf = {
  delivered: { status: 'delivered' },
  seen: { status: 'seen' },
  clicked: { status: 'clicked' },
  // Swept away: it was looked at first.
  dismissed: { status: 'seen', reason: 'dismissed' },
} as const
