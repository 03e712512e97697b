import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MultiBar, Presets } from 'cli-progress'
import { build } from 'vite'
import { type JsonLine, root, tenure } from './processes.ts'
import { CAMPAIGN, setUpWorld, type World } from './world.ts'

/**
 * The main job on embedded stores: an operator of 50,000 subscribers lives through a month, three ways of selling
 * data packages run side by side with a control group, and the report says in money which of them was worth it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      subscribers: { type: 'string', default: '50000' },
      days: { type: 'string', default: '28' },
      seed: { type: 'string', default: '1' },
      step: { type: 'string' },
      base: { type: 'string' },
      map: { type: 'string' },
      lang: { type: 'string', default: 'en' },
      exit: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const started = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'tenure-demo-'))
  chmodSync(folder, 0o755)
  const say = (text: string): void => {
    process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
  }
  say('Building the console')
  // Always anew: pages built for an older report could not read this one.
  await build({ root: join(root, 'web'), logLevel: 'error' })
  const days = Number(values.days)
  const world = await setUpWorld(
    {
      folder,
      subscribers: Number(values.subscribers),
      seed: values.seed,
      days,
      ...(values.step ? { stepS: Number(values.step) } : {}),
      ...(values.base ? { base: baseOf(values.base, values.map) } : {}),
    },
    say,
  )
  const page = `${world.serverUrl}/campaigns/${CAMPAIGN}#key=${world.apiKey}`
  say(`Live report: ${page}`)
  const totals = await play(world, days)
  const { eventsSent, messagesReceived, answers, sales, steps } = totals['totals'] as Record<string, number>
  say(
    `The month is over: ${eventsSent} events, ${messagesReceived} messages on phones, ${answers} answers, ${sales} package sales in ${steps} steps of time`,
  )
  await tenure(['report', CAMPAIGN, '--lang', values.lang], world.env)
  say('Done')
  await finish(world, folder, page, values.exit, values.keep)
}

function baseOf(file: string, map: string | undefined): { file: string; map: string } {
  return { file: resolve(file), map: resolve(map ?? join(root, 'demo/telco-churn.map.yaml')) }
}

/** Lets the world run, with a bar of simulated days; resolves with the simulator's last word. */
async function play(world: World, days: number): Promise<JsonLine> {
  const bars = new MultiBar(
    {
      format:
        '{bar} day {day} of {total} · {events} events · {messages} messages · {answers} answers · {sales} sales · {duration_formatted}',
      hideCursor: true,
      noTTYOutput: !process.stderr.isTTY,
      notTTYSchedule: 10_000,
    },
    Presets.shades_classic,
  )
  const bar = bars.create(days, 0, { day: 0, events: 0, messages: 0, answers: 0, sales: 0 })
  let firstMs: number | undefined
  world.simulator.onLine((line) => {
    if (typeof line['simulatedNow'] !== 'string') return
    const nowMs = Date.parse(line['simulatedNow'])
    firstMs ??= nowMs
    const day = Math.min(days, (nowMs - firstMs) / 86_400_000)
    const { eventsSent, messagesReceived, answers, sales } = line
    bar.update(day, { day: Math.floor(day), events: eventsSent, messages: messagesReceived, answers, sales })
  })
  world.begin()
  const last = await Promise.race([
    world.simulator.line('done'),
    world.simulator.line('failed').then((line) => {
      throw new Error(`the simulated world stopped: ${JSON.stringify(line['problem'])}`)
    }),
    world.server.ended.then((code) => {
      throw new Error(`the server ended with code ${code}`)
    }),
  ])
  bars.stop()
  return last
}

async function finish(
  world: World,
  folder: string,
  page: string,
  exit: boolean,
  keep: boolean,
): Promise<void> {
  if (!exit) {
    process.stdout.write(`\nThe console stays open at ${page}\nPress Ctrl+C to stop.\n`)
    await new Promise<void>((done) => {
      process.once('SIGINT', done)
      process.once('SIGTERM', done)
    })
  }
  world.server.process.kill('SIGTERM')
  await world.server.ended
  if (!keep) rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

await main()
