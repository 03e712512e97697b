import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startFastSmsc } from './fast.ts'
import type { FastSmscCounts, FastSmscMessage, FastSmscOptions } from './fast-options.ts'

/** A fast SMSC in a process of its own, so that its work is not counted as ours. */
export type FastSmscProcess = {
  port: number
  pid: number
  counts(): Promise<FastSmscCounts>
  messages(): Promise<FastSmscMessage[]>
  /** Ends the process; rejects nothing. `SIGKILL` is how an SMSC vanishes. */
  close(signal?: NodeJS.Signals): Promise<void>
}

/** Starts it and resolves when it listens. */
export async function spawnFastSmsc(options: FastSmscOptions = {}): Promise<FastSmscProcess> {
  const child = spawn(process.execPath, [import.meta.filename, '--json', JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const killNow = (): void => void child.kill('SIGKILL')
  process.once('exit', killNow)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the fast SMSC has ended')
    return JSON.parse(value) as T
  }
  // Answers come in the order of the questions, and the lines are asked for in that order too.
  const ask = <T>(question: string): Promise<T> => {
    child.stdin.write(`${question}\n`)
    return next<T>()
  }
  const { port } = await next<{ port: number }>()
  return {
    port,
    pid: child.pid!,
    counts: () => ask('counts'),
    messages: () => ask('messages'),
    close: async (signal = 'SIGTERM') => {
      process.removeListener('exit', killNow)
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
  }
}

/**
 * The process itself: `node fast-process.ts --json '{"rttMs":20}'`. It prints `{"port":…}`, then a line of JSON for each
 * line on its input: `counts`, `messages`. It ends with its input.
 */
async function serve(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string', default: '{}' } } })
  const smsc = await startFastSmsc(JSON.parse(values.json) as FastSmscOptions)
  const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
  print({ port: smsc.port })
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'counts') print(smsc.counts())
    if (line === 'messages') print(smsc.messages())
  }
  await smsc.close()
}

if (import.meta.main) await serve()
