import assert from 'node:assert/strict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  anyHistory,
  anyRules,
  anyScale,
  anyZones,
  attributesOf,
  eventOf,
  eventTypes,
  LATENESS_STEPS,
  TENANT_ONLY,
} from '../../test/trigger-arbitraries.ts'
import { firingsOf, type OracleRule } from '../../test/trigger-oracle.ts'
import { encodeRecord, eventDeclarations, type LoggedEvent, partitionOf } from '../events/index.ts'
import { compileExpression } from '../expressions/index.ts'
import { RecordBatch } from '../platform/index.ts'
import { compileRule } from './compile.ts'
import { causeOf } from './decisions.ts'
import { offsetOf } from './order.ts'
import { Partition } from './partition.ts'
import { decodeSlice, encodeSlice } from './snapshot.ts'
import { Texts } from './texts.ts'

/*
 * The memory alone, without stores: random rules over random histories must decide what the oracle finds. Faults and
 * restarts are for the engine's own test; here thousands of histories a second go by.
 */

const reader = {
  tenantId: 't',
  get: (_kind: string, id: string) => eventTypes.find((type) => type.id === id),
  list: () => [],
}
const fieldsOf = (type: string): ReturnType<typeof eventDeclarations> => eventDeclarations(reader, type)

/** One partition of a small world: what it has read, and what stands. */
class Reading {
  memory: Partition
  readonly #standing = new Map<
    string,
    { ruleId: string; subscriberId: number; cause: string; atMs: number }
  >()
  readonly #events: LoggedEvent[] = []
  readonly #parts: ConstructorParameters<typeof Partition>[0]
  readonly #rules: Parameters<Partition['setRules']>[0]

  constructor(rules: OracleRule[], parts: ConstructorParameters<typeof Partition>[0]) {
    const texts = new Texts()
    this.#parts = parts
    this.#rules = rules.map(({ trigger }, i) => {
      const admits = admitsOf(trigger.subscriber)
      const context = { fieldsOf, texts, latenessMs: parts.latenessMs, pauses: [], admits }
      return { rule: compileRule(trigger, i + 1, context), start: 0 }
    })
    this.memory = new Partition(parts)
    this.memory.setRules(this.#rules)
  }

  read(events: LoggedEvent[]): void {
    const batch = new RecordBatch(1024)
    for (const event of events) {
      batch.add(encodeRecord(event))
      this.#events.push(event)
    }
    const bytes = batch.bytes.subarray(0, batch.length)
    this.memory.read({ firstOffset: this.memory.position, count: batch.count, bytes })
    this.#collect()
  }

  expire(nowMs: number): void {
    while (this.memory.expireSome(nowMs)) this.#collect()
  }

  /** As a restart does it: every slice, put into as little room as it needs, through its checkpoint. */
  restart(): void {
    const fresh = new Partition(this.#parts)
    this.memory.slices.forEach((slice, index) => {
      if (slice === undefined) return
      const stored = encodeSlice(this.memory.compact(index), this.memory.position)
      fresh.slices[index] = decodeSlice(stored, this.#parts.sliceBits)!
    })
    fresh.position = this.memory.position
    fresh.setRules(this.#rules)
    fresh.restoreTimers()
    this.memory = fresh
  }

  get standing(): string[] {
    return lines([...this.#standing.values()])
  }

  #collect(): void {
    for (const { rule, subscriberId, causeRef, firedAtMs, stands } of this.memory.decisions) {
      const cause = causeOf(this.#events[offsetOf(causeRef)]!)
      const id = `${rule.id} ${subscriberId} ${cause}`
      if (stands) this.#standing.set(id, { ruleId: rule.id, subscriberId, cause, atMs: firedAtMs })
      else assert(this.#standing.delete(id), `${id} was retracted and never stood`)
    }
    this.memory.decisions = []
    this.memory.late = []
  }
}

function admitsOf(source: string | undefined): ((subscriberId: number) => boolean) | undefined {
  if (source === undefined) return undefined
  const holds = compileExpression(
    source,
    { subscriber: { plan: 'string', months: 'int' } },
    'bool',
  ).toPredicate()
  return (subscriberId) => subscriberId !== TENANT_ONLY && holds(attributesOf(subscriberId))
}

const lines = (firings: { ruleId: string; subscriberId: number; cause: string; atMs: number }[]): string[] =>
  firings.map(({ ruleId, subscriberId, cause, atMs }) => `${ruleId} ${subscriberId} ${cause} ${atMs}`).sort()

test('what stands is what the oracle finds, after every turn', () => {
  fc.assert(
    fc.property(
      anyScale.chain((scale) => fc.record({ scale: fc.constant(scale), rules: anyRules(scale, 1, 8) })),
      anyHistory(5, 30),
      anyZones,
      fc.record({ partitions: fc.integer({ min: 1, max: 2 }), sliceBits: fc.integer({ min: 0, max: 2 }) }),
      ({ scale, rules }, actions, zones, sizes) => {
        const latenessMs = LATENESS_STEPS * scale.stepMs
        const zoneOf = (subscriberId: number): string => zones[subscriberId - 1] ?? 'UTC'
        const readings = Array.from(
          { length: sizes.partitions },
          (_, partition) => new Reading(rules, { partition, ...sizes, latenessMs, zoneOf }),
        )
        const arrivals: LoggedEvent[] = []
        const seen = new Set<string>()
        let nowMs = scale.startMs
        for (const action of actions) {
          if ('append' in action) {
            const events = action.append
              .map((plan) => eventOf(plan, scale, nowMs))
              .filter((event) => !event.isReplayed && !seen.has(event.id) && seen.add(event.id))
            arrivals.push(...events)
            const parts = Map.groupBy(events, (event) => partitionOf(event.subscriberId, sizes.partitions))
            for (const [partition, own] of parts) readings[partition]!.read(own)
          } else if ('advanceSteps' in action) nowMs += action.advanceSteps * scale.stepMs
          else if ('kill' in action) readings.forEach((reading) => reading.restart())
          if ('append' in action || 'kill' in action) continue
          for (const reading of readings) reading.expire(nowMs)
          const expected = firingsOf(rules, arrivals, latenessMs, { nowMs, zoneOf })
          expect(lines(readings.flatMap((reading) => reading.standing).map(parsed))).toEqual(lines(expected))
        }
      },
    ),
    { numRuns: 400 },
  )
}, 600_000)

function parsed(line: string): { ruleId: string; subscriberId: number; cause: string; atMs: number } {
  const [ruleId, subscriberId, cause, atMs] = line.split(' ') as [string, string, string, string]
  return { ruleId, subscriberId: Number(subscriberId), cause, atMs: Number(atMs) }
}
