import { setImmediate } from 'node:timers/promises'
import { type LogChunk, piecesOf, ReadRoom, type StageResult } from '../platform/index.ts'
import { type CheckpointHead, Checkpoints, type RuleEntry } from './checkpoints.ts'
import { compileRule, digestOf } from './compile.ts'
import type { LiveRule } from './decision.ts'
import { Partition } from './partition.ts'
import { reread } from './reread.ts'
import type { PartitionStats, Rules, RunnerParts } from './runner-parts.ts'
import { claimPartition, selectClockFirings } from './store.ts'
import type { Slice } from './slice.ts'
import { encodeSlice } from './snapshot.ts'
import { Storing } from './storing.ts'
import { Texts } from './texts.ts'

/** Records that are read before others get their turn: a few milliseconds, for answers wait meanwhile. */
const TURN_RECORDS = 1_000

const LOOK_AGAIN_MS = 20

type Backfill = { live: LiveRule; memory: Partition }

/**
 * Runs one tenant's rules over one partition of its log. Decisions are stored before a checkpoint that has them behind
 * it is written, so reading the log again from a checkpoint finds at least every decision that was not stored. After
 * an error the memory may hold half a batch: the runner is then thrown away and begun again from the checkpoint.
 */
export class Runner {
  readonly #parts: RunnerParts
  #checkpoints: Checkpoints
  /** Says by `epoch` that this runner, and no later one, writes for the partition. */
  readonly #storing: Storing
  readonly #room = new ReadRoom()
  #memory: Partition
  #texts = new Texts()
  #entries: RuleEntry[] = []
  #lastNumber = 0
  #backfills: Backfill[] = []
  #problems: Record<string, string> = {}
  #isRestored = false
  /** Before this place some slices pass over what they have already, and would pass it over for a new rule too. */
  #recoveredAt = 0
  /** How many versions of rules there were when they were taken up. */
  #versions = 0
  #eventsSinceCheckpoint = 0
  #checkpointAtWorkMs: number
  #nextSlice = 0
  #written: Promise<void> = Promise.resolve()
  #isWriting = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#storing = new Storing(parts)
    this.#checkpoints = this.#checkpointsBy(0n)
    this.#checkpointAtWorkMs = parts.options.workMs()
    this.#memory = this.#emptyMemory()
  }

  #checkpointsBy(epoch: bigint): Checkpoints {
    const { checkpointsOf, tenantId, partition } = this.#parts
    return new Checkpoints(checkpointsOf({ partition, epoch }), tenantId, partition)
  }

  #emptyMemory(position = 0): Partition {
    const { partition, log, zoneOf, options } = this.#parts
    const memory = new Partition({
      partition,
      partitions: log.partitions,
      sliceBits: options.sliceBits,
      latenessMs: options.latenessMs,
      zoneOf,
    })
    memory.position = position
    return memory
  }

  /**
   * Takes up new and changed rules; the others keep their memory. A new rule begins at the end of the log as it was
   * when the rule was saved, or at its beginning with `backfill`; a known one where its checkpoint says. One that begins
   * before the place that was read to reads on its own until it is there.
   */
  async load(rules: Rules): Promise<void> {
    const { log, partition, options } = this.#parts
    if (!this.#isRestored) {
      const { database, tenantId } = this.#parts
      const epoch = await database.tx(tenantId, (tx) => claimPartition(tx, partition))
      this.#storing.epoch = epoch
      this.#checkpoints = this.#checkpointsBy(epoch)
      await this.#restore()
    }
    const mark = await this.#checkpoints.pendingStart()
    const start = mark?.offset ?? (await log.endOffset(partition))
    this.#problems = {}
    const live: LiveRule[] = []
    const entries: RuleEntry[] = []
    const backfills: Backfill[] = []
    for (const trigger of rules.triggers) {
      if (trigger.date) continue
      const digest = digestOf(trigger, options.latenessMs)
      const known = this.#entries.find((entry) => entry.id === trigger.id && entry.digest === digest)
      const running = this.#backfills.find(
        ({ live }) => live.rule.id === trigger.id && live.rule.digest === digest,
      )
      const number = known?.number ?? running?.live.rule.number ?? ++this.#lastNumber
      try {
        const rule = compileRule(trigger, number, {
          fieldsOf: rules.fieldsOf,
          texts: this.#texts,
          latenessMs: options.latenessMs,
          pauses: rules.pausesOf(trigger.id),
          admits: rules.admitsOf(trigger),
        })
        const first = running?.live.start ?? (rule.backfill ? 0 : start)
        const reached = Math.max(this.#memory.position, this.#recoveredAt)
        if (known === undefined && (rule.backfill || first < reached)) {
          const memory = running?.memory ?? this.#emptyMemory(first)
          memory.setRules([{ rule, start: first }])
          backfills.push({ live: { rule, start: first }, memory })
          continue
        }
        const entry = known ?? { number, id: trigger.id, digest, start }
        entries.push(entry)
        live.push({ rule, start: entry.start })
      } catch (error) {
        this.#problems[trigger.id] = (error as Error).message
      }
    }
    this.#entries = entries
    this.#backfills = backfills
    this.#memory.setRules(live)
    if (!this.#isRestored) await this.#recallClock()
    this.#isRestored = true
    // A new rule's place must survive a crash from now on.
    await this.#write([])
    await this.#written
    this.#versions = rules.versions
    await this.#clearStart()
  }

  /** The place where new rules begin is remembered until all of them are part of a checkpoint. */
  async #clearStart(): Promise<void> {
    const isAwaited = this.#backfills.some(({ live }) => !live.rule.backfill)
    if (!isAwaited) await this.#checkpoints.clearStart(this.#versions)
  }

  /** Reads on, up to the end of the log or of this run's share, then fires what the clock has reached. */
  async run(nowMs: number): Promise<StageResult> {
    const { log, partition, options } = this.#parts
    // What happened before this moment lies in the log before this end.
    const end = await log.endOffset(partition)
    let handled = 0
    for (let batch = 0; batch < options.batchesPerRun; batch++) {
      const read = await this.#readBatch(end)
      if (read === 0) break
      handled += read
      await this.#checkpointWhenDue()
      await setImmediate()
    }
    if (this.#memory.position >= end) {
      while (this.#memory.expireSome(nowMs)) {
        handled++
        if (this.#memory.decisions.length >= options.batchEvents) await this.#store()
      }
      await this.#store()
      await this.#checkpointWhenDue()
    }
    if (this.#parts.awaitsStores) await this.#storing.stored()
    // Before the end of the log no wait is over, and where nothing could be read of it, it is looked at again soon.
    const isBehind = this.#memory.position < end
    return { more: handled > 0, nextDueMs: isBehind ? nowMs + LOOK_AGAIN_MS : this.#memory.timers.nextMs }
  }

  /** Writes the memory of all rules, so that the next start has nothing to read again. */
  async close(): Promise<void> {
    await this.#storing.stored()
    if (this.#isRestored) await this.#checkpoint(this.#memory.slices.length)
    await this.#written
  }

  async stats(): Promise<PartitionStats> {
    const { log, partition, options } = this.#parts
    const { tooLate, firings, retracted, latency } = this.#storing.stats()
    return {
      partition,
      position: this.#memory.position,
      end: await log.endOffset(partition),
      stateBytes: this.#memory.stateBytes,
      checkpointAgeMs: options.workMs() - this.#checkpointAtWorkMs,
      tooLate,
      firings,
      retracted,
      latency: latency.buckets(),
      problems: this.#problems,
      catchingUp: Object.fromEntries(
        this.#backfills.map(({ live, memory }) => [live.rule.id, memory.position]),
      ),
    }
  }

  /** The memory itself, for explanations. Not to be changed. */
  get memory(): Partition {
    return this.#memory
  }

  async #restore(): Promise<void> {
    const { options } = this.#parts
    const head = await this.#checkpoints.readHead()
    if (head === undefined) return
    this.#entries = head.rules
    this.#lastNumber = head.lastNumber
    this.#texts = new Texts(head.texts)
    const slices: Slice[] = []
    for (const index of head.slices) {
      const slice =
        head.sliceBits === options.sliceBits
          ? await this.#checkpoints.readSlice(index, options.sliceBits, this.#memory.arena)
          : undefined
      // Written by another version: everything that it says stands in the log, which is read from its beginning.
      if (slice === undefined) return
      slices[index] = slice
    }
    for (const index of head.slices) {
      this.#memory.slices[index] = slices[index]!
      this.#recoveredAt = Math.max(this.#recoveredAt, slices[index]!.position)
    }
    this.#memory.position = head.restartFrom
  }

  /** What follows from the checkpoint beside the log: the waits that run, and what the clock did after it. */
  async #recallClock(): Promise<void> {
    const { database, tenantId, partition } = this.#parts
    this.#memory.restoreTimers()
    const from = this.#memory.position
    const firings = await database.tx(tenantId, (tx) => selectClockFirings(tx, partition, from))
    const numbers = new Map(this.#entries.map(({ id, number }) => [id, number]))
    this.#memory.repeats = firings
      .flatMap(({ ruleId, ...firing }) => {
        const rule = numbers.get(ruleId)
        return rule === undefined ? [] : [{ rule, ...firing }]
      })
      .toReversed()
  }

  async #readBatch(end: number): Promise<number> {
    const { log, partition, options } = this.#parts
    const memory = this.#memory
    const from = memory.position
    if (from < end) {
      for (const chunk of await log.read(partition, from, options.batchEvents, this.#room))
        await this.#readChunk(chunk)
    }
    const caughtUp = await this.#readBackfills()
    if (memory.reread.size > 0) await this.#reread()
    const read = memory.position - from
    this.#eventsSinceCheckpoint += read
    await this.#store()
    return read + caughtUp
  }

  /** Reads a chunk by and by; what is decided is on its way while reading goes on. */
  async #readChunk(chunk: LogChunk): Promise<void> {
    const memory = this.#memory
    for (const piece of piecesOf(chunk, TURN_RECORDS)) {
      memory.read(piece)
      await this.#store()
      await setImmediate()
    }
  }

  /** Rules that read from the beginning go on by themselves, and join the others where they meet. */
  async #readBackfills(): Promise<number> {
    const { log, partition, options } = this.#parts
    let read = 0
    for (const { live, memory } of this.#backfills) {
      const from = memory.position
      const until = this.#memory.position
      if (from < until) {
        for (const chunk of await log.read(partition, from, Math.min(options.batchEvents, until - from))) {
          memory.read(chunk, until)
        }
        read += memory.position - from
      }
      for (const decision of memory.decisions) this.#memory.decisions.push(decision)
      memory.decisions = []
      memory.late = []
      if (memory.position < Math.max(this.#memory.position, this.#recoveredAt)) continue
      await this.#join(live, memory)
      read++
    }
    return read
  }

  /** Its memory is durable only with every slice, and only then may a checkpoint say that the rule is in them. */
  async #join(live: LiveRule, memory: Partition): Promise<void> {
    const { number, id, digest } = live.rule
    this.#backfills = this.#backfills.filter((backfill) => backfill.live !== live)
    this.#memory.addRule(live)
    this.#memory.adopt(memory)
    // Whoever had an event let in late is read anew, now with this rule too.
    for (const subscriberId of memory.reread) this.#memory.reread.add(subscriberId)
    if (this.#memory.reread.size > 0) await this.#reread()
    await this.#checkpoint(this.#memory.slices.length)
    await this.#written
    this.#entries.push({ number, id, digest, start: live.start })
    await this.#write([])
    await this.#written
    await this.#clearStart()
  }

  async #reread(): Promise<void> {
    await this.#store()
    await this.#storing.stored()
    await reread({ ...this.#parts, epoch: this.#storing.epoch, memory: this.#memory })
  }

  /** Hands over what was decided. Reading goes on meanwhile, unless too much waits to be stored. */
  async #store(): Promise<void> {
    const { decisions, late } = this.#memory
    this.#memory.decisions = []
    this.#memory.late = []
    // The bytes of a record are read over.
    for (const decision of decisions) decision.record &&= Buffer.from(decision.record)
    for (const letter of late) letter.record = Buffer.from(letter.record)
    this.#storing.add(decisions, late)
    await this.#storing.room()
  }

  async #checkpointWhenDue(): Promise<void> {
    const { checkpointEvents, checkpointWorkMs, workMs } = this.#parts.options
    const sinceMs = workMs() - this.#checkpointAtWorkMs
    const { slices } = this.#memory
    const count = slices.length
    if (count === 0 || this.#eventsSinceCheckpoint === 0) return
    // As large a part of the slices as the share of the cycle that has passed, so that no step is a long one.
    const share = Math.max(this.#eventsSinceCheckpoint / checkpointEvents, sinceMs / checkpointWorkMs)
    if (share * count < 1) return
    if (this.#isWriting) return
    await this.#written
    await this.#checkpoint(Math.min(count, Math.floor(share * count)))
  }

  async #checkpoint(count: number): Promise<void> {
    const { slices, position } = this.#memory
    // A subscriber who must be read anew is not in the memory as a checkpoint would claim.
    if (this.#memory.reread.size > 0) return
    const taken: { index: number; bytes: Buffer }[] = []
    for (let i = 0; i < count && slices.length > 0; i++) {
      const index = this.#nextSlice++ % slices.length
      if (slices[index]?.isDirty !== true) continue
      const slice = this.#memory.compact(index)
      taken.push({ index, bytes: encodeSlice(slice, position) })
      slice.isDirty = false
      slice.writtenTo = position
    }
    this.#eventsSinceCheckpoint = 0
    this.#checkpointAtWorkMs = this.#parts.options.workMs()
    await this.#write(taken)
  }

  /**
   * Writes slices as they were taken just now, in the background: reading goes on. They follow what was decided before
   * them into the stores, and each other in order. `#written` is when they are there.
   */
  async #write(slices: { index: number; bytes: Buffer }[]): Promise<void> {
    const head = this.#head()
    await this.#store()
    const storing = this.#storing.stored()
    this.#isWriting = true
    const before = this.#written
    this.#written = Promise.all([before, storing])
      .then(() => this.#checkpoints.write(slices, head))
      .finally(() => (this.#isWriting = false))
    // Whoever goes on waits for it and hears of the failure.
    this.#written.catch(() => undefined)
  }

  #head(): CheckpointHead {
    const { slices, position } = this.#memory
    const present = [...slices.keys()].filter((index) => slices[index] !== undefined)
    let restartFrom = position
    for (const index of present) {
      const { isDirty, writtenTo } = slices[index]!
      if (isDirty) restartFrom = Math.min(restartFrom, writtenTo)
    }
    return {
      format: 1,
      rules: this.#entries,
      lastNumber: this.#lastNumber,
      texts: this.#texts.list,
      slices: present,
      restartFrom,
      sliceBits: this.#parts.options.sliceBits,
    }
  }
}
