import { isUtf8 } from 'node:buffer'
import { type Group, Share } from './appender.ts'
import { type IngestAnswer, listedItems } from './contract.ts'
import type { Ingestion } from './ingestion.ts'
import { isRefused, judge } from './judge.ts'
import { skipSpace } from './json-bytes.ts'
import { MAX_LINE_BYTES, parseLine, tooLong } from './line.ts'
import { LineScanner, type ScanRules } from './scan.ts'
import type { Outcome } from './verdict.ts'

/** A stream of NDJSON on its way into the log. */
export type LineStream = {
  /**
   * Takes bytes wherever the lines break; resolves when the chunk may be used again and the next one given. That is
   * not when its events are durable: while they are on their way, a bounded number of bytes may follow.
   */
  write(chunk: Buffer): Promise<void>
  /** Resolves when every whole line written so far is durable or a dead letter: the counts since the beginning. */
  flushed(): Promise<{ accepted: number; duplicates: number; rejected: number }>
  /** Takes what stands behind the last line feed as a line, and resolves as `flushed` does. */
  end(): Promise<IngestAnswer>
}

/** Bytes of lines that may be on their way to the disk. */
const MAX_BYTES_UNDER_WAY = 8 * 2 ** 20

/** Bytes that are scanned in one go, before others get their turn. */
const SCANNED_BYTES = 256 * 1024

const LINE_FEED = 0x0a
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

type Dependencies = {
  ingestion: Ingestion
  /** Takes events that were refused here: some of them may be taken after all, the others are kept. */
  takeRefused: (tenantId: string, events: unknown[]) => Promise<Outcome[]>
}

/** What one turn does with the lines of a chunk. */
type Turn = { rules: ScanRules; group: Group; refused: { index: number; event: unknown }[] }

/** Reads the lines of one source. Each stream foretells the form of its next line for itself. */
export class EventLines implements LineStream {
  readonly #ingestion: Ingestion
  readonly #takeRefused: Dependencies['takeRefused']
  readonly #tenantId: string
  readonly #answer: IngestAnswer = { accepted: 0, duplicates: 0, rejectedCount: 0, rejected: [] }
  #scanner: LineScanner | undefined
  /** The beginning of a line whose end has not come yet, and how long it is; one that is too long is not all there. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** Lines taken so far, blank ones not counted. */
  #lines = 0
  readonly #underWay = new Set<Promise<void>>()
  /** Resolves when the last turn so far is counted. */
  #last: Promise<void> = Promise.resolve()
  #bytesUnderWay = 0
  #failure: { error: unknown } | undefined

  constructor({ ingestion, takeRefused }: Dependencies, tenantId: string) {
    this.#ingestion = ingestion
    this.#takeRefused = takeRefused
    this.#tenantId = tenantId
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += SCANNED_BYTES) {
      const rules = await this.#ingestion.rules(this.#tenantId)
      this.#throwFailure()
      this.#take(chunk.subarray(at, at + SCANNED_BYTES), rules, false)
      while (this.#bytesUnderWay > MAX_BYTES_UNDER_WAY) await Promise.race(this.#underWay)
    }
  }

  async flushed(): Promise<{ accepted: number; duplicates: number; rejected: number }> {
    await this.#last
    this.#throwFailure()
    const { accepted, duplicates, rejectedCount } = this.#answer
    return { accepted, duplicates, rejected: rejectedCount }
  }

  async end(): Promise<IngestAnswer> {
    this.#take(Buffer.alloc(0), await this.#ingestion.rules(this.#tenantId), true)
    await this.flushed()
    return this.#answer
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error
  }

  /** Writes what the chunk's lines say into the group that is open now; the beginning of its last line waits. */
  #take(chunk: Buffer, rules: ScanRules, isLast: boolean): void {
    const group = this.#ingestion.appender(this.#tenantId).group()
    if (this.#scanner) this.#scanner.begin(rules, group.batches)
    else this.#scanner = new LineScanner(rules, group.batches)
    const share = new Share(group)
    const turn: Turn = { rules, group, refused: [] }
    let start = 0
    if (this.#restBytes > 0 || isLast) {
      const feed = chunk.indexOf(LINE_FEED)
      const lineEnd = feed < 0 ? chunk.length : feed
      this.#keepRest(chunk.subarray(0, lineEnd))
      start = lineEnd + 1
      if (feed >= 0 || isLast) this.#takeRest(turn)
    }
    if (start < chunk.length) {
      const lastFeed = chunk.lastIndexOf(LINE_FEED)
      if (lastFeed >= start) this.#takeLines(chunk, start, lastFeed, turn)
      this.#keepRest(chunk.subarray(Math.max(start, lastFeed + 1)))
    }
    rules.counters.bytes += chunk.length
    const count = share.end()
    if (count > 0) this.#ingestion.appender(this.#tenantId).submit()
    if (count > 0 || turn.refused.length > 0)
      this.#track(chunk.length, this.#settle(share, count, turn.refused))
  }

