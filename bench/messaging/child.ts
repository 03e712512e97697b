import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** A question to a process of the benchmark and its answer; every question has exactly one. */
type Question = { ask: string; given: unknown }
type Answer = { answer?: unknown; failure?: string }

/** What a process of the benchmark can be asked. */
export type Answers = Record<string, (given: never) => unknown>

/** A process of the benchmark, as the one that started it sees it. */
export class Child<Asked extends Answers> {
  readonly #process: ChildProcess
  #last: Promise<unknown> = Promise.resolve()

  private constructor(process: ChildProcess) {
    this.#process = process
  }

  /** Starts a script of this folder with one argument, as JSON; resolves when it says that it is ready. */
  static async start<Asked extends Answers>(script: string, given: object): Promise<Child<Asked>> {
    const forked = fork(join(import.meta.dirname, script), [JSON.stringify(given)], {
      // As `npm start` has them.
      execArgv: [...process.execArgv, '--max-semi-space-size=64', '--v8-pool-size=1'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const child = new Child<Asked>(forked)
    await child.#answer()
    return child
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Asks and waits for the answer; questions are answered in their order. */
  ask<Name extends keyof Asked & string>(
    name: Name,
    given?: Parameters<Asked[Name]>[0],
  ): Promise<Awaited<ReturnType<Asked[Name]>>> {
    const asked = this.#last.then(() => {
      this.#process.send({ ask: name, given } satisfies Question)
      return this.#answer()
    })
    this.#last = asked.catch(() => undefined)
    return asked as Promise<Awaited<ReturnType<Asked[Name]>>>
  }

  /** Asks it to end, and resolves when it has. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = new Promise((resolve) => {
      this.#process.once('exit', resolve)
    })
    this.#process.disconnect()
    await gone
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => {
        reject(new Error(`a process of the benchmark ended with ${code}`))
      }
      this.#process.once('exit', onExit)
      this.#process.once('message', ({ answer, failure }: Answer) => {
        this.#process.off('exit', onExit)
        if (failure === undefined) resolve(answer)
        else reject(new Error(failure))
      })
    })
  }
}

/** The argument of a process that `Child.start` started. */
export function givenJob<Job>(): Job {
  return JSON.parse(process.argv[2]!) as Job
}

/** Says that this process is ready and answers what it is asked, until the other side lets go of it. */
export function serve(answers: Answers, end: () => Promise<void>): void {
  process.on('message', ({ ask, given }: Question) => {
    const asked = answers[ask] as (given: unknown) => unknown
    Promise.resolve()
      .then(() => asked(given))
      .then(
        (answer) => process.send!({ answer } satisfies Answer),
        (error: Error) => process.send!({ failure: error.stack ?? error.message } satisfies Answer),
      )
  })
  process.once('disconnect', () => {
    void end().finally(() => process.exit(0))
  })
  process.send!({ answer: undefined } satisfies Answer)
}

/** The machine's own clock, the same for all processes; milliseconds since it was started. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
