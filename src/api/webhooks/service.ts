import { randomBytes } from 'node:crypto'
import { type Documents, DomainError, type Stage } from '../../platform/index.ts'
import type { LetterState, Webhook } from './contract.ts'
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
  /** Letters in a state, the earliest first. Throws `webhook_not_found`. */
  letters(tenantId: string, id: string, state: LetterState, limit: number): Promise<store.StoredLetter[]>
  /** Sends letters now, all of a state or some; returns how many. Throws `webhook_not_found`. */
  retry(tenantId: string, id: string, state: LetterState, letterIds: string[] | null): Promise<number>
  /** Gives a webhook a new secret, which is told this once; the one before signs besides. Throws `webhook_not_found`. */
  changeSecret(tenantId: string, id: string): Promise<string>
  stop(): Promise<void>
}

const kinds = ['Webhook', 'EventType']
const LOOK_MS = 1_000
const SECRET_BYTES = 32

async function changeSecret(documents: Documents, tenantId: string, id: string): Promise<string> {
  const saved = await documents.get<Webhook>(tenantId, 'Webhook', id)
  if (!saved) return notFound(id)
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
  await documents.apply(tenantId, [{ ...saved, secret, formerSecret: saved.secret }])
  return secret
}

function notFound(id: string): never {
  const code: WebhookErrorCode = 'webhook_not_found'
  throw new DomainError(code, `no active webhook "${id}"`, { field: 'id', found: id })
}

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
    return found ? found.id : notFound(id)
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
      const [positions, counts, all] = await database.tx(tenantId, (tx) =>
        Promise.all([store.selectAllPositions(tx), store.countLetters(tx), store.selectHealth(tx)]),
      )
      return targets.map(({ id, url }) => {
        const own = positions.filter(({ targetId }) => targetId === id)
        const behind = own.reduce(
          (sum, { partition, next }) => sum + (ends[partition] ?? 0) - Number(next),
          0,
        )
        const countOf = (state: string): number =>
          counts.find((one) => one.targetId === id && one.state === state)?.count ?? 0
        const { failures = 0, lastError = null } = all.find(({ targetId }) => targetId === id) ?? {}
        const letters = { waiting: countOf('waiting'), dead: countOf('dead') }
        return { id, url, isDown: failures > 0, lastError, behind, ...letters }
      })
    },
    async letters(tenantId, id, state, limit) {
      const targetId = await targetOf(tenantId, id)
      return database.tx(tenantId, (tx) => store.selectLetters(tx, targetId, state, limit))
    },
    async retry(tenantId, id, state, letterIds) {
      const targetId = await targetOf(tenantId, id)
      const now = clock.now()
      const count = await database.tx(tenantId, (tx) =>
        store.retryLetters(tx, targetId, state, letterIds, now),
      )
      followers.hurry(tenantId, targetId)
      return count
    },
    changeSecret: (tenantId, id) => changeSecret(documents, tenantId, id),
    stop: () => followers.stop(),
  }
}
