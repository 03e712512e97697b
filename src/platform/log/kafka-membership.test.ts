import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasKafka, type KafkaBroker, startKafka } from '../../../test/kafka-broker.ts'
import type { MemberLine } from '../../../test/kafka-member.ts'
import { KafkaLogStore } from './kafka.ts'
import { KafkaMembership } from './kafka-membership.ts'

const SCRIPT = join(import.meta.dirname, '../../../test/kafka-member.ts')
const PARTITIONS = 6

type Member = { process: ChildProcess; lines: MemberLine[]; endedMs: number }

const nowMs = (): number => performance.timeOrigin + performance.now()
const heldBy = ({ lines, endedMs }: Member): number[] =>
  endedMs < Infinity ? [] : (lines.at(-1)?.holds ?? [])

describe.skipIf(!hasKafka())('on a real broker', () => {
  let kafka: KafkaBroker
  let store: KafkaLogStore
  let count = 0
  const members: Member[] = []
  beforeAll(async () => {
    kafka = await startKafka()
    store = await KafkaLogStore.open({
      brokers: kafka.brokers,
      prefix: 'tenure',
      partitions: PARTITIONS,
      clientId: 'test',
    })
  })
  afterEach(() => {
    for (const { process } of members.splice(0)) process.kill('SIGKILL')
  })
  afterAll(async () => {
    await store?.close()
    await kafka?.stop()
  })

  async function topicOfNewLog(): Promise<string> {
    const name = `events/${count++}`
    await store.log(name).endOffset(0)
    return store.topic(name)
  }

  function start(topic: string): Member {
    const child = spawn(process.execPath, [SCRIPT, kafka.brokers.join(','), 'workers', topic], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const member: Member = { process: child, lines: [], endedMs: Infinity }
    createInterface({ input: child.stdout! }).on('line', (line) =>
      member.lines.push(JSON.parse(line) as MemberLine),
    )
    child.once('exit', () => (member.endedMs = nowMs()))
    members.push(member)
    return member
  }

  /** Waits until the sizes of what living members hold are these and everything is held; returns how long it took. */
  async function settled(sizes: number[]): Promise<number> {
    const startMs = nowMs()
    const state = (): number[][] => members.filter(({ endedMs }) => endedMs === Infinity).map(heldBy)
    for (;;) {
      const held = state()
      const whole = held.flat().toSorted((a, b) => a - b)
      const isWhole = whole.length === PARTITIONS && whole.every((partition, i) => partition === i)
      if (isWhole && String(held.map((share) => share.length).toSorted()) === String(sizes))
        return nowMs() - startMs
      if (nowMs() - startMs > 60_000) throw new Error(`not settled: ${JSON.stringify(held)}`)
      await sleep(20)
    }
  }

  /** Times in which two members held the same partition. */
  function overlaps(): string[] {
    const spans = members.flatMap(({ lines, endedMs }, member) =>
      lines.flatMap(({ atMs, holds }, i) =>
        holds.map((partition) => ({ member, partition, from: atMs, to: lines[i + 1]?.atMs ?? endedMs })),
      ),
    )
    return spans.flatMap((a) =>
      spans
        .filter((b) => a.member < b.member && a.partition === b.partition && a.from < b.to && b.from < a.to)
        .map((b) => `partition ${a.partition}: ${JSON.stringify([a, b])}`),
    )
  }

  test('processes share the partitions; those of one that joins, leaves or is killed move', async () => {
    const topic = await topicOfNewLog()
    start(topic)
    await settled([6])
    start(topic)
    start(topic)
    await settled([2, 2, 2])

    const [first, second, third] = members as [Member, Member, Member]
    const before = heldBy(first)
    second.process.kill('SIGKILL')
    await once(second.process, 'exit')
    const movedMs = await settled([3, 3])
    expect(movedMs).toBeLessThan(12_000)
    expect(heldBy(first)).toEqual(expect.arrayContaining(before))
    expect(first.lines.at(-1)!.kept).toEqual(before)

    third.process.kill('SIGTERM')
    await once(third.process, 'exit', { signal: AbortSignal.timeout(10_000) })
    // Nobody waits for the end of a session after a farewell.
    expect(await settled([6])).toBeLessThan(5000)

    start(topic)
    await settled([3, 3])
    expect(overlaps()).toEqual([])
  }, 180_000)

  test('a member outlives its broker and comes back to what it held', async () => {
    const topic = await topicOfNewLog()
    const seen: string[] = []
    const membership = new KafkaMembership({ brokers: kafka.brokers, clientId: 'test' })
    await membership.join({
      groupId: 'alone',
      topic,
      sessionTimeoutMs: 2000,
      onAssigned: async (partitions) => void seen.push(`has ${partitions.length}`),
      onRevoked: async () => void seen.push('let go'),
    })
    expect(seen).toEqual(['has 6'])
    // Longer than a session: by then others might have got the partitions.
    await kafka.restart('SIGKILL', 2500)
    expect(seen).toEqual(['has 6', 'let go'])
    for (let waited = 0; seen.length < 3 && waited < 60_000; waited += 100) await sleep(100)
    expect(seen).toEqual(['has 6', 'let go', 'has 6'])
    await membership.leave()
    expect(seen.at(-1)).toBe('let go')
  }, 180_000)
})
