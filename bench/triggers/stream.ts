import { type Draw, makeDraw } from './draw.ts'
import { drawEvent, MSISDN_DIGITS, MSISDN_PREFIX, spacingMs } from './world.ts'

/**
 * The benchmark's stream of CloudEvents as NDJSON. Templates of lines stand in a pool of blocks; sending a block again
 * writes new digits (id, time, subscriber) over the old ones, so that the source costs next to nothing beside what it
 * feeds. Everything follows from the options.
 */
export type StreamOptions = {
  subscribers: number
  seed: number
  /** Event time of the first event, epoch ms. */
  startMs: number
  /** Number of the first block, the front half of its events' ids: a later stream begins where one ended. */
  firstBlock?: number
  /** Only subscribers of this partition: those whose number in the database leaves this rest. */
  partition?: { index: number; of: number }
}

/** Events of a block; its last number is part of the id. */
export const SLOTS = 1024
const POOL_BLOCKS = 32
/** In every block one event stands twice: a source that sends again what it was not sure of. */
const FIRST_COPY = 300
const SECOND_COPY = 700
/** Events overtake each other by up to this much event time. */
const DISORDER_MASK_MS = 2047
/** Scatters busy subscribers over the numbers; prime, so it shares no divisor with a round number of them. */
const STRIDE = 611_953

const HEAD = '{"specversion":"1.0","id":"'
const ID_DIGITS = 12
const AFTER_TIME = `","subject":"msisdn:${MSISDN_PREFIX}`

/** Four digits as the 32 bits of their ASCII, big-endian. */
const fourDigits = Uint32Array.from({ length: 10_000 }, (_, n) =>
  Buffer.from(String(n).padStart(4, '0')).readUInt32BE(0),
)
const twoDigits = Uint16Array.from({ length: 100 }, (_, n) =>
  Buffer.from(String(n).padStart(2, '0')).readUInt16BE(0),
)
/** A point and three digits. */
const millis = Uint32Array.from({ length: 1_000 }, (_, n) =>
  Buffer.from(`.${String(n).padStart(3, '0')}`).readUInt32BE(0),
)

export type Block = {
  bytes: Buffer
  view: DataView
  /** Where each line begins; one more at the end. */
  starts: Int32Array
  /** Where each line's time begins. */
  times: Int32Array
  /** Set by whoever sends it: the bytes are not to be changed until they are gone. */
  busy: boolean
}

export class EventStream {
  readonly #pool: Block[]
  readonly #spacing: number
  readonly #members: number
  readonly #step: number
  readonly #offset: number
  #random: number
  #atMs: number
  #number: number
  #dayMs = -1
  #year = 0
  #monthDigits = 0
  #dayDigits = 0

  constructor({
    subscribers,
    seed,
    startMs,
    firstBlock = 0,
    partition = { index: 0, of: 1 },
  }: StreamOptions) {
    const draw = makeDraw(seed)
    this.#pool = Array.from({ length: POOL_BLOCKS }, () => makeBlock(draw))
    // A partition's stream has its share of the events: time passes in it as in the whole.
    this.#spacing = spacingMs(subscribers) * partition.of
    this.#members = Math.floor(subscribers / partition.of)
    this.#step = partition.of
    this.#offset = (partition.index + partition.of - 1) % partition.of
    // Partitions must not share ids, so that each block number is only theirs.
    this.#number = firstBlock * partition.of + partition.index
    this.#random = (seed ^ 0x9e3779b9 ^ Math.imul(this.#number + 1, 0x85ebca6b)) | 1
    this.#atMs = startMs
  }

