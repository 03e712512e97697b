import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../src/platform/index.ts'

const POM = join(import.meta.dirname, 'kafka/pom.xml')
const START_TIMEOUT_MS = 60_000
const OLDEST_JAVA = 17

export type KafkaBroker = {
  /** `host:port` of the one broker; the same after `restart`. */
  brokers: string[]
  /** Ends the broker with this signal, waits `downMs`, and starts it again on the same data. */
  restart(signal?: NodeJS.Signals, downMs?: number): Promise<void>
  /** Ends the broker and removes its data. */
  stop(): Promise<void>
}

/**
 * Whether a broker can be started here: Java 17 or newer, and Maven unless the jars have been fetched before. Where it
 * cannot, the reason goes to standard error, and with TENURE_REQUIRE_KAFKA=1 it is thrown.
 */
export function hasKafka(): boolean {
  const missing = whatIsMissing()
  if (missing === undefined) return true
  const text = `THE TESTS ON KAFKA DO NOT RUN: ${missing}`
  if (process.env['TENURE_REQUIRE_KAFKA'] === '1') throw new Error(text)
  process.stderr.write(`\n${text}\n\n`)
  return false
}

function whatIsMissing(): string | undefined {
  const { stderr = '', error } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const version = /version "(\d+)/.exec(stderr ?? '')?.[1]
  if (error || version === undefined) return 'no java is found'
  if (Number(version) < OLDEST_JAVA) return `java is ${version}, ${OLDEST_JAVA} is needed`
  if (existsSync(jarFolder())) return undefined
  return spawnSync('mvn', ['-version']).error ? 'no mvn is found to fetch the broker with' : undefined
}

/** Where the jars are kept, by version, for every later run. */
function jarFolder(): string {
  const version = /<kafka.version>(.+)<\/kafka.version>/.exec(readFileSync(POM, 'utf8'))?.[1]
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tenure', `kafka-${version}`)
}

/** Fetches the jars once. They come into a folder of this run first, so that the kept folder is always whole. */
async function fetchJars(): Promise<string> {
  const folder = jarFolder()
  if (existsSync(folder)) return folder
  const own = `${folder}.${randomBytes(6).toString('hex')}`
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${own}`]
  await promisify(execFile)('mvn', ['-q', '-B', '-f', POM, ...goal])
  try {
    renameSync(own, folder)
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** A real Kafka broker of one node (KRaft: broker and controller in one process) with its data in a temporary folder. */
export async function startKafka(): Promise<KafkaBroker> {
  const jars = await fetchJars()
  const folder = mkdtempSync(join(tmpdir(), 'tenure-kafka-'))
  const port = await freePort()
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, serverProperties(folder, port, await freePort()))
  const java = [
    '-Xmx512m',
    '-XX:+UseSerialGC',
    // A broker of a few minutes spends more on the second compiler than it gets back.
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    '-cp',
    `${jars}/*`,
  ]
  const cluster = `--cluster-id=${randomBytes(16).toString('base64url')}`
  await promisify(execFile)('java', [...java, 'kafka.tools.StorageTool', 'format', cluster, '-c', properties])

  let broker = await startBroker([...java, 'kafka.Kafka', properties], port)
  const killNow = (): void => void broker.kill('SIGKILL')
  process.once('exit', killNow)
  return {
    brokers: [`127.0.0.1:${port}`],
    restart: async (signal = 'SIGKILL', downMs = 0) => {
      await end(broker, signal)
      await sleep(downMs)
      broker = await startBroker([...java, 'kafka.Kafka', properties], port)
    },
    stop: async () => {
      process.removeListener('exit', killNow)
      await end(broker, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serverProperties(folder: string, port: number, controllerPort: number): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=300
broker.session.timeout.ms=1500
`
}

async function end(broker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (broker.exitCode !== null || broker.signalCode !== null) return
  const gone = once(broker, 'exit')
  broker.kill(signal)
  await gone
}

/** Starts the process and waits until its port answers: the broker opens it when it can serve. */
async function startBroker(args: string[], port: number): Promise<ChildProcess> {
  const broker = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  broker.stderr!.on('data', (text: Buffer) => (complaints = (complaints + text.toString()).slice(-4000)))
  const giveUpMs = performance.now() + START_TIMEOUT_MS
  while (!(await answers(port))) {
    if (broker.exitCode !== null || performance.now() > giveUpMs) {
      broker.kill('SIGKILL')
      throw new Error(`the Kafka broker did not start:\n${complaints}`)
    }
    await sleep(50)
  }
  return broker
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
