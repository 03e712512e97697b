import { isbot } from 'isbot'

/** One request for a short link, as far as it tells who asks. Header names are lower-case. */
export type LinkRequest = {
  method: string
  headers: Record<string, string | string[] | undefined>
}

export type Device = 'phone' | 'tablet' | 'desktop' | 'unknown'

/** How a machine gave itself away. */
export type BotReason = 'head' | 'no_agent' | 'crawler' | 'preview' | 'prefetch' | 'too_fast'

/** Messengers and mail gateways that look at a link before the subscriber does. A person's browser is not among them. */
const previews =
  /^(?:whatsapp|viber)\/|telegrambot|skypeuripreview|facebookexternalhit|facebot|twitterbot|linkedinbot|slackbot|discordbot|vkshare|okhttp|bitlybot|google-safety|googleimageproxy|yahoomailproxy|barracuda|mimecast|proofpoint|safelinks|messages\.android|imessage/i

/** A click this soon after the delivery is that of a scanner, when its browser runs on what data centres run. */
const TOO_FAST_MS = 1_000

/**
 * Whether a request for a link was a machine's and how we know, and on what sort of device. `sinceDeliveryMs` is the
 * time since the message came, undefined where that is not known; a request before the delivery is negative.
 */
export function judgeClick(
  request: LinkRequest,
  sinceDeliveryMs: number | undefined,
): { device: Device; bot: BotReason | null } {
  const agent = one(request.headers['user-agent']).trim()
  const device = deviceOf(agent)
  const bot = (reason: BotReason): { device: Device; bot: BotReason } => ({ device, bot: reason })
  if (request.method === 'HEAD') return bot('head')
  if (agent === '') return bot('no_agent')
  if (previews.test(agent)) return bot('preview')
  const purpose = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz']
    .map((name) => one(request.headers[name]))
    .join(' ')
  if (/prefetch|prerender|preview/i.test(purpose)) return bot('prefetch')
  if (isbot(agent)) return bot('crawler')
  if (sinceDeliveryMs !== undefined && sinceDeliveryMs <= TOO_FAST_MS && isOfDataCentre(request, agent))
    return bot('too_fast')
  return { device, bot: null }
}

/** Servers run Linux or Windows and seldom say which languages they read; phones do. */
function isOfDataCentre(request: LinkRequest, agent: string): boolean {
  if (one(request.headers['accept-language']) === '') return true
  return deviceOf(agent) === 'desktop' && /linux x86_64|windows nt|headless/i.test(agent)
}

function deviceOf(agent: string): Device {
  if (/ipad|tablet|android(?!.*mobile)/i.test(agent)) return 'tablet'
  if (/mobi|iphone|ipod|android/i.test(agent)) return 'phone'
  return /windows|macintosh|linux|cros/i.test(agent) ? 'desktop' : 'unknown'
}

const one = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(' ') : (value ?? '')
