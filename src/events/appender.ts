import { type EventLog, RecordBatch } from '../platform/index.ts'

/** Appends under way at once: one syncs while the next is handed over. */
const MAX_UNDER_WAY = 2

/** After a group of so many records the next one gathers for a while: a flood shares its commits, one event waits for none. */
const FLOOD_RECORDS = 200
const GATHER_MS = 2

/** Groups that are kept to be used again: one that is being filled, those under way, and one that waits. */
const SPARE_GROUPS = 4

/** A group with so many bytes takes no more. */
const GROUP_BYTES = 4 * 2 ** 20

/** Records that become durable together; `appended` gives a byte for each: 1 for new, 0 for a duplicate. */
export type Group = { batches: RecordBatch[]; appended: Promise<Uint8Array[]> }

type Waiting = Group & { resolve(isNew: Uint8Array[]): void; reject(error: unknown): void }

/**
 * Gathers the records of all requests and streams of a tenant and appends them in groups: a lone event waits for
 * nobody, and while the disk is busy those that come in share the next append.
 */
export class Appender {
  readonly #log: EventLog
  #open: Waiting | undefined
  readonly #ready: Waiting[] = []
  readonly #spare: RecordBatch[][] = []
  #underWay = 0
  #gathersUntilMs = 0
  #isScheduled = false

  constructor(log: EventLog) {
    this.#log = log
  }

  get partitions(): number {
    return this.#log.partitions
  }

  /** The group to write into now. Write to its batches in the same turn of the event loop, and call `submit`. */
  group(): Group {
    if (this.#open && sizeOf(this.#open) >= GROUP_BYTES) {
      this.#ready.push(this.#open)
      this.#open = undefined
    }
    return (this.#open ??= this.#newGroup())
  }

  /** Sees to it that what was written is appended soon. */
  submit(): void {
    if (this.#isScheduled || this.#underWay >= MAX_UNDER_WAY) return
    this.#isScheduled = true
    const send = (): void => {
      this.#isScheduled = false
      this.#send()
    }
    const waitMs = this.#gathersUntilMs - performance.now()
    // The present turn may bring more: a socket's read often carries several requests.
    if (waitMs >= 1) setTimeout(send, waitMs)
    else setImmediate(send)
  }

  #send(): void {
    while (this.#underWay < MAX_UNDER_WAY) {
      const group = this.#ready.shift() ?? this.#open
      if (!group) return
      if (group === this.#open) this.#open = undefined
      if (countOf(group) >= FLOOD_RECORDS) this.#gathersUntilMs = performance.now() + GATHER_MS
      this.#underWay++
      void this.#append(group)
    }
  }

  async #append(group: Waiting): Promise<void> {
    try {
      const isNew = await this.#log.append(group.batches)
      for (const batch of group.batches) batch.clear()
      if (this.#spare.length < SPARE_GROUPS) this.#spare.push(group.batches)
      group.resolve(isNew)
    } catch (error) {
      group.reject(error)
    }
    this.#underWay--
    if (this.#ready.length > 0) this.#send()
    else if (this.#open) this.submit()
  }

  #newGroup(): Waiting {
    const batches = this.#spare.pop() ?? Array.from({ length: this.#log.partitions }, () => new RecordBatch())
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>()
    // Whoever wrote into the group waits for it and hears of the failure; nobody else has to.
    promise.catch(() => undefined)
    return { batches, appended: promise, resolve, reject }
  }
}

function sizeOf({ batches }: Group): number {
  let bytes = 0
  for (const batch of batches) bytes += batch.length
  return bytes
}

function countOf({ batches }: Group): number {
  let records = 0
  for (const { count } of batches) records += count
  return records
}

/** Where in a group somebody's records stand: from and to which record of each partition. */
export class Share {
  readonly #group: Group
  readonly #from: number[]
  #to: number[] = []

  /** Begins where the group's batches end now. */
  constructor(group: Group) {
    this.#group = group
    this.#from = group.batches.map((batch) => batch.count)
  }

  /** Ends where the group's batches end now; returns how many records there are. */
  end(): number {
    this.#to = this.#group.batches.map((batch) => batch.count)
    return this.#to.reduce((sum, to, partition) => sum + to - this.#from[partition]!, 0)
  }

  /** Resolves when the records are durable: how many of them are new. */
  async countNew(): Promise<number> {
    const isNew = await this.#group.appended
    let count = 0
    isNew.forEach((flags, partition) => {
      for (let i = this.#from[partition]!; i < this.#to[partition]!; i++) count += flags[i]!
    })
    return count
  }
}
