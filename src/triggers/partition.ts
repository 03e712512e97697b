import { FLAGS_AT, REPLAYED } from '../events/index.ts'
import { FRAME_BYTES, type LogChunk } from '../platform/index.ts'
import { Calendar } from './calendar.ts'
import { compacted } from './compaction.ts'
import type { CompiledRule } from './compile.ts'
import type { ClockFiring, Decision, LateRecord, LiveRule, PartitionParts } from './decision.ts'
import { dataStart, Dispatch, type Reading } from './dispatch.ts'
import { Lookahead } from './lookahead.ts'
import { placeWord, refWord, timeOf } from './order.ts'
import { codeOf, type EventFields, type Fold, isScalar } from './rule-kind.ts'
import { HEADER_WORDS, QUEUED, Slice } from './slice.ts'
import { Timers } from './timers.ts'
import { WordArena } from './word-arena.ts'

/** Words for each rule that sees an event, in the block of its subscriber: it need not move with each of them. */
const ROOM_PER_RULE = 3

/**
 * What the rules remember of the subscribers of one partition, and the reading of events into it. No store, no clock:
 * records go in, decisions come out.
 */
export class Partition {
  readonly #parts: PartitionParts
  /** By number; those of subscribers never seen are missing. */
  readonly slices: (Slice | undefined)[] = []
  /** Where the words of the slices come from. */
  readonly arena = new WordArena()
  readonly rules = new Map<number, LiveRule>()
  readonly timers = new Timers()
  /** What every step of this partition works with. */
  readonly fold: Fold
  readonly #entry = new Float64Array(64)
  readonly #ahead: Lookahead
  readonly #horizonDistanceMs: number
  /** The bits of a subscriber's number that say where in its slice it sits. */
  readonly #seatMask: number
  #rule: CompiledRule | undefined
  #subscriberId = 0
  #key: number | null = null
  #decided = 0
  /** Slices with much idle room. */
  readonly #loose = new Set<number>()
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  #dispatch: Dispatch | undefined
  /** The next offset at which a rule begins to see events. */
  #nextStart = Number.POSITIVE_INFINITY
  decisions: Decision[] = []
  late: LateRecord[] = []
  /** Subscribers with an event that was let in however late: they must be read anew from the log. */
  readonly reread = new Set<number>()
  /** The clock's firings to repeat, the next one last. */
  repeats: ClockFiring[] = []
  position = 0
  /** Events that a rule's condition held for. */
  seen = 0

  constructor(parts: PartitionParts) {
    this.#parts = parts
    this.#ahead = new Lookahead(parts)
    this.#seatMask = 2 ** parts.sliceBits - 1
    this.#horizonDistanceMs = parts.keepsAll === true ? Number.POSITIVE_INFINITY : parts.latenessMs
    this.fold = {
      words: new Float64Array(0),
      state: 0,
      entry: 0,
      index: 0,
      settled: 0,
      entries: 0,
      stride: 0,
      subscriberId: 0,
      calendar: new Calendar(parts.zoneOf),
      causePlace: Number.NaN,
      causeRef: Number.NaN,
      firedAtMs: Number.NaN,
    }
  }

  /** Sets the rules that run from now on. Memory of rules that are not among them is swept away by and by. */
  setRules(rules: LiveRule[]): void {
    this.rules.clear()
    for (const live of rules) this.rules.set(live.rule.number, live)
    this.#awaken()
  }

  /** One rule more, which comes with its memory. */
  addRule(live: LiveRule): void {
    this.rules.set(live.rule.number, live)
    this.#awaken()
  }

