import { ManualClock } from '../platform/index.ts'
import type { BaseRow } from './base.ts'
import { type Behaviour, defaultBehaviour } from './behaviour.ts'
import { Calendar } from './calendar.ts'
import { Draws } from './draw.ts'
import { EventWriter } from './event-writer.ts'
import { Journal } from './journal.ts'
import { LoanBook } from './loan-book.ts'
import { OutgoingCalls } from './outgoing-calls.ts'
import { Population } from './population.ts'
import { Schedule } from './schedule.ts'
import { State } from './state.ts'

/** Everything that exists in a run. The parts know nothing of each other; the verbs are functions over it. */
export type World = {
  readonly b: Behaviour
  readonly startMs: number
  readonly endMs: number
  readonly clock: ManualClock
  readonly draws: Draws
  readonly calendar: Calendar
  readonly people: Population
  readonly state: State
  readonly schedule: Schedule
  readonly events: EventWriter
  readonly calls: OutgoingCalls
  readonly journal: Journal
  readonly loans: LoanBook
}

export type WorldOptions = {
  rows: readonly BaseRow[]
  seed: string | number
  /** Simulated period, epoch ms. */
  startMs: number
  endMs: number
  behaviour?: Behaviour
  journal?: Journal
}

/** A world at its starting moment, with nobody moving yet (`begin` of life.ts starts them). */
export function makeWorld(options: WorldOptions): World {
  const b = options.behaviour ?? defaultBehaviour
  const draws = new Draws(
    options.seed,
    options.rows.map((row) => row.key),
  )
  const people = new Population(options.rows, draws, b)
  const state = new State(people)
  return {
    b,
    startMs: options.startMs,
    endMs: options.endMs,
    clock: new ManualClock(options.startMs),
    draws,
    calendar: new Calendar(people.zones, b),
    people,
    state,
    schedule: new Schedule(),
    events: new EventWriter(people, state, options.seed),
    calls: new OutgoingCalls(),
    journal: options.journal ?? new Journal(),
    loans: new LoanBook(),
  }
}
