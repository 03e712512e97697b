import { GoogleAccount, type ServiceAccountFile } from './google-account.ts'
import { callBack, type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

/** The part of `projects.messages.send` that the simulation reads. */
export type FcmMessage = {
  token: string
  notification?: { title?: string; body?: string; image?: string }
  data?: Record<string, string>
  android?: Record<string, unknown>
  apns?: { headers?: Record<string, string> }
}

export type Firebase = {
  url: string
  port: number
  account: ServiceAccountFile
  received: FcmMessage[]
  stats: { requests: number; tokens: number }
  /** Makes every access token void. */
  revoke(): void
  close(): Promise<void>
}

const PROJECT = 'simulated'

/**
 * Firebase Cloud Messaging, HTTP v1, and the app on every phone: it reports delivered, seen, clicked where the push
 * has a link, and the first of its choices. Tokens that begin with `gone`, `invalid`, `quota`, `busy` and `other` lead to
 * Firebase's errors of that kind.
 */
export async function startFirebase(options: ProviderOptions = {}): Promise<Firebase> {
  const received: FcmMessage[] = []
  const stats = { requests: 0, tokens: 0 }
  const google = new GoogleAccount({ scope: 'https://www.googleapis.com/auth/firebase.messaging' })
  const { callbackUrl } = options
  const server = await serveProvider(options, async (request, provider) => {
    if (request.path === '/token') {
      stats.tokens++
      return google.exchange(request.body, provider.url)
    }
    stats.requests++
    if (request.path !== `/v1/projects/${PROJECT}/messages:send`) return { status: 404 }
    if (!google.accepts(request.headers.authorization)) return errorOf(401, 'UNAUTHENTICATED')
    const { message } = JSON.parse(request.body.toString()) as { message: FcmMessage }
    const refusal = refusalOf(message)
    if (refusal !== undefined) return refusal
    return provider.submitted({
      throttled: { ...errorOf(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), headers: { 'retry-after': '0' } },
      failing: errorOf(500, 'INTERNAL', 'INTERNAL'),
      take: () => {
        received.push(message)
        return { status: 200, body: { name: `projects/${PROJECT}/messages/0:${received.length}%simulated` } }
      },
      reports: callbackUrl === undefined ? [] : appReports(message.data ?? {}),
    })
  })
  const { url, port } = server
  return {
    url,
    port,
    account: google.file(url),
    received,
    stats,
    revoke: () => google.revoke(),
    close: () => server.close(),
  }
}

/** What the app tells when it has got the push, as the payload says where and with which proof. */
function appReports({
  messageId,
  proof,
  reportUrl,
  link,
  choices,
}: Record<string, string>): (() => Promise<unknown>)[] {
  if (reportUrl === undefined) return []
  const [choice] = choices === undefined ? [] : (JSON.parse(choices) as { id: string }[])
  const events = [
    { event: 'delivered' },
    { event: 'seen' },
    ...(link === undefined ? [] : [{ event: 'clicked' }]),
    ...(choice === undefined ? [] : [{ event: 'answered', choice: choice.id }]),
  ]
  return events.map((event) => () => callBack(reportUrl, JSON.stringify({ messageId, proof, ...event })))
}

function refusalOf({ token, notification, data }: FcmMessage): ProviderAnswer | undefined {
  if (Buffer.byteLength(JSON.stringify({ notification, data })) > 4_096) {
    return errorOf(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT')
  }
  if (Object.values(data ?? {}).some((value) => typeof value !== 'string')) {
    return errorOf(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT')
  }
  if (token.startsWith('gone')) return errorOf(404, 'NOT_FOUND', 'UNREGISTERED')
  if (token.startsWith('other')) return errorOf(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH')
  if (token.startsWith('quota')) {
    return { ...errorOf(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), headers: { 'retry-after': '17' } }
  }
  if (token.startsWith('busy')) return errorOf(503, 'UNAVAILABLE', 'UNAVAILABLE')
  if (!token.startsWith('invalid')) return undefined
  const violation = {
    fieldViolations: [{ field: 'message.token', description: 'Invalid registration token' }],
  }
  return errorOf(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', violation)
}

/** An error as Google's APIs write it. */
function errorOf(
  code: number,
  status: string,
  errorCode?: string,
  detail?: object,
): Exclude<ProviderAnswer, 'cut'> {
  const own =
    errorCode === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]
  const details = [
    ...own,
    ...(detail === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', ...detail }]),
  ]
  return { status: code, body: { error: { code, message: status, status, details } } }
}
