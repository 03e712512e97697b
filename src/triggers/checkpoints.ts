import { decodeSlice } from './snapshot.ts'
import type { Slice } from './slice.ts'
import type { WordArena } from './word-arena.ts'

/** A durable key-value space: embedded, or in PostgreSQL when partitions move between machines. */
export interface CheckpointSpace {
  get(key: string): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** Resolves when durable. */
  put(key: string, value: Buffer): Promise<unknown>
  remove(key: string): Promise<unknown>
}

/**
 * The space of a tenant. Whoever writes what an engine remembers says by which claim on the partition (its epoch);
 * where partitions move between machines, one that has been claimed again since is refused.
 */
export type CheckpointsOf = (claim?: { partition: number; epoch: bigint }) => CheckpointSpace

/** A rule as the memory of a partition knows it. */
export type RuleEntry = { number: number; id: string; digest: string; start: number }

/** What a checkpoint says beside the slices. */
export type CheckpointHead = {
  format: 1
  rules: RuleEntry[]
  /** The highest rule number ever given. */
  lastNumber: number
  texts: string[]
  /** Which slices there are. */
  slices: number[]
  /** Where reading begins again: what no slice lacks stands before it. */
  restartFrom: number
  sliceBits: number
}

/**
 * Where rules begin: the end of the log right before they were saved. How many versions of rules there were then says
 * who knows them: whoever has read more than that.
 */
export type StartMark = { offset: number; versions: number }

/** The checkpoints of one partition: a head, and one entry a slice, each slice with its own place in the log. */
export class Checkpoints {
  readonly #space: CheckpointSpace
  readonly #prefix: string

  constructor(space: CheckpointSpace, tenantId: string, partition: number) {
    this.#space = space
    this.#prefix = `triggers/${tenantId}/${partition}`
  }

  async readHead(): Promise<CheckpointHead | undefined> {
    const stored = await this.#space.get(`${this.#prefix}/head`)
    if (stored === undefined) return undefined
    const head = JSON.parse(Buffer.from(stored).toString()) as CheckpointHead
    return head.format === 1 ? head : undefined
  }

  async readSlice(index: number, bits: number, arena: WordArena): Promise<Slice | undefined> {
    const stored = await this.#space.get(`${this.#prefix}/slice/${index}`)
    return stored && decodeSlice(stored, bits, arena)
  }

  /** Slices first: a head never speaks of one that is older than it says. */
  async write(slices: { index: number; bytes: Buffer }[], head: CheckpointHead): Promise<void> {
    await Promise.all(
      slices.map(({ index, bytes }) => this.#space.put(`${this.#prefix}/slice/${index}`, bytes)),
    )
    await this.#space.put(`${this.#prefix}/head`, Buffer.from(JSON.stringify(head)))
  }

  /** Where rules begin that were saved lately. */
  async pendingStart(): Promise<StartMark | undefined> {
    const stored = await this.#space.get(`${this.#prefix}/start`)
    return stored && (JSON.parse(Buffer.from(stored).toString()) as StartMark)
  }

  /** Remembers that moment before rules are saved. Others, saved before, that wait to be taken up keep theirs. */
  async markStart({ offset, versions }: StartMark): Promise<void> {
    const waiting = await this.pendingStart()
    const isWaiting = waiting !== undefined && waiting.versions < versions
    const mark: StartMark = { offset: isWaiting ? waiting.offset : offset, versions }
    await this.#space.put(`${this.#prefix}/start`, Buffer.from(JSON.stringify(mark)))
  }

  /** Forgets it unless it is about rules that are not among those taken up, of which there were so many versions. */
  async clearStart(versions: number): Promise<void> {
    const waiting = await this.pendingStart()
    if (waiting !== undefined && waiting.versions < versions)
      await this.#space.remove(`${this.#prefix}/start`)
  }
}