  /** Reads a chunk up to the offset `until`. Records before the partition's position are passed over. */
  read(chunk: LogChunk, until = Number.POSITIVE_INFINITY): void {
    const { bytes } = chunk
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const ahead = this.#ahead
    let offset = chunk.firstOffset
    for (let frame = 0; frame < view.byteLength && offset < until;) {
      const count = ahead.look(view, frame, this.slices)
      for (let i = 0; i < count && offset < until; i++, offset++) {
        const at = frame + FRAME_BYTES
        frame = ahead.ends[i]!
        if (offset < this.position) continue
        if (offset >= this.#nextStart) this.#awaken(offset)
        if (this.repeats.length > 0) this.#repeatUntil(offset)
        this.#take(bytes, view, at, frame, offset, ahead.subscriberIds[i]!, ahead.seats[i]!)
      }
    }
    if (offset > this.position) this.position = offset
    if (this.#loose.size > 0) this.#tighten()
  }

  /** Between two chunks, when nobody holds a place in a slice. */
  #tighten(): void {
    for (const index of this.#loose) this.compact(index)
    this.#loose.clear()
  }

  #take(
    bytes: Buffer,
    view: DataView,
    at: number,
    end: number,
    offset: number,
    subscriberId: number,
    seat: number,
  ): void {
    const { only, sliceBits, latenessMs, keepsAll } = this.#parts
    if (subscriberId === 0 || (only !== undefined && !only.has(subscriberId))) return
    const slice = this.#sliceAt(seat >>> sliceBits)
    if (offset < slice.position) return
    const subscriber = seat & this.#seatMask
    const atMs = view.getFloat64(at + 8, true)
    const newestMs = slice.newestMs(subscriber)
    if (atMs < newestMs - latenessMs || (keepsAll === true && atMs <= newestMs)) {
      const isReplayed = (view.getUint16(at + FLAGS_AT, true) & REPLAYED) !== 0
      if (atMs < newestMs - latenessMs && !isReplayed) {
        this.late.push({ record: bytes.subarray(at, end), newestMs })
        return
      }
      if (isReplayed && keepsAll !== true) {
        this.reread.add(subscriberId)
        return
      }
    }
    const plan = this.#dispatch!.planFor(bytes, view, at)
    const isRead = plan !== undefined && plan.reader.read(bytes, dataStart(view, at), end)
    const count = isRead ? plan.index.match(plan.reader.event, plan.matched) : 0
    if (atMs > newestMs) slice.setNewestMs(subscriber, atMs, count * ROOM_PER_RULE)
    if (count === 0) return
    const { event } = plan!.reader
    if (slice.isLoose && keepsAll !== true) this.#loose.add(seat >>> sliceBits)
    this.seen++
    const entry = this.#entry
    entry[0] = placeWord(atMs, view.getUint32(at, true))
    entry[1] = refWord(offset, view.getUint32(at + 4, true))
    const horizonMs = Math.max(atMs, newestMs) - this.#horizonDistanceMs
    const { readings, matched } = plan!
    for (let i = 0; i < count; i++) {
      const reading = readings[matched[i]!]!
      this.#observe(reading, event, slice, subscriber, subscriberId, horizonMs, offset, bytes, at, end)
    }
  }

  #observe(
    { rule, observe }: Reading,
    event: EventFields,
    slice: Slice,
    subscriber: number,
    subscriberId: number,
    horizonMs: number,
    offset: number,
    bytes: Buffer,
    at: number,
    end: number,
  ): void {
    const entry = this.#entry
    if (observe !== null && !observe(event, entry)) return
    let key: number | undefined
    if (rule.keyOf !== undefined) {
      const value = rule.keyOf(event)
      if (!isScalar(value)) return
      key = codeOf(value)
    }
    const fold = this.fold
    fold.subscriberId = subscriberId
    this.#aim(rule, subscriberId, key ?? null, 4 * offset + 4)
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    if (rule.isStateless) {
      const firedAtMs = timeOf(entry[0]!)
      const passes = rule.gate.pass(fold.words, 0, firedAtMs, subscriberId, fold.calendar)
      if (passes) this.#verdict(entry[1]!, firedAtMs, true)
      return
    }
    const place = rule.tracks.take(slice, fold, subscriber, key, entry, horizonMs, this.#verdict)
    if (rule.kind.deadlineMs === undefined || slice.hasFlag(place, QUEUED)) return
    this.#queue(slice, rule, place, rule.tracks.presentDeadline(slice, place), subscriberId, key ?? 0)
  }

  #aim(rule: CompiledRule, subscriberId: number, key: number | null, decided: number): void {
    this.#rule = rule
    this.#subscriberId = subscriberId
    this.#key = key
    this.#decided = decided
  }

