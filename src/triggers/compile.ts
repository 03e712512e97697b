import { createHash } from 'node:crypto'
import { type CelType, compileExpression } from '../expressions/index.ts'
import { absenceKind } from './absence.ts'
import { changeKind } from './change.ts'
import type { Trigger } from './contract.ts'
import { durationMs } from './duration.ts'
import type { LogEvent } from './event-record.ts'
import { matchKind } from './match.ts'
import type { Condition, RuleKind, Scalar } from './rule-kind.ts'
import { thresholdKind } from './threshold.ts'

/** A rule ready to run: its kind, and what holds for every kind. */
export type CompiledRule = {
  id: string
  /** Of what shapes its memory: two documents with the same digest can use the same memory. */
  digest: string
  kind: RuleKind
  cooldownMs: number
  validFromMs: number
  validToMs: number
  backfill: boolean
  /** The fields of its cause that a firing carries. */
  valuesOf(event: LogEvent): Record<string, unknown>
}

/** Fields that events of a type declare, by name. */
export type FieldsOf = (eventType: string) => Record<string, CelType>

/** How far behind a subscriber's newest event another may come and still count in its place. */
export const defaultLatenessMs = 24 * 3_600_000

const unlimited = Number.POSITIVE_INFINITY

/**
 * Compiles a saved rule. `codes` are the values its memory already knows from a checkpoint. Throws
 * `expression_invalid` when an event type has changed so that a condition no longer fits it.
 */
export function compileRule(
  trigger: Trigger,
  fieldsOf: FieldsOf,
  latenessMs: number,
  codes: Scalar[] = [],
): CompiledRule {
  const emit = (trigger.emit ?? []).map(nameOf)
  return {
    id: trigger.id,
    digest: digestOf(trigger, latenessMs),
    kind: kindOf(trigger, fieldsOf, latenessMs, codes),
    cooldownMs: trigger.cooldown === undefined ? 0 : durationMs(trigger.cooldown)!,
    validFromMs: trigger.validFrom === undefined ? -unlimited : msOf(trigger.validFrom),
    validToMs: trigger.validTo === undefined ? unlimited : msOf(trigger.validTo),
    backfill: trigger.backfill ?? false,
    valuesOf: (event) => Object.fromEntries(emit.map((name) => [name, event.data[name] ?? null])),
  }
}

/** Identifies what shapes a rule's memory, so that a new cool-down or validity keeps it. */
export function digestOf(trigger: Trigger, latenessMs: number): string {
  const { on, where, match, change, threshold, absence, backfill } = trigger
  const shape = JSON.stringify([on, where, match, change, threshold, absence, backfill ?? false, latenessMs])
  return createHash('sha256').update(shape).digest('hex')
}

/** The name of a field without its `event.`. */
export const nameOf = (path: string): string => path.slice(path.indexOf('.') + 1)

function kindOf(trigger: Trigger, fieldsOf: FieldsOf, latenessMs: number, codes: Scalar[]): RuleKind {
  const { on, change, threshold, absence } = trigger
  const where = conditionOf(trigger.where, fieldsOf(on))
  if (change) {
    const { field, from, to } = change
    return changeKind({
      on,
      where,
      field: nameOf(field),
      from: listOf(from),
      to: listOf(to),
      latenessMs,
      codes,
    })
  }
  if (threshold) {
    const { of, window, reaches } = threshold
    return thresholdKind({
      on,
      where,
      of: of && nameOf(of),
      windowMs: durationMs(window)!,
      reaches,
      latenessMs,
    })
  }
  if (absence) {
    const ends = absence.then ?? on
    // "Nothing after the last one" means nothing of the same sort: without `then` the condition is the same too.
    const source = absence.then === undefined ? (absence.thenWhere ?? trigger.where) : absence.thenWhere
    const endsWhere = conditionOf(source, fieldsOf(ends))
    return absenceKind({ on, where, ends, endsWhere, withinMs: durationMs(absence.within)!, latenessMs })
  }
  return matchKind(on, where)
}

function conditionOf(source: string | undefined, fields: Record<string, CelType>): Condition {
  if (source === undefined) return () => true
  const holds = compileExpression(source, { event: fields }, 'bool').toFunction()
  return (event) => holds({ event: event.data }) === true
}

const listOf = <T>(value: T | T[] | undefined): T[] | undefined =>
  value === undefined ? undefined : ([value].flat() as T[])

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
