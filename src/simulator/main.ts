import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { problemOf, systemClock } from '../platform/index.ts'
import { type BaseRow, baseCsv, makeBase } from './base.ts'
import { readBase } from './base-file.ts'
import { defaultBehaviour } from './behaviour.ts'
import { perSubscriberDigest } from './digest.ts'
import { drive } from './driver.ts'
import { startHttpSystems } from './http-systems.ts'
import { Journal } from './journal.ts'
import { begin } from './life.ts'
import { type Options, readOptions } from './options.ts'
import { takeSms, Throttle } from './phone-sms.ts'
import { startSmsc } from './smsc/index.ts'
import { TenureClient } from './tenure-client.ts'
import { makeWorld, type World } from './world.ts'

/** Wall-clock milliseconds between two lines of progress. */
const progressEveryMs = 250

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function note(text: string): void {
  process.stderr.write(`simulator: ${text}\n`)
}

function rowsOf(options: Options): BaseRow[] {
  const { base, subscribers, seed, startMs } = options
  return base
    ? readBase(base, seed, startMs, defaultBehaviour)
    : makeBase(subscribers, seed, startMs, defaultBehaviour)
}

async function startLine(): Promise<void> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) if (line.trim() === 'start') break
  process.stdin.pause()
}

function progressOf(world: World): object {
  const { message, answer, activation } = world.journal.counts
  return {
    simulatedNow: new Date(world.clock.nowMs()).toISOString(),
    eventsSent: world.events.written - world.events.waiting,
    messagesReceived: message,
    answers: answer,
    sales: activation,
  }
}

async function run(options: Options): Promise<void> {
  const rows = rowsOf(options)
  if (options.writeBase) await pipeline(Readable.from(baseCsv(rows)), createWriteStream(options.writeBase))
  const { seed, startMs, endMs } = options
  const world = makeWorld({ rows, seed, startMs, endMs, journal: new Journal(options.journal) })
  begin(world)
  const throttle = new Throttle(world)
  const systems = await startHttpSystems(world, options.port)
  const smsc = await startSmsc({
    port: options.smppPort,
    onMessage: (message) => takeSms(world, message),
    shouldThrottle: (part) => throttle.shouldThrottle(part),
  })
  const tenure = new TenureClient({
    serverUrl: options.serverUrl,
    key: options.key,
    smsc,
    networkCode: world.b.ussd.networkCode,
    dstkCallbackPath: options.dstkCallbackPath,
    onNote: note,
  })
  print({ ready: true, httpPort: systems.port, smppPort: smsc.port, subscribers: rows.length })
  if (options.writeBase) await startLine()
  let printedMs = 0
  const driven = await drive(world, tenure, {
    ...(options.stepS === undefined ? {} : { stepS: options.stepS }),
    onStep: () => {
      const nowMs = systemClock.nowMs()
      if (nowMs - printedMs < progressEveryMs) return
      printedMs = nowMs
      print(progressOf(world))
    },
  })
  print({
    done: true,
    totals: { ...progressOf(world), ...driven, ...tenure.counts, calls: world.calls.made },
    perSubscriberDigest: perSubscriberDigest(world),
  })
  world.journal.close()
  await tenure.close()
  await Promise.all([systems.close(), smsc.close()])
}

try {
  await run(readOptions(process.argv.slice(2)))
} catch (error) {
  print({ failed: true, problem: problemOf(error) })
  if (process.env['TENURE_DEBUG']) console.error(error)
  process.exitCode = 1
  setTimeout(() => process.exit(1), 200).unref()
}
