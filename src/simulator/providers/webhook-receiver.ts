import { createHmac } from 'node:crypto'
import { newId, systemClock } from '../../platform/index.ts'
import { callBack, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A message as the receiver took it. */
export type WebhookMessage = { messageId: string; address: string; text: string; choices?: { id: string }[] }

export type WebhookReceiver = {
  url: string
  port: number
  received: WebhookMessage[]
  /** Calls whose signature was wrong. */
  stats: { requests: number; forged: number }
  close(): Promise<void>
}

/** A system behind the signed webhook (Standard Webhooks 1.0); it reports delivered, seen and, with choices, an answer. */
export async function startWebhookReceiver(
  options: ProviderOptions & { secret: string },
): Promise<WebhookReceiver> {
  const received: WebhookMessage[] = []
  const known = new Set<string>()
  const stats = { requests: 0, forged: 0 }
  const key = Buffer.from(options.secret.replace('whsec_', ''), 'base64')
  const sign = (id: string, timestamp: string, body: string): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  const tell = (report: object): (() => Promise<unknown>) => {
    const body = JSON.stringify({ ...report, at: '2026-01-05T12:00:00Z' })
    // A repeated call is the same call.
    const [id, timestamp] = [newId(), String(Math.floor(systemClock.nowMs() / 1_000))]
    return () =>
      callBack(options.callbackUrl, body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(id, timestamp, body),
      })
  }
  const server = await serveProvider(options, ({ headers, body }, provider) => {
    stats.requests++
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])]
    if (headers['webhook-signature'] !== sign(id, timestamp, body.toString())) {
      stats.forged++
      return { status: 401 }
    }
    const message = JSON.parse(body.toString()) as WebhookMessage
    const { messageId } = message
    const isNew = !known.has(messageId)
    const [choice] = message.choices ?? []
    return provider.submitted({
      throttled: { status: 429, headers: { 'retry-after': '0' } },
      failing: { status: 502 },
      take: () => {
        if (isNew) received.push(message)
        known.add(messageId)
        return { status: 202 }
      },
      reports: !isNew
        ? []
        : [
            tell({ type: 'receipt', messageId, status: 'delivered' }),
            tell({ type: 'receipt', messageId, status: 'seen' }),
            ...(choice === undefined
              ? []
              : [tell({ type: 'answer', messageId, text: choice.id, choice: choice.id })]),
          ],
    })
  })
  return { url: `${server.url}/messages`, port: server.port, received, stats, close: () => server.close() }
}
