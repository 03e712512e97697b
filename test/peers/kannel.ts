import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/platform/index.ts'
import { debianPeers } from './debian.ts'

const startTimeoutMs = 20_000

/** Kannel (bearerbox and smsbox) bound to an SMSC, and what it calls back with. */
export type Kannel = {
  /** Kannel sends an SMS; resolves with its HTTP answer. `id` comes back in the reports about it. */
  send(message: { to: string; text: string; id: string }): Promise<{ status: number; body: string }>
  /** Delivery reports: our id and Kannel's type (1 delivered, 2 failed, 4 buffered, 8 taken by the SMSC, 16 refused). */
  reports: { id: string; type: number }[]
  /** Messages from subscribers, as smsbox hands them on. */
  messages: { from: string; text: string }[]
  log(): string
  stop(): Promise<void>
}

/** Starts both of Kannel's processes as a transceiver client of the SMSC at `smscPort`, and waits until it is bound. */
export async function startKannel(smscPort: number): Promise<Kannel> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-kannel-'))
  const [adminPort, boxPort, sendPort] = [await freePort(), await freePort(), await freePort()]
  const reports: Kannel['reports'] = []
  const messages: Kannel['messages'] = []
  const hook = createServer((request: IncomingMessage, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1')
    if (pathname === '/report')
      reports.push({ id: searchParams.get('id')!, type: Number(searchParams.get('type')) })
    else messages.push({ from: searchParams.get('from')!, text: textOf(request.url!) })
    response.end()
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`
  const file = join(folder, 'kannel.conf')
  const log = join(folder, 'bearerbox.log')
  writeFileSync(file, configuration({ adminPort, boxPort, sendPort, smscPort, hookUrl, log }))

  const { folder: programs, env } = debianPeers()
  const processes: ChildProcess[] = []
  const run = (program: string): void => {
    const child = spawn(join(programs, 'usr/sbin', program), ['-v', '4', file], {
      env,
      cwd: folder,
      stdio: 'ignore',
    })
    processes.push(child)
  }
  const stop = async (): Promise<void> => {
    for (const child of processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }
    await new Promise((resolve) => hook.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  }
  const status = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/status.txt?password=secret`).catch(
      () => undefined,
    )
    return (await answer?.text()) ?? ''
  }
  const send: Kannel['send'] = async ({ to, text, id }) => {
    const query = new URLSearchParams({
      username: 'tenure',
      password: 'secret',
      from: '1111',
      to,
      text,
      charset: 'UTF-8',
      coding: /^[\x20-\x7e]*$/.test(text) ? '0' : '2',
      'dlr-mask': '31',
      'dlr-url': `${hookUrl}/report?id=${id}&type=%d`,
    })
    const answer = await fetch(`http://127.0.0.1:${sendPort}/cgi-bin/sendsms?${query.toString()}`)
    return { status: answer.status, body: await answer.text() }
  }
  try {
    run('bearerbox')
    await until(async () => (await status()).includes('online'), 'bearerbox is not bound')
    run('smsbox')
    await until(async () => (await status()).includes('smsbox'), 'smsbox is not connected')
    await until(
      async () => (await fetch(`http://127.0.0.1:${sendPort}/`).catch(() => undefined)) !== undefined,
      'smsbox does not listen',
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { send, reports, messages, log: () => readFileSync(log, 'utf8'), stop }
}

/** The text of a message from a subscriber: its octets as they came, in UCS-2 where Kannel says coding 2. */
function textOf(url: string): string {
  const [, coding, encoded] = /coding=(\d*)&text=([^&]*)/.exec(url)!
  const octets = Buffer.from(unescape(encoded!.replaceAll('+', ' ')), 'latin1')
  return coding === '2' ? octets.swap16().toString('utf16le') : octets.toString()
}

async function until(condition: () => Promise<boolean>, problem: string): Promise<void> {
  const giveUpMs = performance.now() + startTimeoutMs
  while (!(await condition())) {
    if (performance.now() > giveUpMs) throw new Error(`Kannel did not start: ${problem}`)
    await sleep(50)
  }
}

function configuration(at: {
  adminPort: number
  boxPort: number
  sendPort: number
  smscPort: number
  hookUrl: string
  log: string
}): string {
  return `
group = core
admin-port = ${at.adminPort}
admin-interface = 127.0.0.1
smsbox-port = ${at.boxPort}
smsbox-interface = 127.0.0.1
admin-password = secret
log-file = "${at.log}"
log-level = 0
box-allow-ip = "127.0.0.1"

group = smsc
smsc = smpp
smsc-id = tenure
host = 127.0.0.1
port = ${at.smscPort}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = SMPP
interface-version = 34
max-pending-submits = 50

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = ${at.boxPort}
sendsms-port = ${at.sendPort}

group = sendsms-user
username = tenure
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = "${at.hookUrl}/message?from=%p&coding=%c&text=%b"
max-messages = 0
catch-all = true
`
}
