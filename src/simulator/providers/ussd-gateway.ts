import { callBack, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A menu or a notification as the gateway took it (messaging/channels/README.md has the contract). */
export type UssdPush = { sessionId: string; phoneNumber: string; serviceCode: string; text: string }

export type UssdGateway = {
  url: string
  port: number
  received: UssdPush[]
  /** What Tenure answered to inputs, in their order. */
  replies: string[]
  close(): Promise<void>
}

/**
 * A USSD gateway. Menus are answered with what `enters` says for their session, one input after another while Tenure goes
 * on with `CON`, by default with the first line; notifications are reported as shown.
 */
export async function startUssdGateway(
  options: ProviderOptions & { enters?: (push: UssdPush) => string[] } = {},
): Promise<UssdGateway> {
  const received: UssdPush[] = []
  const replies: string[] = []
  const { callbackUrl, enters = () => ['1'] } = options
  const post = (form: Record<string, string>): Promise<string | undefined> =>
    callBack(callbackUrl, new URLSearchParams(form).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    })
  const dialogue = async (push: UssdPush): Promise<void> => {
    const { text: _menu, ...session } = push
    const entered: string[] = []
    for (const input of enters(push)) {
      entered.push(input)
      const reply = await post({ ...session, text: entered.join('*') })
      if (reply !== undefined) replies.push(reply)
      if (reply?.startsWith('CON ') !== true) return
    }
  }
  const server = await serveProvider(options, ({ method, body }, provider) => {
    if (method !== 'POST') return { status: 404 }
    const push = Object.fromEntries(new URLSearchParams(body.toString())) as UssdPush
    const { text, ...session } = push
    const report = text.startsWith('CON ') ? () => dialogue(push) : () => post({ ...session, event: 'shown' })
    return provider.submitted({
      throttled: { status: 429, headers: { 'retry-after': '0' } },
      failing: { status: 500 },
      take: () => {
        received.push(push)
        return { status: 202, body: { sessionId: push.sessionId } }
      },
      reports: [report],
    })
  })
  return { url: server.url, port: server.port, received, replies, close: () => server.close() }
}
