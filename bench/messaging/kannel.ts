import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { freePort } from '../../src/platform/index.ts'
import { debianPeers } from '../../test/peers/debian.ts'
import { cpuMsOf } from '../postgres.ts'
import { BINDS, msisdnOf, SENDER, textOf } from './world.ts'

/** How messages come into Kannel. */
export type KannelWay = 'http' | 'batch'
/** Kannel's processes, bound to an SMSC. */
export type RunningKannel = {
  /** Hands over a message to each of these subscribers; resolves when Kannel has taken them all. */
  send(range: { from: number; to: number }, way: KannelWay, receipts: boolean): Promise<void>
  cpuMs(): number | undefined
  stop(): Promise<void>
}

/** Requests at a time: more do not make smsbox faster. */
const CONNECTIONS = 64
/** Its window a bind: with less it waits for answers, with thousands it is no faster. */
const KANNEL_WINDOW = 300
const START_S = 20
/** Delivered (1) and failed (2): the receipts that we ask for too. */
const FINAL_RECEIPTS = '3'

/**
 * Starts bearerbox and smsbox of Debian's Kannel, silent and with nothing kept on disk, with as many binds as ours. They
 * take messages over HTTP, one a request, each with a text of its own; or from Kannel's own `mtbatch`, which puts one
 * text of 7-bit letters for many numbers straight into bearerbox.
 */
export async function startKannel(smscPort: number): Promise<RunningKannel> {
  const { folder: programs, env } = debianPeers()
  const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-kannel-'))
  const [adminPort, boxPort, sendPort] = [await freePort(), await freePort(), await freePort()]
  const hook = createServer((_, response) => void response.end())
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  const file = join(folder, 'kannel.conf')
  writeFileSync(file, configuration({ adminPort, boxPort, sendPort, smscPort }))
  const run = (program: string, args: string[]): ChildProcess =>
    spawn(join(programs, program), args, { env, cwd: folder, stdio: 'ignore' })
  const boxes: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const box of boxes.toReversed()) {
      if (box.exitCode !== null || box.signalCode !== null) continue
      const gone = once(box, 'exit')
      box.kill('SIGKILL')
      await gone
    }
    hook.closeAllConnections()
    hook.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    boxes.push(run('usr/sbin/bearerbox', ['-v', '4', file]))
    await until(async () => occurrences(await status(adminPort), 'online') >= BINDS)
    boxes.push(run('usr/sbin/smsbox', ['-v', '4', file]))
    await until(
      async () => (await fetch(`http://127.0.0.1:${sendPort}/`).catch(() => undefined)) !== undefined,
    )
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async send(range, way, receipts) {
      if (way === 'http') return sendByHttp(sendPort, range, receipts ? hookUrl : undefined)
      const content = join(folder, 'content')
      const receivers = join(folder, 'receivers')
      writeFileSync(content, 'Anna, 10 GB for 199 rub. until midnight. Answer YES')
      const numbers = Array.from({ length: range.to - range.from + 1 }, (_, i) => msisdnOf(range.from + i))
      writeFileSync(receivers, `${numbers.join('\n')}\n`)
      const asked = receipts ? ['-D', FINAL_RECEIPTS, '-u', hookUrl] : []
      const to = ['-v', '4', '-p', String(boxPort), '-f', SENDER, '-i', 'batch', ...asked]
      // It is waited for by what arrives: it may stay until its receipts have come.
      boxes.push(run('usr/bin/mtbatch', [...to, content, receivers]))
    },
    cpuMs: () => boxes.reduce<number | undefined>((sum, { pid }) => plus(sum, cpuMsOf(pid!)), 0),
    stop,
  }
}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b

async function sendByHttp(
  port: number,
  { from, to }: { from: number; to: number },
  hookUrl: string | undefined,
): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS })
  let next = from
  const work = async (): Promise<void> => {
    while (next <= to) {
      const subscriber = next++
      const query = new URLSearchParams({
        username: 'tenure',
        password: 'secret',
        from: SENDER,
        to: `+${msisdnOf(subscriber)}`,
        text: textOf(subscriber),
        charset: 'UTF-8',
        coding: '2',
        ...(hookUrl === undefined
          ? {}
          : { 'dlr-mask': FINAL_RECEIPTS, 'dlr-url': `${hookUrl}?id=${subscriber}` }),
      })
      const answer = await pool.request({ method: 'GET', path: `/cgi-bin/sendsms?${query.toString()}` })
      await answer.body.dump()
      if (answer.statusCode !== 202) throw new Error(`Kannel answered ${answer.statusCode}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  await pool.close()
}

async function status(adminPort: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/status.txt?password=secret`).catch(
    () => undefined,
  )
  return (await answer?.text()) ?? ''
}

const occurrences = (text: string, word: string): number => text.split(word).length - 1

async function until(condition: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + START_S * 1_000
  while (!(await condition())) {
    if (performance.now() > giveUpMs) throw new Error('Kannel did not start')
    await sleep(50)
  }
}

function configuration(at: Record<'adminPort' | 'boxPort' | 'sendPort' | 'smscPort', number>): string {
  const binds = Array.from(
    { length: BINDS },
    (_, i) => `
group = smsc
smsc = smpp
smsc-id = bind${i}
host = 127.0.0.1
port = ${at.smscPort}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = SMPP
interface-version = 34
max-pending-submits = ${KANNEL_WINDOW}
`,
  )
  return `
group = core
admin-port = ${at.adminPort}
admin-interface = 127.0.0.1
smsbox-port = ${at.boxPort}
smsbox-interface = 127.0.0.1
admin-password = secret
log-level = 4
box-allow-ip = "127.0.0.1"
sms-incoming-queue-limit = 1000000
sms-outgoing-queue-limit = 1000000
${binds.join('')}
group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = ${at.boxPort}
sendsms-port = ${at.sendPort}
max-pending-requests = 2000

group = sendsms-user
username = tenure
password = secret
max-messages = 10
concatenation = true
`
}
