import { FastSmsc, type FastSmscCounts } from '../../src/simulator/index.ts'
import { givenJob, machineMs, serve } from './child.ts'
import { MSISDN_DIGITS, MSISDN_PREFIX } from './world.ts'

/** How the SMSC of a run behaves, and up to which subscriber it notes when their message came. */
export type SmscJob = { rttMs: number; subscribers: number; receipts: boolean }

/** Counts, and when the last of `wanted` receipts was acknowledged, by the machine's clock; 0 while one is missing. */
export type SmscSaid = FastSmscCounts & { finishedMs: number }

export type SmscAnswers = {
  port(): number
  /** From now on it waits for so many messages and their receipts. */
  expect(count: number): void
  said(): SmscSaid
  /** When the messages to some subscribers came, by the machine's clock, in their order; 0 for one that did not. */
  arrivals(range: { from: number; to: number }): Float64Array
}

/** The fast SMSC, with a watch: it notes when each subscriber's message comes and when the last of all is done. */
class TimedSmsc extends FastSmsc {
  readonly #arrivals: Float64Array
  readonly #unit: 'answers' | 'receipts'
  #left = 0
  finishedMs = 0

  constructor({ rttMs, subscribers, receipts }: SmscJob) {
    super({ rttMs, receipts: receipts ? 'both' : 'none' })
    this.#arrivals = new Float64Array(subscribers + 1)
    this.#unit = receipts ? 'receipts' : 'answers'
  }

  expect(count: number): void {
    this.#left = count
    this.finishedMs = 0
  }

  arrivals({ from, to }: { from: number; to: number }): Float64Array {
    return this.#arrivals.slice(from, to + 1)
  }

  override judge(
    ...[bytes, places, start, end]: Parameters<FastSmsc['judge']>
  ): ReturnType<FastSmsc['judge']> {
    let subscriber = 0
    const from = places.addressAt + MSISDN_PREFIX.length
    for (let at = from; at < from + MSISDN_DIGITS; at++) subscriber = subscriber * 10 + bytes[at]! - 0x30
    if (subscriber < this.#arrivals.length) this.#arrivals[subscriber] = machineMs()
    if (this.#unit === 'answers') this.#count()
    return super.judge(bytes, places, start, end)
  }

  override onReceiptAnswer(sequence: number, status: number): void {
    super.onReceiptAnswer(sequence, status)
    if (status === 0) this.#count()
  }

  #count(): void {
    if (--this.#left === 0) this.finishedMs = machineMs()
  }
}

const smsc = new TimedSmsc(givenJob<SmscJob>())
await smsc.listen()
const answers: SmscAnswers = {
  port: () => smsc.port,
  expect: (count) => smsc.expect(count),
  said: () => ({ ...smsc.counts(), finishedMs: smsc.finishedMs }),
  arrivals: (range) => smsc.arrivals(range),
}
serve(answers, () => smsc.close())
