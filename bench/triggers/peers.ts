import { parse } from '@marcbachmann/cel-js'
import { Engine, type RuleProperties } from 'json-rules-engine'
import { type BenchRule, type Comparison, fiftyRules } from './rules.ts'
import { EventStream } from './stream.ts'

/**
 * Other ways to judge the same events by the same conditions, in a process of its own: `peers.ts '{…PeerJob}'` prints
 * one JSON line, `PeerFound`. Both peers look at single events and keep no history: they do only a part of the work.
 */
export type PeerJob = { peer: PeerName; subscribers: number; seed: number; seconds: number }
export type PeerName = 'json-rules-engine' | 'cel-js'
export type PeerFound = {
  events: number
  /** Wall time that they took, as for our own figures. */
  seconds: number
  /** Conditions that were true. */
  hits: number
  /** The rules whose condition it could evaluate, of fifty. */
  rules: number
  memoryBytes: number
}

type Event = { type: string; data: Record<string, unknown> }
/** Evaluates the conditions that are about one event; how many are true. */
type Judge = { rules: number; judge(event: Event): number | Promise<number> }

const operators = { '==': 'equal', '>=': 'greaterThanInclusive', '<': 'lessThan', in: 'in' } as const

/** json-rules-engine: one engine an event type, with the match rules that are made of comparisons. */
function jsonRules(): Judge {
  const engines = new Map<string, Engine>()
  const expressible = fiftyRules.filter((rule) => rule.all)
  for (const rule of expressible) {
    const type = String(rule.document['on'])
    const engine = engines.get(type) ?? new Engine()
    engines.set(type, engine.addRule(jsonRule(rule, rule.all!)))
  }
  return {
    rules: expressible.length,
    judge: async ({ type, data }) => (await engines.get(type)?.run(data))?.events.length ?? 0,
  }
}

function jsonRule(rule: BenchRule, comparisons: Comparison[]): RuleProperties {
  const all = comparisons.map(([fact, operator, value]) => ({ fact, operator: operators[operator], value }))
  return { conditions: { all }, event: { type: rule.document.id } }
}

/** A CEL interpreter: every rule's own condition over its event; those without one are true without asking. */
function celRules(): Judge {
  const byType = new Map<string, ReturnType<typeof parse>[]>()
  let rules = 0
  for (const { document } of fiftyRules) {
    if (document['where'] === undefined) continue
    rules++
    const type = String(document['on'])
    byType.set(type, [...(byType.get(type) ?? []), parse(String(document['where']))])
  }
  return {
    rules,
    judge: ({ type, data }) => {
      const scope = { event: data }
      let hits = 0
      for (const condition of byType.get(type) ?? []) if (condition(scope) === true) hits++
      return hits
    },
  }
}

async function main({ peer, subscribers, seed, seconds }: PeerJob): Promise<void> {
  const stream = new EventStream({ subscribers, seed, startMs: Date.now() })
  const { rules, judge } = peer === 'cel-js' ? celRules() : jsonRules()
  const capMs = seconds * 1000
  // The first fifth warms up the compiler and does not count.
  await judgeFor(capMs / 5, stream, judge)
  const started = performance.now()
  const { events, hits } = await judgeFor((capMs * 4) / 5, stream, judge)
  const found: PeerFound = {
    events,
    seconds: (performance.now() - started) / 1000,
    hits,
    rules,
    memoryBytes: process.memoryUsage().rss,
  }
  process.stdout.write(`${JSON.stringify(found)}\n`)
}

async function judgeFor(
  ms: number,
  stream: EventStream,
  judge: Judge['judge'],
): Promise<{ events: number; hits: number }> {
  const until = performance.now() + ms
  let events = 0
  let hits = 0
  while (performance.now() < until) {
    for (const line of stream.next()!.bytes.toString().split('\n')) {
      if (line === '') continue
      const found = judge(JSON.parse(line) as Event)
      hits += typeof found === 'number' ? found : await found
      events++
    }
  }
  return { events, hits }
}

if (import.meta.main) void main(JSON.parse(process.argv[2]!) as PeerJob)