  /** The number that the next stream begins with. */
  get nextBlock(): number {
    return Math.floor(this.#number / this.#step)
  }

  /** Event time reached, epoch ms. */
  get atMs(): number {
    return this.#atMs
  }

  /** The next block, all its events written anew; undefined while it is still being sent. */
  next(): Block | undefined {
    const block = this.#pool[Math.floor(this.#number / this.#step) % POOL_BLOCKS]!
    if (block.busy) return undefined
    this.#write(block)
    this.#number += this.#step
    return block
  }

  #write(block: Block): void {
    const { bytes, view, starts, times } = block
    const idHigh = fourDigits[Math.floor(this.#number / 10_000) % 10_000]!
    const idLow = fourDigits[this.#number % 10_000]!
    const members = this.#members
    const spacing = this.#spacing
    let random = this.#random
    let atMs = this.#atMs
    for (let slot = 0; slot < SLOTS; slot++) {
      const start = starts[slot]!
      view.setUint32(start + HEAD.length, idHigh)
      view.setUint32(start + HEAD.length + 4, idLow)
      // Xorshift32 (G. Marsaglia 2003).
      random ^= random << 13
      random ^= random >>> 17
      random ^= random << 5
      const unit = (random >>> 0) / 2 ** 32
      // The square makes a tenth of the events come from one subscriber in a hundred.
      const scattered = Math.floor(unit * unit * members) * STRIDE
      const member = scattered - Math.floor(scattered / members) * members
      const timeAt = times[slot]!
      this.#writeTime(view, timeAt, Math.floor(atMs) - (random & DISORDER_MASK_MS))
      const number = member * this.#step + this.#offset
      const subjectAt = timeAt + 24 + AFTER_TIME.length
      const high = (number / 10_000) | 0
      view.setUint32(subjectAt, fourDigits[high]!)
      view.setUint32(subjectAt + 4, fourDigits[number - high * 10_000]!)
      atMs += spacing
    }
    bytes.copyWithin(starts[SECOND_COPY]!, starts[FIRST_COPY]!, starts[FIRST_COPY + 1])
    this.#random = random
    this.#atMs = atMs
  }

  /** Writes the moment; the date's digits are worked out once a day. */
  #writeTime(view: DataView, at: number, ms: number): void {
    let inDay = ms - this.#dayMs
    if (inDay < 0 || inDay >= 86_400_000 || this.#dayMs < 0) {
      this.#dayMs = Math.floor(ms / 86_400_000) * 86_400_000
      const date = new Date(this.#dayMs)
      this.#year = fourDigits[date.getUTCFullYear()]!
      this.#monthDigits = twoDigits[date.getUTCMonth() + 1]!
      this.#dayDigits = twoDigits[date.getUTCDate()]!
      inDay = ms - this.#dayMs
    }
    const seconds = (inDay / 1000) | 0
    const minutes = (seconds / 60) | 0
    const hours = (minutes / 60) | 0
    view.setUint32(at, this.#year)
    view.setUint16(at + 5, this.#monthDigits)
    view.setUint16(at + 8, this.#dayDigits)
    view.setUint16(at + 11, twoDigits[hours]!)
    view.setUint16(at + 14, twoDigits[minutes - hours * 60]!)
    view.setUint16(at + 17, twoDigits[seconds - minutes * 60]!)
    view.setUint32(at + 19, millis[inDay - seconds * 1000]!)
  }
}

function makeBlock(draw: Draw): Block {
  const lines: Buffer[] = []
  const times = new Int32Array(SLOTS)
  const starts = new Int32Array(SLOTS + 1)
  for (let slot = 0; slot < SLOTS; slot++) {
    const { type, data } = drawEvent(draw)
    const id = `${'0'.repeat(ID_DIGITS - 4)}${String(slot).padStart(4, '0')}`
    const front = `${HEAD}${id}","source":"/ocs","type":"${type}","time":"`
    const subject = `${AFTER_TIME}${'0'.repeat(MSISDN_DIGITS)}`
    const text = `${front}2026-01-01T00:00:00.000Z${subject}","data":${JSON.stringify(data)}}\n`
    const isCopy = slot === SECOND_COPY
    lines.push(isCopy ? Buffer.from(lines[FIRST_COPY]!) : Buffer.from(text))
    times[slot] = starts[slot]! + (isCopy ? times[FIRST_COPY]! - starts[FIRST_COPY]! : front.length)
    starts[slot + 1] = starts[slot]! + lines[slot]!.length
  }
  const bytes = Buffer.concat(lines)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { bytes, view, starts, times, busy: false }
}

/** Blocks of events that worker threads read in place. */
export type SharedBlocks = { blocks: SharedArrayBuffer[]; events: number }

/** A partition's first events, each block in shared memory: made before a measurement begins. */
export function sharedBlocks(options: StreamOptions, events: number): SharedBlocks {
  const stream = new EventStream(options)
  const blocks: SharedArrayBuffer[] = []
  for (let made = 0; made < events; made += SLOTS) {
    const { bytes } = stream.next()!
    const shared = new SharedArrayBuffer(bytes.length)
    new Uint8Array(shared).set(bytes)
    blocks.push(shared)
  }
  return { blocks, events: blocks.length * SLOTS }
}
