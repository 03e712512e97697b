import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/platform/index.ts'
import { debianPeers } from './debian.ts'

/** One unit as Net::SMPP read it: numbers and texts as they are, octets in hex. */
export type SeenByPerl = { command: string; sequence: number; status: number } & Record<
  string,
  string | number
>

export type NetSmpp = { port: number; seen: SeenByPerl[]; stop(): Promise<void> }

/** An SMSC on Perl's Net::SMPP that reports every message as delivered, in text or in optional parameters. */
export async function startNetSmpp(receipts: 'text' | 'tlv'): Promise<NetSmpp> {
  const { env } = debianPeers()
  const script = join(import.meta.dirname, 'net-smpp-smsc.pl')
  const child = spawn('perl', [script, receipts], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const seen: SeenByPerl[] = []
  const lines = createInterface({ input: child.stdout })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the SMSC on Net::SMPP has ended')))
    lines.on('line', (line) => {
      const said = JSON.parse(line) as SeenByPerl & { port?: number }
      if (said.port === undefined) seen.push(said)
      else resolve(said.port)
    })
  })
  return { port, seen, stop: () => end(child) }
}

/** The package's own example `smsc.pl`, unchanged but for its port. It gives all messages the same id. */
export async function startExampleSmsc(): Promise<{ port: number; stop(): Promise<void> }> {
  const { folder, env } = debianPeers()
  const port = await freePort()
  const text = readFileSync(join(folder, 'usr/share/doc/libnet-smpp-perl/examples/smsc.pl'), 'utf8')
  const own = mkdtempSync(join(tmpdir(), 'tenure-smsc-'))
  writeFileSync(
    join(own, 'smsc.pl'),
    text.replace('$port = 9900', `$port = ${port}`).replace("'localhost'", "'127.0.0.1'"),
  )
  const child = spawn('perl', [join(own, 'smsc.pl'), '3'], { env, stdio: 'ignore', detached: true })
  const stop = async (): Promise<void> => {
    // It forks a process for each connection: all of its group end together.
    process.kill(-child.pid!, 'SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(own, { recursive: true, force: true })
  }
  const giveUpMs = performance.now() + 10_000
  while (!(await answers(port))) {
    if (performance.now() > giveUpMs) {
      await stop()
      throw new Error('smsc.pl did not start')
    }
    await sleep(50)
  }
  return { port, stop }
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
