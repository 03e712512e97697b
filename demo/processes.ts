import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const root = join(import.meta.dirname, '..')

export type JsonLine = Record<string, unknown>

/** A child process of this Node that speaks in JSON lines. */
export type Worker = {
  process: ChildProcess
  /** Resolves with the first line that has the field; rejects when the process ends before. */
  line(field: string): Promise<JsonLine>
  onLine(listener: (line: JsonLine) => void): void
  ended: Promise<number | null>
}

/** Starts `script` (a path from the project's root) with the project's own Node; its errors go to ours. */
export function startWorker(script: string, args: string[], env: Record<string, string> = {}): Worker {
  // Events live for a moment: a roomy young generation lets them die there instead of being copied on.
  const child = spawn(process.execPath, ['--max-semi-space-size=64', join(root, script), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // Whatever ends this process, its children must not outlive it; the server then stops its PostgreSQL itself.
  const endChild = (): void => void child.kill('SIGTERM')
  process.once('exit', endChild)
  child.once('exit', () => process.off('exit', endChild))
  const seen: JsonLine[] = []
  const listeners = new Set<(line: JsonLine) => void>()
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as JsonLine
    seen.push(line)
    for (const listener of listeners) listener(line)
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return {
    process: child,
    ended,
    onLine: (listener) => void listeners.add(listener),
    line: (field) =>
      new Promise((resolve, reject) => {
        const found = seen.find((line) => field in line)
        if (found) return resolve(found)
        listeners.add((line) => field in line && resolve(line))
        void ended.then((code) =>
          reject(new Error(`${script} ended with code ${code} before it said "${field}"`)),
        )
      }),
  }
}

/** Runs the command line tool and waits; its output goes to ours. */
export async function tenure(args: string[], env: Record<string, string>, quiet = false): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'bin/tenure.js'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`tenure ${args.join(' ')} ended with code ${code}`)
}
