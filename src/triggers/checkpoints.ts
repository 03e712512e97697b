import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot.ts'

/** A durable key-value space, as `LmdbLogStore.checkpoints()` gives it. */
export interface CheckpointSpace {
  get(key: string): Uint8Array | undefined
  /** Resolves when durable. */
  put(key: string, value: Buffer): Promise<unknown>
  remove(key: string): Promise<unknown>
  putSync(key: string, value: Buffer): void
}

/** The checkpoints of one tenant's rules: one entry a rule, so that rules come and go without touching others. */
export class Checkpoints {
  readonly #space: CheckpointSpace
  readonly #tenantId: string

  constructor(space: CheckpointSpace, tenantId: string) {
    this.#space = space
    this.#tenantId = tenantId
  }

  read(ruleId: string): Snapshot | undefined {
    const stored = this.#space.get(this.#ruleKey(ruleId))
    return stored && decodeSnapshot(stored)
  }

  async write(ruleId: string, snapshot: Snapshot): Promise<void> {
    await this.#space.put(this.#ruleKey(ruleId), encodeSnapshot(snapshot))
  }

  /** Where rules begin that were saved but not yet taken up: the log's end at the moment of saving. */
  get pendingStart(): number | undefined {
    const stored = this.#space.get(this.#startKey)
    return stored && Number(Buffer.from(stored).toString())
  }

  /** Remembers that moment before the saving returns, so that a crash cannot move it. */
  markStart(offset: number): void {
    if (this.pendingStart === undefined) this.#space.putSync(this.#startKey, Buffer.from(String(offset)))
  }

  async clearStart(): Promise<void> {
    if (this.pendingStart !== undefined) await this.#space.remove(this.#startKey)
  }

  #ruleKey(ruleId: string): string {
    return `triggers/${this.#tenantId}/rule/${ruleId}`
  }

  get #startKey(): string {
    return `triggers/${this.#tenantId}/start`
  }
}