  /** One function for all verdicts: what it is about stands beside it, so that an event makes no closure. */
  readonly #verdict = (causeRef: number, firedAtMs: number, stands: boolean): void => {
    const isOwn = this.#decided % 4 === 0 && causeRef === this.#entry[1]
    this.decisions.push({
      rule: this.#rule!,
      subscriberId: this.#subscriberId,
      key: this.#key,
      causeRef,
      firedAtMs,
      stands,
      decided: this.#decided,
      record: isOwn ? this.#bytes.subarray(this.#at, this.#end) : undefined,
    })
  }

  /** Puts a track that waits into the timers. */
  #queue(
    slice: Slice,
    rule: CompiledRule,
    place: number,
    deadlineMs: number,
    subscriberId: number,
    key: number,
  ): void {
    if (Number.isNaN(deadlineMs)) return
    slice.setFlag(place, QUEUED, true)
    this.timers.add(deadlineMs, rule.number, subscriberId, key)
  }

  /** Fires the waits that ran out by `nowMs`, a bucket of timers; false when none is due. The log must have been read. */
  expireSome(nowMs: number): boolean {
    const due = this.timers.take(nowMs)
    if (due === undefined) return false
    for (const { rule: number, subscriberId, key } of due) {
      const live = this.rules.get(number)
      if (live === undefined) continue
      const { rule } = live
      const found = this.#trackOf(rule, subscriberId, key)
      if (found === undefined) continue
      const { slice, place } = found
      slice.setFlag(place, QUEUED, false)
      const deadlineMs = rule.tracks.deadlineOf(slice, this.fold, place)
      if (deadlineMs <= nowMs) this.#expire(slice, rule, place, subscriberId, this.position)
      else this.#queue(slice, rule, place, deadlineMs, subscriberId, key)
    }
    return true
  }

  #expire(slice: Slice, rule: CompiledRule, place: number, subscriberId: number, readTo: number): void {
    this.fold.subscriberId = subscriberId
    const key = rule.keyField === undefined ? null : slice.words[place + HEADER_WORDS]!
    this.#aim(rule, subscriberId, key, 4 * readTo + 2)
    rule.tracks.expire(slice, this.fold, place, this.#verdict)
  }

  #repeatUntil(offset: number): void {
    for (let next = this.repeats.at(-1); next && next.readTo <= offset; next = this.repeats.at(-1)) {
      this.repeats.pop()
      const live = this.rules.get(next.rule)
      const found = live && this.#trackOf(live.rule, next.subscriberId, next.key ?? 0)
      if (!live || !found || found.slice.position > next.readTo) continue
      // The memory may be younger than this firing, and then the wait is settled already.
      if (live.rule.tracks.deadlineOf(found.slice, this.fold, found.place) !== next.firedAtMs) continue
      this.#expire(found.slice, live.rule, found.place, next.subscriberId, next.readTo)
    }
  }

  /** Where a rule remembers a subscriber. */
  #trackOf(
    rule: CompiledRule,
    subscriberId: number,
    key: number,
  ): { slice: Slice; place: number } | undefined {
    const seat = this.seatOf(subscriberId)
    if (seat === undefined) return undefined
    const { slice, subscriber } = seat
    const place = slice.find(rule.number, subscriber, rule.keyField === undefined ? undefined : key)
    return place === 0 ? undefined : { slice, place }
  }

  #sliceAt(index: number): Slice {
    return (this.slices[index] ??= new Slice(this.#parts.sliceBits, this.position, this.arena))
  }

  /** Takes up the rules whose start has been reached, and notes the next start. */
  #awaken(offset = this.position): void {
    const live = [...this.rules.values()]
    this.#dispatch = new Dispatch(live.filter(({ start }) => start <= offset).map(({ rule }) => rule))
    this.#nextStart = Math.min(...live.map(({ start }) => start).filter((start) => start > offset))
  }

  /** Makes the timers anew from the memory. */
  restoreTimers(): void {
    this.slices.forEach((slice, index) => {
      if (slice === undefined) return
      for (const subscriber of slice.blocks.keys()) {
        for (const place of slice.tracksOf(subscriber)) {
          const rule = this.rules.get(slice.ruleOf(place))?.rule
          if (rule?.kind.deadlineMs === undefined) continue
          slice.setFlag(place, QUEUED, false)
          const subscriberId = this.#subscriberIdOf(index, subscriber)
          const key = rule.keyField === undefined ? 0 : slice.words[place + HEADER_WORDS]!
          this.fold.subscriberId = subscriberId
          const deadlineMs = rule.tracks.deadlineOf(slice, this.fold, place)
          this.#queue(slice, rule, place, deadlineMs, subscriberId, key)
        }
      }
    })
  }

  /** Takes over tracks from another reading of the same log, up to the same place; it has none of them itself. */
  adopt(other: Partition): void {
    other.slices.forEach((from, index) => {
      if (from === undefined) return
      const slice = this.#sliceAt(index)
      for (const subscriber of from.blocks.keys()) {
        const subscriberId = this.#subscriberIdOf(index, subscriber)
        const newestMs = Math.max(slice.newestMs(subscriber), from.newestMs(subscriber))
        if (newestMs > slice.newestMs(subscriber)) slice.setNewestMs(subscriber, newestMs)
        for (const place of from.tracksOf(subscriber)) {
          const rule = this.rules.get(from.ruleOf(place))?.rule
          if (rule === undefined) continue
          const key = rule.keyField === undefined ? undefined : from.words[place + HEADER_WORDS]!
          const taken = slice.take(from, place, subscriber, key, from.sizeOf(place))
          slice.setFlag(taken, QUEUED, false)
          this.fold.subscriberId = subscriberId
          const horizonMs = newestMs - this.#horizonDistanceMs
          const settled = rule.tracks.settle(slice, this.fold, subscriber, taken, horizonMs)
          const deadlineMs = rule.tracks.deadlineOf(slice, this.fold, settled)
          this.#queue(slice, rule, settled, deadlineMs, subscriberId, key ?? 0)
        }
      }
    })
  }

  /** Where a subscriber is remembered; undefined when nothing is. */
  seatOf(subscriberId: number): { slice: Slice; subscriber: number } | undefined {
    const { partitions, sliceBits } = this.#parts
    const seat = Math.floor(subscriberId / partitions)
    const slice = this.slices[seat >>> sliceBits]
    return slice && { slice, subscriber: seat & this.#seatMask }
  }

  /** Puts a slice into as little room as it needs. */
  compact(index: number): Slice {
    const small = compacted(
      this.slices[index]!,
      this.#parts.sliceBits,
      this.rules,
      this.fold,
      this.#parts.latenessMs,
      (subscriber) => this.#subscriberIdOf(index, subscriber),
    )
    this.slices[index] = small
    return small
  }

  /** Forgets everything of some subscribers but how far their events have come. */
  forget(subscriberIds: Iterable<number>): void {
    for (const subscriberId of subscriberIds) {
      const seat = this.seatOf(subscriberId)
      seat?.slice.clear(seat.subscriber)
    }
  }

  #subscriberIdOf(sliceIndex: number, subscriber: number): number {
    const { partition, partitions, sliceBits } = this.#parts
    return (sliceIndex * 2 ** sliceBits + subscriber) * partitions + partition
  }

  get stateBytes(): number {
    return this.slices.reduce((sum, slice) => sum + (slice?.bytes ?? 0), 0)
  }
}
