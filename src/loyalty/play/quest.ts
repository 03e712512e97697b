import type { Scope } from '../../expressions/index.ts'
import type { Quest } from './documents.ts'
import { added, type Measure } from './measure.ts'

/** How far a step is; `doneAtMs` is null until it reached what it has to. */
export type StepProgress = { amount: bigint; seen: string[]; doneAtMs: number | null }

/** One time that a member goes for a quest. */
export type QuestRun = {
  questId: string
  programmeId: string
  subscriberId: number
  /** From 1 on. */
  run: number
  state: 'open' | 'completed' | 'expired'
  /** How often the member completed the quest, this run included. */
  completed: number
  joinedAtMs: number
  deadlineAtMs: number | null
  endedAtMs: number | null
  /** By id of the step. */
  progress: Map<string, StepProgress>
}

const DAY_MS = 86_400_000

/** The moment at which a run that was joined then is over; null: never. */
export function deadlineMs({ deadline }: Pick<Quest, 'deadline'>, joinedAtMs: number): number | null {
  if (deadline === undefined) return null
  return 'at' in deadline
    ? Temporal.Instant.from(deadline.at).epochMilliseconds
    : joinedAtMs + deadline.days * DAY_MS
}

/** A run that begins at a moment, after the one before. */
export function newRun(
  quest: Quest,
  subscriberId: number,
  atMs: number,
  before: QuestRun | undefined,
): QuestRun {
  return {
    questId: quest.id,
    programmeId: quest.programme,
    subscriberId,
    run: (before?.run ?? 0) + 1,
    state: 'open',
    completed: before?.completed ?? 0,
    joinedAtMs: atMs,
    deadlineAtMs: deadlineMs(quest, atMs),
    endedAtMs: null,
    progress: new Map(),
  }
}

/** Whether a member may begin a run now, given the latest one. */
export function mayBegin(quest: Quest, latest: QuestRun | undefined, atMs: number): boolean {
  if (latest?.state === 'open' || (latest?.completed ?? 0) >= quest.times) return false
  const deadline = deadlineMs(quest, atMs)
  return deadline === null || atMs < deadline
}

/** Ends an open run whose deadline is over by then; true when it did. */
export function expire(run: QuestRun, atMs: number): boolean {
  if (run.state !== 'open' || run.deadlineAtMs === null || atMs < run.deadlineAtMs) return false
  run.state = 'expired'
  run.endedAtMs = run.deadlineAtMs
  return true
}

/** What an event did to a run. */
export type Advance = { step: string; amount: bigint; isDone: boolean }

/**
 * Lets an event count for the steps of an open run: in any order for each that it fits, in strict order for the first
 * one that is not done. What is above a step's aim is lost. Completes the run with its last step.
 */
export function advance(
  quest: Quest,
  measures: readonly Measure[],
  run: QuestRun,
  event: { type: string; atMs: number },
  scope: Scope,
): Advance[] {
  const advances: Advance[] = []
  for (const [i, step] of quest.steps.entries()) {
    const before = run.progress.get(step.id) ?? { amount: 0n, seen: [], doneAtMs: null }
    if (before.doneAtMs !== null) continue
    const measure = measures[i]!
    const count = measure.on === event.type ? measure.count(scope) : null
    const after = count && added(before, count)
    if (after) {
      const reach = BigInt(step.reach)
      const isDone = after.amount >= reach
      const amount = isDone ? reach : after.amount
      run.progress.set(step.id, { amount, seen: after.seen, doneAtMs: isDone ? event.atMs : null })
      advances.push({ step: step.id, amount, isDone })
    }
    // A strict quest looks at one step alone: the event that ends it does not begin the next.
    if (quest.order === 'strict') break
  }
  if (quest.steps.every(({ id }) => typeof run.progress.get(id)?.doneAtMs === 'number')) {
    run.state = 'completed'
    run.completed++
    run.endedAtMs = event.atMs
  }
  return advances
}
