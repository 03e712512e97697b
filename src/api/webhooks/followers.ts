import { type Clock, type Database, type EventLog, newId } from '../../platform/index.ts'
import { networksOf } from './address.ts'
import { Follower } from './follower.ts'
import { type TargetSources, targetsOf } from './targets.ts'

export type FollowersParts = TargetSources & {
  database: Database
  clock: Clock
  logOf(tenantId: string): EventLog
  onError(error: unknown): void
  /** Inside networks that may be called, such as `10.20.0.0/16`. */
  allowedNetworks?: readonly string[]
  /** How soon another process takes over from one that died; for tests. */
  leaseMs?: number
}

const LEASE_MS = 30_000

/** The deliveries of this process. */
export class Followers {
  readonly #parts: FollowersParts
  readonly #allowed: ReturnType<typeof networksOf>
  readonly #owner = newId()
  readonly #tenants = new Map<string, Map<string, Follower>>()

  constructor(parts: FollowersParts) {
    this.#parts = parts
    this.#allowed = networksOf(parts.allowedNetworks ?? [])
  }

  /** Lets those work who are wanted, as they are now, and no others. */
  async reconcile(tenantId: string): Promise<void> {
    const { database, clock, documents, logOf, onError, leaseMs = LEASE_MS } = this.#parts
    const running = this.#tenants.get(tenantId) ?? new Map<string, Follower>()
    this.#tenants.set(tenantId, running)
    const forms = await documents.fingerprint(tenantId, ['EventType'])
    const targets = await targetsOf(this.#parts, tenantId, forms)
    const wanted = new Map(targets.map((one) => [one.id, one]))
    for (const [id, follower] of running) {
      if (wanted.get(id)?.version === follower.target.version) continue
      running.delete(id)
      await follower.stop()
    }
    const types = async (): Promise<string[]> =>
      ((await documents.reader(tenantId)).list('EventType') as { id: string }[]).map(({ id }) => id)
    const common = { database, clock, tenantId, log: logOf(tenantId), types, onError, leaseMs }
    for (const [id, target] of wanted) {
      if (running.has(id)) continue
      running.set(id, new Follower(target, { ...common, allowed: this.#allowed, owner: this.#owner }))
    }
  }

  /** Tells all deliveries of a tenant that there may be something to do. */
  wake(tenantId: string): void {
    for (const follower of this.#tenants.get(tenantId)?.values() ?? []) follower.wake()
  }

  /** Lets a target be asked at once, though it counts as down. */
  hurry(tenantId: string, targetId: string): void {
    this.#tenants.get(tenantId)?.get(targetId)?.hurry()
  }

  async stop(): Promise<void> {
    const all = [...this.#tenants.values()].flatMap((followers) => [...followers.values()])
    this.#tenants.clear()
    await Promise.all(all.map((follower) => follower.stop()))
  }
}
