import { derivedId } from '../../platform/index.ts'
import { callBack, type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A push as the gateway took it (messaging/channels/README.md has the contract). */
export type DstkPush = {
  messageId: string
  address: string
  text: string
  choices: { id: string; label: string }[]
  validUntil: string
}

export type DstkGateway = {
  url: string
  port: number
  /** One a pop-up that reaches a phone. */
  received: DstkPush[]
  stats: { requests: number }
  close(): Promise<void>
}

/**
 * A DSTK gateway: one pop-up for each idempotency key, reported as shown and then, where the push has choices, as
 * accepted with the first one.
 */
export async function startDstkGateway(options: ProviderOptions = {}): Promise<DstkGateway> {
  const received: DstkPush[] = []
  const stats = { requests: 0 }
  const tokens = new Map<string, string>()
  const { callbackUrl } = options
  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    if (request.path !== '/v1/pushes' || request.method !== 'POST') return { status: 404 }
    const push = JSON.parse(request.body.toString()) as DstkPush
    const key = String(request.headers['idempotency-key'] ?? push.messageId)
    const token = derivedId('push', key)
    const events = push.choices.length === 0 ? ['shown'] : ['shown', 'accepted']
    return provider.submitted({
      throttled: { status: 429, headers: { 'retry-after': '0' } },
      failing: { status: 500 },
      take: (): ProviderAnswer => {
        if (!tokens.has(key)) received.push(push)
        tokens.set(key, token)
        return { status: 202, body: { token } }
      },
      reports: tokens.has(key)
        ? []
        : events.map((event) => () => {
            const choice = event === 'accepted' ? { choice: push.choices[0]!.id } : {}
            return callBack(
              callbackUrl,
              JSON.stringify({ token, messageId: push.messageId, event, ...choice }),
            )
          }),
    })
  })
  return { url: server.url, port: server.port, received, stats, close: () => server.close() }
}
