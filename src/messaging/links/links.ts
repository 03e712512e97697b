import assert from 'node:assert/strict'
import { Batcher, type Clock, type Database, type Documents, type Tx } from '../../platform/index.ts'
import { keyFor } from '../signing-store.ts'
import { judgeClick, type LinkRequest } from './click.ts'
import { LinkCodes } from './codes.ts'
import { type LinkDomain, type LinkOrigin, withParameters } from './domain.ts'
import {
  drawNumbers,
  insertClicks,
  insertLinkBlock,
  NUMBERS_A_DRAW,
  selectLink,
  type ShortLink,
} from './store.ts'

/** A person followed a link. */
export type HumanClick = { messageId: string; status: 'clicked'; atMs: number }

export type LinkDependencies = {
  database: Database
  documents: Documents
  clock: Clock
  /** Told of people's clicks once they are stored; what it throws is reported and loses no click. */
  onClick(tenantId: string, clicks: HumanClick[]): Promise<void>
  /** When messages were delivered (submitted, until that is known), epoch ms: tells scanners from people. */
  deliveredAt?(tenantId: string, messageIds: string[]): Promise<Map<string, number>>
  onError(error: unknown): void
}

/** Short links: made by the batch in memory, stored with one row a batch, and followed. */
export type Links = {
  /**
   * Room for `capacity` links of a batch of messages; undefined where the tenant has no `LinkDomain`. Links lead nowhere
   * before `store` has committed.
   */
  open(tenantId: string, capacity: number): Promise<LinkBatch | undefined>
  /** Where a code leads; undefined for one that was never given out. */
  resolve(code: string): Promise<ShortLink | undefined>
  /** Keeps a request for a link; resolves when it is stored. */
  clicked(link: ShortLink, request: LinkRequest): Promise<void>
}

export type LinkBatch = {
  /** An address as long as those that it makes. */
  readonly example: string
  /** How many more links it has room for. */
  room(): number
  /** Makes links of one message short. What is no web address, or is short already, stays as it is. */
  shortener(origin: LinkOrigin): (url: string) => string
  /** Stores the links that were made, within the transaction that stores their messages. */
  store(tx: Tx): Promise<void>
}

/** Links that were followed lately; a campaign's first minutes hit the same few thousand again and again. */
const REMEMBERED = 50_000

/** Builds the service. */
export function createLinks(dependencies: LinkDependencies): Links {
  const { database, documents, clock } = dependencies
  const pool = new NumberPool(database)
  const followed = new Map<number, ShortLink>()
  const codes = async (): Promise<LinkCodes> => new LinkCodes(await keyFor(database, 'links'))
  const clicks = new Batcher<Pending, void>((batch) => storeClicks(dependencies, batch))
  return {
    async open(tenantId, capacity) {
      const domain = await documents.get<LinkDomain>(tenantId, 'LinkDomain', 'default')
      if (!domain || capacity === 0) return undefined
      return linkBatch(domain, await codes(), await pool.take(capacity), capacity, clock)
    },
    async resolve(code) {
      const number = (await codes()).decode(code)
      if (number === undefined) return undefined
      const known = followed.get(number)
      if (known) return known
      const found = await database.system((tx) => selectLink(tx, number))
      if (!found) return undefined
      if (followed.size >= REMEMBERED) followed.delete(followed.keys().next().value!)
      followed.set(number, found)
      return found
    },
    clicked: (link, request) => clicks.add({ link, request, atMs: clock.nowMs() }),
  }
}

/** Numbers drawn ahead, so that a batch of links costs no round trip of its own. */
class NumberPool {
  readonly #database: Database
  #next = 0
  #end = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(database: Database) {
    this.#database = database
  }

  /** The first of `count` numbers in a row, one taker after the other. */
  take(count: number): Promise<number> {
    const taken = this.#last.then(() => this.#take(count))
    this.#last = taken.catch(() => undefined)
    return taken
  }

  async #take(count: number): Promise<number> {
    assert(count <= NUMBERS_A_DRAW, `at most ${NUMBERS_A_DRAW} links in a batch`)
    if (this.#end - this.#next < count) {
      this.#next = await this.#database.system(drawNumbers)
      this.#end = this.#next + NUMBERS_A_DRAW
    }
    const first = this.#next
    this.#next += count
    return first
  }
}

/** Codes are made a few hundred at a time, because a batch seldom uses all its room. */
const CODES_AT_ONCE = 512

function linkBatch(
  domain: LinkDomain,
  codes: LinkCodes,
  first: number,
  capacity: number,
  clock: Clock,
): LinkBatch {
  const prefix = `${domain.baseUrl}/l/`
  const messageIds: string[] = []
  const targetOf: number[] = []
  const places = new Map<string, number>()
  const cache = new Map<string, string>()
  let ready: string[] = []
  const add = (messageId: string, target: string): string => {
    const i = targetOf.length
    assert(i < capacity, `no room for more than ${capacity} links`)
    if (i % CODES_AT_ONCE === 0) ready = codes.encode(first + i, Math.min(CODES_AT_ONCE, capacity - i))
    let place = places.get(target)
    if (place === undefined) places.set(target, (place = places.size + 1))
    messageIds.push(messageId)
    targetOf.push(place)
    return prefix + ready[i % CODES_AT_ONCE]!
  }
  return {
    example: `${prefix}Example1`,
    room: () => capacity - targetOf.length,
    shortener(origin) {
      const made = new Map<string, string>()
      return (url) => {
        if (url.startsWith(prefix) || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return url
        const known = made.get(url)
        if (known !== undefined) return known
        // Almost all messages of a batch lead to the same address.
        const key = `${origin.channel} ${origin.campaignId ?? ''} ${origin.erid ?? ''} ${url}`
        const isOwn = Object.values(domain.parameters).some((pattern) => pattern.includes('{message}'))
        let target = isOwn ? undefined : cache.get(key)
        if (target === undefined) cache.set(key, (target = withParameters(url, domain.parameters, origin)))
        const short = add(origin.messageId, target)
        made.set(url, short)
        return short
      }
    },
    async store(tx) {
      if (targetOf.length === 0) return
      const octets = Buffer.from(messageIds.join('').replaceAll('-', ''), 'hex')
      const block = { firstNumber: first, messageIds: octets, targetOf, targets: [...places.keys()] }
      await insertLinkBlock(tx, block, clock.now())
    },
  }
}

type Pending = { link: ShortLink; request: LinkRequest; atMs: number }

async function storeClicks(dependencies: LinkDependencies, batch: Pending[]): Promise<void[]> {
  const { database, deliveredAt, onClick, onError } = dependencies
  for (const [tenantId, pending] of Map.groupBy(batch, ({ link }) => link.tenantId)) {
    const messageIds = [...new Set(pending.map(({ link }) => link.messageId))]
    // Without it fewer scanners are told apart; that is no reason to lose a click.
    const delivered = await deliveredAt?.(tenantId, messageIds).catch((error: unknown) => void onError(error))
    const clicks = pending.map(({ link: { number, messageId }, request, atMs }) => {
      const sinceMs = delivered?.get(messageId)
      return {
        number,
        messageId,
        atMs,
        ...judgeClick(request, sinceMs === undefined ? undefined : atMs - sinceMs),
      }
    })
    await database.tx(tenantId, (tx) => insertClicks(tx, clicks))
    const human = clicks.filter(({ bot }) => bot === null)
    if (human.length > 0) {
      const told = human.map(({ messageId, atMs }) => ({ messageId, status: 'clicked' as const, atMs }))
      await onClick(tenantId, told).catch(onError)
    }
  }
  return batch.map(() => undefined)
}
