import { decodeRecord } from '../events/index.ts'
import { type Database, entriesOf, type EventLog } from '../platform/index.ts'
import type { CompiledRule } from './compile.ts'
import type { CountedEvent, Explanation, Threshold, Trigger } from './contract.ts'
import type { GateRefusal } from './gate.ts'
import { valueOf } from './kinds/threshold.ts'
import { offsetOf } from './order.ts'
import { type TrackView, tracksOf } from './track-view.ts'
import type { Partition } from './partition.ts'
import { selectFirings } from './store.ts'
import { countedView, viewOf } from './view.ts'

export type ExplainParts = {
  database: Database
  tenantId: string
  log: EventLog
  partition: number
  /** What the engine remembers; undefined while it has not begun. */
  memory: Partition | undefined
  trigger: Trigger
  subscriberId: number
  nowMs: number
}

/** Counted events that an explanation shows. */
const SHOWN = 20

type State = Explanation[number]['state']

/**
 * Where a rule stands with a subscriber, for each value of its key: what it has counted, what is missing, and what
 * fired. One line even when nothing was counted.
 */
export async function explain(parts: ExplainParts): Promise<Explanation> {
  const { database, tenantId, memory, trigger, subscriberId, nowMs } = parts
  const rows = await database.tx(tenantId, (tx) => selectFirings(tx, trigger.id, SHOWN, subscriberId))
  const firings = rows.map(viewOf)
  const base = { ruleId: trigger.id, subscriberId }
  const live = [...(memory?.rules.values() ?? [])].find(({ rule }) => rule.id === trigger.id)
  const tracks = live === undefined ? [] : tracksOf(memory!, live.rule, subscriberId)
  if (live === undefined || tracks.length === 0) {
    const state: State = firings.length > 0 ? 'fired' : 'nothing_counted'
    const reason =
      firings.length > 0
        ? `fired ${firings.length} times, last at ${firings[0]!.firedAt}; nothing is remembered beside that`
        : 'no event of this subscriber was counted'
    return [{ ...base, state, reason, key: null, values: {}, counted: [], firings }]
  }
  const explained: Explanation = []
  for (const track of tracks) {
    const counted = await countedEvents(parts, live.rule, track)
    const key = live.rule.keyField === undefined ? null : (counted.at(-1)?.key ?? null)
    const own = firings.filter((firing) => key === null || firing.key === key)
    const { state, reason, values } = judge(live.rule, memory!, subscriberId, track, nowMs, own[0]?.firedAt)
    explained.push({
      ...base,
      state,
      reason,
      key,
      values,
      counted: counted.map(({ event }) => event),
      firings: own,
    })
  }
  return explained
}

async function countedEvents(
  { log, partition }: ExplainParts,
  rule: CompiledRule,
  { refs }: TrackView,
): Promise<{ event: CountedEvent; key: string }[]> {
  const counted: { event: CountedEvent; key: string }[] = []
  for (const ref of refs.slice(-SHOWN)) {
    const offset = offsetOf(ref)
    const [entry] = entriesOf(await log.read(partition, offset, 1))
    if (entry?.offset !== offset) continue
    const event = decodeRecord(entry.record)
    const key = String(event.data[rule.keyField ?? ''] ?? '')
    counted.push({ event: countedView(rule.document, event), key })
  }
  return counted
}

function judge(
  rule: CompiledRule,
  memory: Partition,
  subscriberId: number,
  track: TrackView,
  nowMs: number,
  lastFiredAt: string | undefined,
): { state: State; reason: string; values: Record<string, unknown> } {
  const refusal = rule.gate.refusal(
    track.state,
    rule.kind.stateWords,
    nowMs,
    subscriberId,
    memory.fold.calendar,
  )
  const { threshold, document } = rule
  const values: Record<string, unknown> = { counted: track.refs.length }
  if (refusal !== null) return { state: refusal, reason: refusals[refusal], values }
  if (track.deadlineMs !== null) {
    const until = Temporal.Instant.fromEpochMilliseconds(track.deadlineMs).toString()
    return {
      state: 'waiting',
      reason: `fires at ${until} if nothing ends the wait`,
      values: { ...values, until },
    }
  }
  if (threshold !== undefined && document.threshold !== undefined) {
    const isExtreme = threshold.aggregate === 'min' || threshold.aggregate === 'max'
    if (!isExtreme) values[threshold.aggregate] = valueOf(threshold, track.state, 0)
    const { missing, reason } = thresholdReason(document.threshold, values[threshold.aggregate])
    return { state: 'below', reason, values: { ...values, ...missing } }
  }
  if (lastFiredAt !== undefined) return { state: 'fired', reason: `fired last at ${lastFiredAt}`, values }
  return { state: 'below', reason: 'events were counted, and none of them made the rule true', values }
}

function thresholdReason(
  { aggregate, reaches, fallsTo, window }: Threshold,
  value: unknown,
): { missing: Record<string, number>; reason: string } {
  const aim = reaches === undefined ? `fall to ${fallsTo}` : `reach ${reaches}`
  if (typeof value !== 'number' || Number.isNaN(value)) {
    return { missing: {}, reason: `the ${aggregate} over ${window} has to ${aim}` }
  }
  const missing = reaches === undefined ? value - fallsTo! : reaches - value
  if (missing <= 0)
    return {
      missing: {},
      reason: `the ${aggregate} over ${window} is ${value}; it has to come back before it can ${aim} again`,
    }
  return {
    missing: { missing },
    reason: `the ${aggregate} over ${window} is ${value}; ${missing} missing to ${aim}`,
  }
}

const refusals: Record<GateRefusal, string> = {
  not_valid: 'the rule is not valid now',
  paused: 'the rule stands still',
  subscriber: 'the subscriber does not satisfy the condition of the rule',
  cooling: 'it fired less than its cool-down ago',
  limited: 'it fired as often as its limit allows in this period',
}
