import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUp,
  killsOf,
  loadWithKills,
  type Played,
  play,
  readTraces,
  type Traces,
  type WorldSize,
} from './kill-world.ts'

/*
 * The server is killed again and again while a world goes on around it. The same world is played once undisturbed;
 * what a kill may change is told by the messages whose fate nobody can know, and by nothing else.
 */

/** The moments of the kills follow from this seed; a failure is repeated by setting it. */
const KILL_SEED = process.env['TENURE_KILL_SEED'] ?? String(Date.now() % 1_000_000)
const SIZE: WorldSize = {
  subscribers: Number(process.env['TENURE_KILL_SUBSCRIBERS'] ?? 12_000),
  days: Number(process.env['TENURE_KILL_DAYS'] ?? 4),
  seed: process.env['TENURE_KILL_WORLD'] ?? '7',
}
const TIMEOUT_MS = 900_000

const say = (text: string): void => void process.stderr.write(`${text}\n`)

afterAll(cleanUp, TIMEOUT_MS)

describe('a month in which the server is killed again and again', () => {
  let calm: { played: Played; traces: Traces }
  let killed: { played: Played; traces: Traces }
  /** Accounts with a message whose outcome died with a process. */
  let doubtful: Set<string>

  beforeAll(async () => {
    say(`kills follow from TENURE_KILL_SEED=${KILL_SEED}`)
    const run = async (kills: Parameters<typeof play>[1]): Promise<typeof calm> => {
      const sinceMs = performance.now()
      const played = await play(SIZE, kills)
      const seconds = ((performance.now() - sinceMs) / 1_000).toFixed(1)
      say(`${played.kills} kills, ${seconds} s, ${JSON.stringify(played.totals)}`)
      return { played, traces: await readTraces(played.folder) }
    }
    calm = await run([])
    killed = await run(killsOf(KILL_SEED, 18))
    doubtful = new Set(
      killed.traces.messages
        .filter(({ state, reason }) => state === 'unknown' || reason === 'process_ended')
        .map(({ account }) => account),
    )
    const { startMs } = killed.played
    const meanMs = startMs.reduce((sum, ms) => sum + ms, 0) / startMs.length
    say(`restart: ${meanMs.toFixed(0)} ms on average, ${Math.max(...startMs).toFixed(0)} ms at most`)
    say(`subscribers with a message of unknown outcome: ${doubtful.size}`)
  }, TIMEOUT_MS)

  test('there were at least twenty kills', () => {
    expect(killed.played.kills).toBeGreaterThanOrEqual(20)
  })

  test('every accepted event is in the log once and was counted once', () => {
    for (const { played, traces } of [calm, killed]) {
      const { eventsSent, accepted, duplicates, rejected } = played.totals
      expect(rejected).toBe(0)
      expect(accepted! + duplicates!).toBe(eventsSent)
      const { announced } = traces.log
      expect(announced).toBeGreaterThan(0)
      const all = eventsSent! + announced
      expect(traces.log).toEqual({ records: all, endOffset: all, distinctEvents: all, announced })
      expect(traces.events).toEqual({ rows: all, positions: all, next: all })
      const { outbox } = traces.facts
      expect(outbox).toBeGreaterThan(0)
      expect(traces.facts).toEqual({ rows: outbox, positions: outbox, outbox })
      expect(traces.firings.unhandled).toBe(0)
    }
  })

  test('no message reached a phone twice, and each that did is known here', () => {
    for (const { traces } of [calm, killed]) {
      const known = new Map(
        traces.messages.map((message) => {
          const reference = message.channel === 'dstk' ? message.messageId : message.reference
          return [`${message.account} ${message.channel} ${reference}`, message]
        }),
      )
      expect(known.size).toBe(traces.messages.length)
      const reached = traces.journal
        .filter(({ what }) => what === 'message')
        .map(({ subscriber, channel, reference }) => `${subscriber} ${channel} ${String(reference)}`)
      expect(reached.length).toBeGreaterThan(0)
      expect(reached.length).toBe(new Set(reached).size)
      const sent = new Set(['submitted', 'delivered', 'seen', 'unknown'])
      expect(reached.filter((key) => !sent.has(known.get(key)?.state ?? 'missing'))).toEqual([])
      const arrived = new Set(reached)
      const confirmed = [...known].filter(([, { state }]) => state === 'delivered' || state === 'seen')
      expect(confirmed.filter(([key]) => !arrived.has(key))).toEqual([])
    }
  })

  test('no message is left half-way', () => {
    const endMs = Date.parse(String(killed.played.report['asOf']))
    for (const { traces } of [calm, killed]) {
      const left = traces.messages.filter(
        ({ state, notBefore }) =>
          state === 'submitting' || (state === 'queued' && notBefore.epochMilliseconds <= endMs),
      )
      expect(left).toEqual([])
      const taken = traces.messages.filter(({ state, reason }) => state === 'submitted' && reason === null)
      expect(taken.filter(({ providerIds }) => providerIds.length === 0)).toEqual([])
      expect(traces.strayReceipts).toBe(0)
    }
    for (const { messageId, channel, state } of killed.traces.messages.filter(
      ({ reason }) => reason === 'process_ended',
    )) {
      say(`unknown when the process ended: ${channel} ${messageId}, now ${state}`)
    }
  })

  test('no order and no loan was made twice', () => {
    for (const { traces } of [calm, killed]) {
      const orders = traces.journal.filter(({ what }) => what === 'activation').map(({ order }) => order)
      expect(orders.length).toBe(new Set(orders).size)
      const completed = traces.activations
        .filter(({ state }) => state === 'completed')
        .map(({ activationId }) => `${activationId}:order`)
      const carriedOut = traces.journal
        .filter(({ what, channel }) => what === 'activation' && channel === 'product-order')
        .map(({ order }) => order)
      expect(completed.length).toBeGreaterThan(0)
      expect(carriedOut.toSorted()).toEqual(completed.toSorted())
      expect(traces.loanIds.length).toBe(new Set(traces.loanIds).size)
    }
  })

  test('the ledger agrees with its journal and sums to zero', () => {
    for (const { traces } of [calm, killed]) {
      expect(traces.ledger).toMatchObject({ ok: true })
      expect(traces.ledger.entries).toBeGreaterThan(0)
    }
  })

  test('whoever had no message of unknown outcome lived the same life', () => {
    const accounts = new Set([...calm.traces.histories.keys(), ...killed.traces.histories.keys()])
    const differing = [...accounts].filter((account) => {
      const [one, other] = [calm.traces.histories.get(account), killed.traces.histories.get(account)]
      return JSON.stringify(one) !== JSON.stringify(other)
    })
    say(`subscribers whose history differs: ${differing.length} of ${accounts.size}`)
    const unexplained = differing.filter((account) => !doubtful.has(account))
    const first = unexplained[0]
    if (first !== undefined) {
      const [one, other] = [calm.traces.histories.get(first)!, killed.traces.histories.get(first)!]
      say(`${first}, undisturbed only:\n  ${one.filter((text) => !other.includes(text)).join('\n  ')}`)
      say(`${first}, with kills only:\n  ${other.filter((text) => !one.includes(text)).join('\n  ')}`)
    }
    expect(unexplained).toEqual([])
  })

  test('the report is that of the undisturbed run, unless a message was left unknown', () => {
    expect(killed.played.report['asOf']).toBe(calm.played.report['asOf'])
    if (doubtful.size > 0) return
    expect(killed.played.report).toEqual(calm.played.report)
    expect(killed.played.digest).toBe(calm.played.digest)
  })
})

test(
  'events that are sent while the server is killed are in the log once, and fire once',
  async () => {
    const loaded = await loadWithKills(KILL_SEED, 8)
    const { log, events, facts, firings } = await readTraces(loaded.folder)
    say(`load: ${JSON.stringify(loaded)}`)
    expect(loaded.kills).toBe(8)
    expect(loaded.repeatedPosts).toBeGreaterThan(0)
    const sent = loaded.events
    expect(log).toEqual({ records: sent, endOffset: sent, distinctEvents: sent, announced: 0 })
    expect(events).toEqual({ rows: sent, positions: sent, next: sent })
    expect(facts.rows).toBe(facts.outbox)
    expect(firings.standing).toBe(loaded.firings)
  },
  TIMEOUT_MS,
)
