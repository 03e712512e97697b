import type { FastifyInstance } from '../../platform/index.ts'
import type { Links } from './links.ts'

/** How long a tap waits for its click to be stored: whoever tapped wants the page and not our bookkeeping. */
const PATIENCE_MS = 500

/**
 * `GET /l/:code`, for anybody: 302 to where the link leads. The click is stored before the answer where that is quick,
 * else behind it; a store that fails is reported to `onError` and does not keep anybody from the page.
 */
export function linkRoutes(http: FastifyInstance, links: Links, onError: (error: unknown) => void): void {
  http.get<{ Params: { code: string } }>('/l/:code', async (request, reply) => {
    const link = await links.resolve(request.params.code)
    if (!link) return reply.code(404).type('text/plain; charset=utf-8').send(NOT_FOUND)
    const stored = links.clicked(link, { method: request.method, headers: request.headers }).catch(onError)
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)))
    await Promise.race([stored, patience])
    clearTimeout(timer)
    return reply
      .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' })
      .redirect(link.target, 302)
  })
}

const NOT_FOUND = 'This link leads nowhere.\nЭта ссылка никуда не ведёт.\nЦе посилання нікуди не веде.\n'
