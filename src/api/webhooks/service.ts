import { DomainError, type Stage } from '../../platform/index.ts'
import type { WebhookErrorCode } from './errors.ts'
import { Followers, type FollowersParts } from './followers.ts'
import * as store from './store.ts'
import { targetsOf } from './targets.ts'

export type WebhookStatus = {
  id: string
  url: string
  isDown: boolean
  lastError: string | null
  /** Events of the log that were not looked at yet, and letters that wait or were laid aside. */
  behind: number
  waiting: number
  dead: number
}

export type Webhooks = {
  /** Stage `webhooks`: begins and ends deliveries as documents change, and tells them that the log has grown. */
  stage: Stage
  /** Says that others than documents have changed who is to be told. */
  refresh(tenantId: string): void
  status(tenantId: string): Promise<WebhookStatus[]>
  /** Letters laid aside, the earliest first. Throws `webhook_not_found`. */
  dead(tenantId: string, id: string, limit: number): Promise<store.StoredLetter[]>
  /** Sends letters that were laid aside once more, all or some; returns how many. Throws `webhook_not_found`. */
  revive(tenantId: string, id: string, letterIds: string[] | null): Promise<number>
  stop(): Promise<void>
}

const kinds = ['Webhook', 'EventType']
const LOOK_MS = 1_000

/** Builds the sender of webhooks, for documents and for whoever else wants to be told. */
export function createWebhooks(parts: FollowersParts): Webhooks {
  const { database, clock, documents, logOf } = parts
  const followers = new Followers(parts)
  const stale = new Set<string>()
  const looks = new Map<string, { atMs: number; fingerprint: string }>()
  documents.onChange((tenantId, changed) => {
    if (kinds.some((kind) => changed.has(kind))) stale.add(tenantId)
  })
  const targetOf = async (tenantId: string, id: string): Promise<string> => {
    const all = await targetsOf(parts, tenantId)
    const found = all.find((one) => one.id === `webhook:${id}` || one.id === id)
    if (found) return found.id
    const code: WebhookErrorCode = 'webhook_not_found'
    throw new DomainError(code, `no active webhook "${id}"`, { field: 'id', found: id })
  }
  return {
    stage: {
      name: 'webhooks',
      async run(tenantId) {
        const last = looks.get(tenantId)
        const atMs = clock.nowMs()
        // Another process may have saved something; a log that grows all the time is no reason to look for that.
        if (!last || stale.has(tenantId) || Math.abs(atMs - last.atMs) >= LOOK_MS) {
          const fingerprint = await documents.fingerprint(tenantId, kinds)
          if (last && last.fingerprint !== fingerprint) documents.forget(tenantId)
          stale.delete(tenantId)
          looks.delete(tenantId)
          await followers.reconcile(tenantId)
          looks.set(tenantId, { atMs, fingerprint })
        }
        followers.wake(tenantId)
        return { more: false, nextDueMs: null }
      },
    },
    refresh: (tenantId) => void stale.add(tenantId),
    async status(tenantId) {
      const targets = await targetsOf(parts, tenantId)
      const log = logOf(tenantId)
      const ends = await Promise.all(Array.from({ length: log.partitions }, (_, p) => log.endOffset(p)))
      const [positions, counts] = await database.tx(tenantId, (tx) =>
        Promise.all([store.selectAllPositions(tx), store.countLetters(tx)]),
      )
      return targets.map(({ id, url }) => {
        const own = positions.filter(({ targetId }) => targetId === id)
        const behind = own.reduce(
          (sum, { partition, next }) => sum + (ends[partition] ?? 0) - Number(next),
          0,
        )
        const countOf = (state: string): number =>
          counts.find((one) => one.targetId === id && one.state === state)?.count ?? 0
        const health = followers.healthOf(tenantId, id)
        return { id, url, ...health, behind, waiting: countOf('waiting'), dead: countOf('dead') }
      })
    },
    async dead(tenantId, id, limit) {
      const targetId = await targetOf(tenantId, id)
      return database.tx(tenantId, (tx) => store.selectDead(tx, targetId, limit))
    },
    async revive(tenantId, id, letterIds) {
      const targetId = await targetOf(tenantId, id)
      const now = clock.now()
      const count = await database.tx(tenantId, (tx) => store.reviveLetters(tx, targetId, letterIds, now))
      followers.wake(tenantId)
      return count
    },
    stop: () => followers.stop(),
  }
}
