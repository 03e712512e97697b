import { setTimeout as sleep } from 'node:timers/promises'
import { joinKafkaGroup } from '../src/platform/index.ts'

/**
 * A process that holds partitions as a member of a consumer group and says on standard output what it holds from when
 * to when: one JSON line each time. It takes a moment to let go, as a server does that stores its state first.
 */
const [brokers = '', groupId = '', topic = ''] = process.argv.slice(2)
const LETTING_GO_MS = 300

export type MemberLine = { atMs: number; holds: number[]; kept: number[] }

function say(holds: number[], kept: number[] = []): void {
  const line: MemberLine = { atMs: performance.timeOrigin + performance.now(), holds, kept }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

// The test that started it is gone.
process.stdin.on('end', () => process.exit(1)).resume()
const connection = { brokers: brokers.split(','), clientId: `member-${process.pid}` }
const membership = await joinKafkaGroup(connection, {
  groupId,
  topic,
  onAssigned: async (partitions, kept) => say(partitions, kept),
  onRevoked: async () => {
    await sleep(LETTING_GO_MS)
    say([])
  },
  onError: (error) => process.stderr.write(`${String(error)}\n`),
})
process.once('SIGTERM', () => void membership.leave().then(() => process.exit()))
