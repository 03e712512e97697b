import type { TransferRequest } from '../ledger/index.ts'
import type { DocumentReader } from '../platform/index.ts'
import type { TryAnswer } from './rehearsal-contract.ts'
import type { Effects, Judgement, TakenEvent } from './consumer.ts'
import { costOf } from './liability/point-cost.ts'
import { Moves } from './moves.ts'
import type { Programme } from './programmes.ts'

const WINNERS = 10
const SAMPLE = 5

type Sum = { points: bigint; awards: number }

/** What is counted: the judgements of one rule, and which of them give something. */
export type Counted = {
  /** As its judgements name it. */
  rule: string
  programme: Programme
  timeZone: string
  isAward(judgement: Judgement): boolean
}

/** Counts what a rule would have done; it is the effects of a session that stores nothing. */
export class Tally implements Effects {
  readonly #counted: Counted
  readonly #reader: DocumentReader
  #event: TakenEvent | undefined
  #seen = 0
  #awards = 0
  #points = 0n
  #returned = 0n
  readonly #reasons = new Map<string, number>()
  readonly #months = new Map<string, Sum>()
  readonly #winners = new Map<number, Sum>()
  readonly #sample: TryAnswer['sample'] = []
  readonly #moves = new Moves()
  readonly movedOn = this.#moves.on

  constructor(counted: Counted, reader: DocumentReader) {
    this.#counted = counted
    this.#reader = reader
  }

  at(event: TakenEvent): this {
    this.#event = event
    this.#seen++
    return this
  }

  get event(): TakenEvent {
    return this.#event!
  }

  judge(judgement: Judgement): void {
    const { rule, reason, points = 0n, saw } = judgement
    if (rule !== this.#counted.rule) return
    const times = this.#reasons.get(reason) ?? 0
    this.#reasons.set(reason, times + 1)
    if (this.#counted.isAward(judgement)) this.#win(points)
    if (points < 0n) this.#returned -= points
    if (times >= SAMPLE) return
    const { subscriberId, atMs, type, id: event } = this.event
    const at = Temporal.Instant.fromEpochMilliseconds(atMs).toString()
    this.#sample.push({ subscriberId, at, type, event, reason, points: points.toString(), saw: { ...saw } })
  }

  #win(points: bigint): void {
    const { subscriberId, atMs } = this.event
    this.#awards++
    this.#points += points
    const zoned = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(this.#counted.timeZone)
    add(this.#months, zoned.toPlainDate().toPlainYearMonth().toString(), points)
    add(this.#winners, subscriberId, points)
  }

  /** The answer, after so many records of the log were read. */
  answer(read: number): TryAnswer {
    const { programme } = this.#counted
    const cost = costOf(programme, this.#reader)
    const winners = [...this.#winners].toSorted(
      ([a, one], [b, other]) => Number(other.points - one.points) || other.awards - one.awards || a - b,
    )
    return {
      events: read,
      seen: this.#seen,
      awards: this.#awards,
      points: this.#points.toString(),
      returned: this.#returned.toString(),
      decimals: programme.decimals,
      cost: cost && {
        amountMinor: cost.of(this.#points - this.#returned).toString(),
        currency: cost.document.currency,
        decimals: cost.decimals,
      },
      subscribers: this.#winners.size,
      reasons: Object.fromEntries([...this.#reasons].toSorted()),
      months: [...this.#months].toSorted().map(([month, { points, awards }]) => {
        return { month, points: points.toString(), awards }
      }),
      winners: winners.slice(0, WINNERS).map(([subscriberId, { points, awards }]) => {
        return { subscriberId, points: points.toString(), awards }
      }),
      sample: this.#sample,
    }
  }

  openAccount(): void {}
  post(transfer: TransferRequest): void {
    this.#moves.add(transfer)
  }
  announce(): void {}
  fact(): void {}
  mark(): void {}
}

function add<K>(sums: Map<K, Sum>, key: K, points: bigint): void {
  const sum = sums.get(key) ?? { points: 0n, awards: 0 }
  sums.set(key, { points: sum.points + points, awards: sum.awards + 1 })
}
