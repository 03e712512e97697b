import { request } from 'node:http'
import { connect } from 'node:net'
import { type Block, EventStream, SLOTS } from './stream.ts'

/**
 * A source in a process of its own: `generator.ts '{…Job}'` sends a stream of events over TCP or HTTP, at full speed
 * or paced, and prints one JSON line, `Sent`, when the other side has answered for all of them.
 */
export type Job = {
  transport: 'tcp' | 'http'
  /** `http://host:port` for HTTP; `host:port` for TCP. */
  address: string
  key: string
  events: number
  /** Events a second, in ticks of 5 ms; absent: as fast as the other side takes them. */
  perS?: number
  subscribers: number
  seed: number
  startMs: number
  firstBlock: number
}
export type Sent = {
  sent: number
  bytes: number
  /** What the other side said of them: together they must be all that were sent. */
  accepted: number
  duplicates: number
  rejected: number
  /** From the first byte to the last answer. */
  seconds: number
  /** Processor time of this process an event, in microseconds. */
  cpuUsPerEvent: number
  /** Where the next stream begins. */
  nextBlock: number
  nextMs: number
}

const TICK_MS = 5
const HTTP_REQUESTS = 4

/** Takes bytes one piece after another; `done` comes when a piece may be written over. */
type Pipe = { write(bytes: Buffer, done: () => void): void; end(): void }
/** What has been answered so far; `changed` is called with every answer. */
type Answers = { accepted: number; duplicates: number; rejected: number; changed: () => void }

/** An answer that counts everything so far takes the place of the one before. */
function setAnswer(answers: Answers, text: string): void {
  answers.accepted = 0
  answers.duplicates = 0
  answers.rejected = 0
  addAnswer(answers, text)
}
/** `accepted`, `duplicates` and `rejectedCount` of one answer count what that answer is about. */
function addAnswer(answers: Answers, line: string): void {
  const said = JSON.parse(line) as Record<string, unknown>
  if (typeof said['accepted'] !== 'number') throw new Error(`the server answered ${line}`)
  answers.accepted += said['accepted']
  answers.duplicates += Number(said['duplicates'] ?? 0)
  answers.rejected += Number(said['rejectedCount'] ?? 0)
  answers.changed()
}

/** One connection: the key in the first line, then events; the answers come as lines when events are durable. */
async function tcpPipes({ address, key }: Job, answers: Answers): Promise<Pipe[]> {
  const { hostname, port } = new URL(`tcp://${address}`)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    // Each answer counts all events of the connection so far.
    for (const line of lines) if (line !== '') setAnswer(answers, line)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.write(`${JSON.stringify({ key })}\n`)
  // Not ended when all is sent: the answers for the last events are still to come, and main ends the process.
  return [{ write: (bytes, done) => void socket.write(bytes, () => done()), end: () => {} }]
}

/** Several long requests side by side, each answered when it is over. */
async function httpPipes({ address, key }: Job, answers: Answers): Promise<Pipe[]> {
  return Array.from({ length: HTTP_REQUESTS }, (): Pipe => {
    const sending = request(`${address}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    })
    sending.setNoDelay(true)
    sending.flushHeaders()
    sending.on('error', fail)
    sending.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => addAnswer(answers, text))
    })
    return {
      write: (bytes, done) => void sending.write(bytes, () => done()),
      end: () => void sending.end(),
    }
  })
}

/** Sends whole blocks, each to the pipe whose turn it is, and stops only while the pool's blocks are all on their way. */
function blast(stream: EventStream, pipes: Pipe[], events: number): Promise<number> {
  return new Promise((resolve) => {
    let left = Math.ceil(events / SLOTS)
    let under = 0
    let bytes = 0
    let turn = 0
    const pump = (): void => {
      while (left > 0) {
        const block = stream.next()
        if (!block) return
        left--
        under++
        bytes += block.bytes.length
        block.busy = true
        pipes[turn++ % pipes.length]!.write(block.bytes, () => {
          block.busy = false
          under--
          if (left > 0) pump()
          else if (under === 0) resolve(bytes)
        })
      }
    }
    pump()
  })
}

/** Sends every 5 ms as many events as are due, so that a late tick is made up for by the next one. */
async function pace(stream: EventStream, pipes: Pipe[], events: number, perS: number): Promise<number> {
  const started = performance.now()
  let sent = 0
  let bytes = 0
  let block: Block | undefined
  let slot = SLOTS
  while (sent < events) {
    const due = Math.min(events, Math.ceil(((performance.now() - started) / 1000) * perS))
    while (sent < due) {
      if (slot === SLOTS) {
        block = stream.next()
        if (!block) break
        block.busy = true
        slot = 0
      }
      const to = Math.min(SLOTS, slot + due - sent)
      const part = block!.bytes.subarray(block!.starts[slot], block!.starts[to])
      const owner = block!
      pipes[0]!.write(part, () => {
        if (to === SLOTS) owner.busy = false
      })
      sent += to - slot
      bytes += part.length
      slot = to
    }
    await new Promise((resolve) => {
      setTimeout(resolve, TICK_MS)
    })
  }
  return bytes
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

async function main(job: Job): Promise<void> {
  const answers: Answers = { accepted: 0, duplicates: 0, rejected: 0, changed: () => {} }
  const stream = new EventStream(job)
  const pipes = await (job.transport === 'tcp' ? tcpPipes(job, answers) : httpPipes(job, answers))
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  // Whole blocks at full speed, the exact number when paced.
  const sent = job.perS === undefined ? Math.ceil(job.events / SLOTS) * SLOTS : job.events
  const answered = new Promise<void>((resolve) => {
    answers.changed = () => {
      if (answers.accepted + answers.duplicates + answers.rejected >= sent) resolve()
    }
  })
  const bytes = await (job.perS === undefined
    ? blast(stream, pipes, sent)
    : pace(stream, pipes, sent, job.perS))
  for (const pipe of pipes) pipe.end()
  await answered
  const seconds = (performance.now() - started) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  const line: Sent = {
    sent,
    bytes,
    accepted: answers.accepted,
    duplicates: answers.duplicates,
    rejected: answers.rejected,
    seconds,
    cpuUsPerEvent: (cpu.user + cpu.system) / sent,
    nextBlock: stream.nextBlock,
    nextMs: stream.atMs,
  }
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0))
}

if (import.meta.main) void main(JSON.parse(process.argv[2]!) as Job).catch(fail)
