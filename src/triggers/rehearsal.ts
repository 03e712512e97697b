import { setImmediate } from 'node:timers/promises'
import { decodeRecord, type LoggedEvent } from '../events/index.ts'
import { entriesOf, type EventLog } from '../platform/index.ts'
import { compileRule } from './compile.ts'
import type { CountedEvent, Trigger, TryAnswer } from './contract.ts'
import { offsetOf } from './order.ts'
import type { Decision } from './decision.ts'
import { Partition } from './partition.ts'
import type { Rules } from './runner-parts.ts'
import { Texts } from './texts.ts'
import { countedView } from './view.ts'

export type RehearsalParts = {
  log: EventLog
  trigger: Trigger
  fromMs: number
  toMs: number
  rules: Pick<Rules, 'fieldsOf' | 'admitsOf'>
  zoneOf: (subscriberId: number) => string
  options: { sliceBits: number; latenessMs: number; batchEvents: number }
}

const SAMPLE = 5
const COUNTED = 10

/**
 * Plays a rule over the whole log as if it had always been there, and tells what it would have fired between two
 * moments of event time. Nothing is stored. Memory grows with the subscribers that the rule touches.
 */
export async function rehearse(parts: RehearsalParts): Promise<TryAnswer> {
  const { log, trigger, fromMs, toMs, rules, zoneOf, options } = parts
  const answer: TryAnswer = { events: 0, seen: 0, firings: 0, subscribers: 0, sample: [] }
  const subscribers = new Set<number>()
  for (let partition = 0; partition < log.partitions; partition++) {
    const rule = compileRule(trigger, 1, {
      fieldsOf: rules.fieldsOf,
      texts: new Texts(),
      latenessMs: options.latenessMs,
      pauses: [],
      admits: rules.admitsOf(trigger),
    })
    const memory = new Partition({ partition, partitions: log.partitions, zoneOf, ...options })
    memory.setRules([{ rule, start: 0 }])
    const standing = new Map<number, Decision>()
    const collect = (): void => {
      for (const decision of memory.decisions) {
        if (decision.stands) standing.set(decision.causeRef, decision)
        else standing.delete(decision.causeRef)
      }
      memory.decisions = []
      memory.late = []
      // An event that was let in late is one of the few that a rehearsal leaves out.
      memory.reread.clear()
    }
    const end = await log.endOffset(partition)
    while (memory.position < end) {
      const from = memory.position
      for (const chunk of await log.read(partition, from, options.batchEvents)) memory.read(chunk, end)
      answer.events += memory.position - from
      collect()
      await setImmediate()
    }
    while (memory.expireSome(toMs)) collect()
    answer.seen += memory.seen
    const found = [...standing.values()].filter(({ firedAtMs }) => firedAtMs >= fromMs && firedAtMs < toMs)
    answer.firings += found.length
    for (const { subscriberId } of found) subscribers.add(subscriberId)
    for (const decision of found.slice(0, SAMPLE - answer.sample.length)) {
      answer.sample.push(await explained(log, partition, trigger, decision))
    }
  }
  answer.subscribers = subscribers.size
  return answer
}

/** A firing with the subscriber's last events of the rule's types up to it. */
async function explained(
  log: EventLog,
  partition: number,
  trigger: Trigger,
  { subscriberId, firedAtMs, causeRef }: Decision,
): Promise<TryAnswer['sample'][number]> {
  const offset = offsetOf(causeRef)
  const [entry] = entriesOf(await log.read(partition, offset, 1))
  const cause = decodeRecord(entry!.record)
  const types = new Set([
    trigger.on,
    trigger.absence?.then,
    ...(trigger.sequence?.then ?? []).map(({ on }) => on),
  ])
  const counted: LoggedEvent[] = []
  // A look back over the records in front of the cause: enough for a person to recognise the story.
  const from = Math.max(0, offset - 200_000)
  for (let at = from; at < offset;) {
    const chunks = await log.read(partition, at, 20_000)
    if (chunks.length === 0) break
    for (const { offset: place, record } of entriesOf(chunks)) {
      at = place + 1
      if (place >= offset || record.readUInt32LE(16) !== subscriberId) continue
      const event = decodeRecord(record)
      if (types.has(event.type) && event.atMs <= firedAtMs) counted.push(event)
    }
  }
  const view = (event: LoggedEvent): CountedEvent => countedView(trigger, event)
  const firedAt = Temporal.Instant.fromEpochMilliseconds(firedAtMs).toString()
  return {
    subscriberId,
    firedAt,
    cause: view(cause),
    counted: counted.slice(-COUNTED).map(view),
    reason: `${cause.type} "${cause.id}" made the rule true at ${firedAt}`,
  }
}
