import { createServer, type Server, type Socket } from 'node:net'
import type { Access } from '../../access/index.ts'
import { type Clock, DomainError, problemOf } from '../../platform/index.ts'
import type { IngestCounts } from './contract.ts'
import type { Intake, Lines } from './intake.ts'
import { Progress, type Running } from './running.ts'
import type { TcpSource } from './source.ts'

export type TcpTools = {
  tenantId: string
  access: Pick<Access, 'authenticate'>
  events: Pick<Intake, 'openLines'>
  clock: Clock
}

const MAX_HANDSHAKE_BYTES = 4_096
const HANDSHAKE_TIMEOUT_MS = 10_000
const LISTEN_AGAIN_MS = 5_000
const MAX_CONNECTIONS = 1_000
const NEWLINE = 10

/**
 * Listens for senders of NDJSON CloudEvents. The first line of a connection is `{"key":"API KEY"}`. Whenever more
 * of what came is durable the server writes `{"accepted":n,"duplicates":n,"rejected":n}`, counted from the beginning
 * of the connection: the sender may forget as many lines as their sum says. A sender that ends its half of the
 * connection gets the last of these lines before the other half ends. `{"error":{code,message}}` comes before a refusal.
 */
export function listenTcp(tcp: TcpSource, tools: TcpTools): Running {
  const progress = new Progress(tools.clock)
  progress.details['connections'] = 0
  const connections = new Map<Socket, Promise<void>>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const serving = serve(socket, tools, progress).finally(() => {
      connections.delete(socket)
      progress.details['connections'] = connections.size
    })
    connections.set(socket, serving)
    progress.details['connections'] = connections.size
  })
  server.maxConnections = MAX_CONNECTIONS
  const stopListening = keepListening(server, tcp, progress)
  return {
    progress,
    async stop() {
      stopListening()
      for (const socket of connections.keys()) socket.destroy()
      await Promise.all(connections.values())
      progress.become('stopped')
    },
  }
}

/** A port that somebody else still holds is tried again. Returns how to stop. */
function keepListening(server: Server, { port, host }: TcpSource, progress: Progress): () => void {
  let again: NodeJS.Timeout | undefined
  const listen = (): void => void server.listen({ port, host })
  server.on('listening', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') progress.details['port'] = address.port
    progress.become('connected')
  })
  server.on('error', (error) => {
    progress.fail(error)
    if (server.listening) return
    progress.become('failed')
    again = setTimeout(listen, LISTEN_AGAIN_MS)
  })
  listen()
  return () => {
    clearTimeout(again)
    server.close()
  }
}

async function serve(socket: Socket, tools: TcpTools, progress: Progress): Promise<void> {
  // Errors reach the reader of the chunks; one that comes after its end concerns nobody.
  socket.on('error', () => undefined)
  try {
    // The sender's end of the reading half must not end the half in which it is told the last counts.
    const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
    const first = await handshake(socket, chunks, tools)
    const lines = await tools.events.openLines(tools.tenantId)
    const report = new Report(socket, lines, progress)
    try {
      await pass(first, chunks, lines, report)
    } finally {
      // Also of a connection that broke: what came before is counted, only its unended line is not.
      await report.last()
    }
    socket.end()
  } catch (error) {
    progress.fail(error)
    if (socket.writable) {
      const { code, message } = problemOf(error)
      socket.end(`${JSON.stringify({ error: { code, message } })}\n`)
    }
    socket.destroySoon()
  }
}

async function pass(
  first: Buffer,
  chunks: AsyncIterableIterator<Buffer>,
  lines: Lines,
  report: Report,
): Promise<void> {
  let lastByte = NEWLINE
  const write = async (chunk: Buffer): Promise<void> => {
    if (chunk.length === 0) return
    lastByte = chunk[chunk.length - 1]!
    // The next bytes are read when these are taken: the back-pressure on the sender.
    await lines.write(chunk)
    report.wake()
  }
  await write(first)
  for await (const chunk of chunks) await write(chunk)
  if (lastByte !== NEWLINE) await write(Buffer.from('\n'))
}

/** Reads the first line and checks its key; resolves with the bytes that came behind it. */
async function handshake(
  socket: Socket,
  chunks: AsyncIterator<Buffer>,
  { tenantId, access }: TcpTools,
): Promise<Buffer> {
  socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy(refused('no line came in time')))
  let head = Buffer.alloc(0)
  let end = -1
  while (end < 0) {
    if (head.length > MAX_HANDSHAKE_BYTES) throw refused('the first line is too long')
    const { done, value } = await chunks.next()
    if (done) throw refused('the connection ended before its first line')
    head = Buffer.concat([head, value])
    end = head.indexOf(NEWLINE)
  }
  if (end > MAX_HANDSHAKE_BYTES) throw refused('the first line is too long')
  socket.setTimeout(0)
  const { tenantId: found, role } = await access.authenticate(keyOf(head.toString('utf8', 0, end)))
  if (found !== tenantId) throw new DomainError('key_unauthenticated', 'the API key is not of this source')
  if (role === 'read') {
    throw new DomainError('role_forbidden', 'a key of role "read" may not do this', {
      expected: 'admin | ingest',
    })
  }
  return head.subarray(end + 1)
}

function keyOf(line: string): string {
  try {
    const { key } = JSON.parse(line) as { key?: unknown }
    if (typeof key === 'string') return key
  } catch {
    // Told below.
  }
  throw refused('the first line is no key')
}

const refused = (message: string): DomainError =>
  new DomainError('handshake_invalid', message, { expected: '{"key":"API KEY"} and a line end' })

/** Tells the sender what is durable, one question to the log at a time however many chunks come meanwhile. */
class Report {
  readonly #socket: Socket
  readonly #lines: Lines
  readonly #progress: Progress
  #told: IngestCounts = { accepted: 0, duplicates: 0, rejected: 0 }
  #telling: Promise<void> | undefined
  #isMore = false

  constructor(socket: Socket, lines: Lines, progress: Progress) {
    this.#socket = socket
    this.#lines = lines
    this.#progress = progress
  }

  wake(): void {
    this.#isMore = true
    if (this.#telling) return
    this.#telling = this.#tell()
    // What fails here breaks the connection: the sender keeps all that it was not told.
    this.#telling.catch((error: Error) => this.#socket.destroy(error))
  }

  /** Tells all that there is. */
  async last(): Promise<void> {
    await this.#telling
    await this.#tellNow()
  }

  async #tell(): Promise<void> {
    while (this.#isMore) {
      this.#isMore = false
      await this.#tellNow()
    }
    this.#telling = undefined
  }

  async #tellNow(): Promise<void> {
    const { accepted, duplicates, rejected } = await this.#lines.flushed()
    const before = this.#told
    const news = {
      accepted: accepted - before.accepted,
      duplicates: duplicates - before.duplicates,
      rejected: rejected - before.rejected,
    }
    if (news.accepted + news.duplicates + news.rejected === 0) return
    this.#told = { accepted, duplicates, rejected }
    this.#progress.add(news)
    // A sender that does not listen is not shouted at: the next line says the same and more.
    if (!this.#socket.writable || this.#socket.writableLength > 65_536) return
    this.#socket.write(`${JSON.stringify(this.#told)}\n`)
  }
}