  /** Takes the lines of `bytes[start, end)`; a line feed stands at `end`. */
  #takeLines(bytes: Buffer, start: number, end: number, turn: Turn): void {
    const scanner = this.#scanner!
    const isText = isUtf8(bytes.subarray(start, end))
    for (let at = start; at < end; at++) {
      const scanned = isText ? scanner.scan(bytes, at, end) : -1
      if (scanned >= 0) {
        this.#lines++
        at = scanned
      } else {
        const lineEnd = bytes.indexOf(LINE_FEED, at)
        this.#takeLine(bytes.subarray(at, lineEnd), turn)
        at = lineEnd
      }
    }
  }

  /** Takes the line whose pieces have waited. */
  #takeRest(turn: Turn): void {
    const line = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
    const bytes = this.#restBytes
    this.#rest = []
    this.#restBytes = 0
    if (bytes > MAX_LINE_BYTES) turn.refused.push({ index: this.#lines++, event: tooLong(line, bytes) })
    else if (isUtf8(line) && this.#scanner!.scan(line, 0, line.length) >= 0) this.#lines++
    else this.#takeLine(line, turn)
  }

  /** Takes a line that is unusual, or may be. */
  #takeLine(given: Buffer, { rules, group, refused }: Turn): void {
    const isMarked = this.#lines === 0 && given.subarray(0, 3).equals(BYTE_ORDER_MARK)
    const line = isMarked ? given.subarray(3) : given
    if (skipSpace(line, 0, line.length) === line.length) return
    const index = this.#lines++
    const event = parseLine(line)
    const judged = judge(event, rules)
    if (isRefused(judged)) refused.push({ index, event })
    else this.#ingestion.write(this.#tenantId, judged, group.batches)
  }

  /** Keeps a piece of a line; the chunk may be used again, so it is copied. */
  #keepRest(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#restBytes <= MAX_LINE_BYTES) this.#rest.push(Buffer.from(bytes))
    this.#restBytes += bytes.length
  }

  /** Resolves when the records of the share are durable, and what was refused is settled. */
  async #settle(share: Share, count: number, refused: Turn['refused']): Promise<IngestAnswer> {
    const answer: IngestAnswer = { accepted: 0, duplicates: 0, rejectedCount: 0, rejected: [] }
    if (count > 0) {
      const newCount = await share.countNew()
      answer.accepted += newCount
      answer.duplicates += count - newCount
      this.#ingestion.noteAppended(this.#tenantId, count, newCount)
    }
    if (refused.length === 0) return answer
    const events = refused.map(({ event }) => event)
    const outcomes = await this.#takeRefused(this.#tenantId, events)
    outcomes.forEach((outcome, i) => {
      if (outcome === 'accepted') answer.accepted++
      else if (outcome === 'duplicate') answer.duplicates++
      else answer.rejected.push({ index: refused[i]!.index, ...outcome })
    })
    answer.rejectedCount = answer.rejected.length
    return answer
  }

  /** Turns are counted whole and in their order, so the counts always speak of the first lines of the stream. */
  #track(bytes: number, work: Promise<IngestAnswer>): void {
    const before = this.#last
    this.#bytesUnderWay += bytes
    const count = async (): Promise<void> => {
      try {
        const turn = await work
        await before
        this.#add(turn)
      } catch (error) {
        this.#failure ??= { error }
      }
    }
    const settled = count().finally(() => {
      this.#bytesUnderWay -= bytes
      this.#underWay.delete(settled)
    })
    this.#underWay.add(settled)
    this.#last = settled
  }

  #add({ accepted, duplicates, rejectedCount, rejected }: IngestAnswer): void {
    this.#answer.accepted += accepted
    this.#answer.duplicates += duplicates
    this.#answer.rejectedCount += rejectedCount
    this.#answer.rejected.push(...rejected.slice(0, listedItems - this.#answer.rejected.length))
  }
}
