import type { Scope } from '../../expressions/index.ts'
import type { Quest } from './documents.ts'
import { added, type Measure, together } from './measure.ts'

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
  completeIfDone(quest, run, event.atMs)
  return advances
}

function completeIfDone(quest: Quest, run: QuestRun, atMs: number): void {
  if (!quest.steps.every(({ id }) => typeof run.progress.get(id)?.doneAtMs === 'number')) return
  run.state = 'completed'
  run.completed++
  run.endedAtMs = atMs
}

/**
 * The run of a member who turned out to be the same person as another one. What either did in an open run counts in
 * one, with the later deadline; how often the quest was completed is added, and never goes beyond what the quest allows.
 */
export function joinedRun(
  quest: Quest,
  own: QuestRun | undefined,
  other: QuestRun,
  subscriberId: number,
  atMs: number,
): QuestRun {
  if (!own) return { ...other, subscriberId }
  const completed = own.completed + other.completed
  const open = [own, other].filter(({ state }) => state === 'open')
  if (open.length === 0 || completed >= quest.times) {
    const isCompleted = completed >= quest.times || other.state === 'completed'
    const state = isCompleted || own.state === 'completed' ? 'completed' : 'expired'
    return { ...own, completed, state, endedAtMs: own.endedAtMs ?? other.endedAtMs ?? atMs }
  }
  if (open.length === 1) {
    return own.state === 'open'
      ? { ...own, completed }
      : { ...other, completed, subscriberId, run: own.run + 1 }
  }
  return {
    ...own,
    completed,
    joinedAtMs: Math.min(own.joinedAtMs, other.joinedAtMs),
    deadlineAtMs:
      own.deadlineAtMs === null || other.deadlineAtMs === null
        ? null
        : Math.max(own.deadlineAtMs, other.deadlineAtMs),
    progress: joinedProgress(quest, own.progress, other.progress),
  }
}

function joinedProgress(
  quest: Quest,
  own: QuestRun['progress'],
  other: QuestRun['progress'],
): QuestRun['progress'] {
  const progress = new Map([...other, ...own])
  for (const step of quest.steps) {
    const [a, b] = [own.get(step.id), other.get(step.id)]
    if (!a || !b) continue
    const done = [a, b].flatMap(({ doneAtMs }) => doneAtMs ?? [])
    const doneAtMs = done.length === 0 ? null : Math.min(...done)
    const { amount, seen } = together(step, a, b)
    const reach = BigInt(step.reach)
    progress.set(step.id, { amount: amount > reach ? reach : amount, seen, doneAtMs })
  }
  return progress
}

/** Ends the steps of an open run that have what they need, and with the last one the run. */
export function finishSteps(quest: Quest, run: QuestRun, atMs: number): Advance[] {
  const advances: Advance[] = []
  for (const { id, reach } of quest.steps) {
    const step = run.progress.get(id)
    if (!step || step.doneAtMs !== null || step.amount < BigInt(reach)) continue
    step.doneAtMs = atMs
    advances.push({ step: id, amount: step.amount, isDone: true })
  }
  completeIfDone(quest, run, atMs)
  return advances
}
