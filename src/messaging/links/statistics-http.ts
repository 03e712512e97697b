import { type Access, tenantOf } from '../../access/index.ts'
import {
  type Clock,
  type Database,
  type Documents,
  type FastifyInstance,
  parseInput,
} from '../../platform/index.ts'
import { type LinkStatistics, linkStatisticsQuery } from '../link-contract.ts'
import type { LinkDomain } from './domain.ts'
import { type ClickCounts, type ClickRow, readClicks } from './statistics-store.ts'

type Dependencies = { database: Database; documents: Documents; access: Access; clock: Clock }

const DAYS = 30
/** More links than these nobody looks through. */
const LINKS = 100

/** `GET /v1/links/statistics?campaignId=&cascadeId=&from=&to=`: who followed the links of messages, by link and day. */
export function linkStatisticsRoutes(http: FastifyInstance, dependencies: Dependencies): void {
  const { database, documents, access, clock } = dependencies
  http.get('/v1/links/statistics', async (request): Promise<LinkStatistics> => {
    const tenantId = tenantOf(request)
    const query = parseInput(linkStatisticsQuery, request.query)
    const to = query.to === undefined ? clock.now() : Temporal.Instant.from(query.to)
    const from =
      query.from === undefined ? to.subtract({ hours: 24 * DAYS }) : Temporal.Instant.from(query.from)
    const { timeZone } = await access.tenant(tenantId)
    const domain = await documents.get<LinkDomain>(tenantId, 'LinkDomain', 'default')
    const ownParameters = Object.entries(domain?.parameters ?? {})
      .filter(([, pattern]) => pattern.includes('{message}'))
      .map(([name]) => name)
    const { campaignId, cascadeId } = query
    const scope = { campaignId, cascadeId, from, to, timeZone, ownParameters }
    const rows = await database.tx(tenantId, (tx) => readClicks(tx, scope))
    return { from: from.toString(), to: to.toString(), timeZone, ...laidOut(rows) }
  })
}

function laidOut(rows: ClickRow[]): ClickCounts & Pick<LinkStatistics, 'links'> {
  const countsOf = ({ clicks, people, bots }: ClickRow): ClickCounts => ({ clicks, people, bots })
  const [all, ...rest] = rows
  const links = [...Map.groupBy(rest, ({ target }) => target ?? '')].map(([target, own]) => {
    const [total, ...byDay] = own
    return {
      target,
      ...countsOf(total!),
      days: byDay.map((row) => ({ day: row.day!, ...countsOf(row) })),
    }
  })
  links.sort((a, b) => b.clicks - a.clicks || b.bots - a.bots)
  return { ...countsOf(all!), links: links.slice(0, LINKS) }
}
