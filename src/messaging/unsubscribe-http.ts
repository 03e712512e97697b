import type { Clock, Database, FastifyInstance, FastifyReply } from '../platform/index.ts'
import { consentTo, type Profiles } from '../profiles/index.ts'
import { keyFor } from './signing-store.ts'
import { readClaim, signClaim, type UnsubscribeClaim } from './unsubscribe.ts'
import { purposeName, unknownLinkPage, unsubscribedPage, unsubscribePage } from './unsubscribe-page.ts'

type Dependencies = { database: Database; profiles: Profiles; clock: Clock }

/** Makes the links that stand in messages. `baseUrl` is where this server is reached from outside. */
export async function unsubscribeLinks(
  database: Database,
  baseUrl: string,
): Promise<(claim: UnsubscribeClaim) => string> {
  const key = await keyFor(database, 'unsubscribe')
  const base = baseUrl.replace(/\/+$/, '')
  return (claim) => `${base}/u/${signClaim(claim, key)}`
}

/**
 * `GET /u/:token`, for anybody: a page that changes nothing, because mail scanners open every link. `POST /u/:token`
 * withdraws the consent: of the message's own channel and purpose when a mail program asks in one click (RFC 8058), else
 * what was ticked on the page.
 */
export function unsubscribeRoutes(http: FastifyInstance, { database, profiles, clock }: Dependencies): void {
  const claimOf = async (token: string): Promise<UnsubscribeClaim | undefined> =>
    readClaim(token, await keyFor(database, 'unsubscribe'))

  http.register(async (scope) => {
    // A browser's form, and the mail program's one click, which may come as either kind of form.
    const parse = (
      _request: unknown,
      body: string,
      done: (error: null, form: URLSearchParams) => void,
    ): void => done(null, new URLSearchParams(body))
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, parse as never)
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) =>
      done(null, new URLSearchParams()),
    )

    scope.get<{ Params: { token: string } }>('/u/:token', async (request, reply) => {
      const claim = await claimOf(request.params.token)
      if (!claim) return show(reply, unknownLinkPage(), 404)
      const { language, book } = await stateOf(profiles, database, claim)
      const purposes = new Set([claim.purpose, 'marketing', ...Object.keys(book)])
      const choices = [...purposes]
        .filter((purpose) => purpose === claim.purpose || consentTo(book, claim.channel, purpose) === true)
        .map((purpose) => ({ purpose, isOn: purpose === claim.purpose }))
      return show(reply, unsubscribePage(language, choices))
    })

    scope.post<{ Params: { token: string } }>('/u/:token', async (request, reply) => {
      const claim = await claimOf(request.params.token)
      if (!claim) return show(reply, unknownLinkPage(), 404)
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
      const { language, book } = await stateOf(profiles, database, claim)
      const known = new Set([claim.purpose, 'marketing', ...Object.keys(book)])
      const ticked = form.getAll('purpose').filter((purpose) => known.has(purpose))
      const isPage = form.has('purpose') || form.has('everywhere')
      const purposes = ticked.length > 0 ? ticked : [claim.purpose]
      const channel = form.has('everywhere') ? '*' : claim.channel
      const at = clock.now()
      await database.tx(claim.tenantId, (tx) =>
        profiles.recordConsents(
          tx,
          purposes.map((purpose) => ({
            subscriberId: claim.subscriberId,
            channel,
            purpose,
            granted: false,
            at,
            source: isPage ? 'unsubscribe page' : 'one-click unsubscribe',
            shownText: purposeName(language, purpose),
            messageId: claim.messageId,
          })),
        ),
      )
      return show(reply, unsubscribedPage(language))
    })
  })
}

async function stateOf(profiles: Profiles, database: Database, claim: UnsubscribeClaim) {
  return database.tx(claim.tenantId, async (tx) => {
    const ids = [claim.subscriberId]
    const subscriber = (await profiles.subscribersByIds(tx, ids)).get(claim.subscriberId)
    const book = (await profiles.consentBooksOf(tx, ids)).get(claim.subscriberId) ?? {}
    return { language: subscriber?.language ?? 'en', book }
  })
}

function show(reply: FastifyReply, page: string, status = 200): FastifyReply {
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
    .type('text/html; charset=utf-8')
    .send(page)
}
