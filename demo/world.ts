import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../src/platform/index.ts'
import { root, startWorker, tenure, type Worker } from './processes.ts'

export type WorldOptions = {
  /** Folder of this run: stores, the base file, the journal. */
  folder: string
  subscribers: number
  seed: string
  days: number
  /** Grid of simulated time in seconds, instead of the behaviour file's. */
  stepS?: number
  /** A real base and its mapping instead of a simulated one. */
  base?: { file: string; map: string }
  journal?: string
  /** Say less: for tests. */
  quiet?: boolean
}

export const CAMPAIGN = 'package-runs-out'

const TENANT = 'demo'
/** In the address under which the operator's gateway reports; a secret of this run on this machine. */
const CALLBACK_SECRET = randomUUID()

/** Start of the simulated month: February 2026, 28 days. */
const FROM = '2026-02-01T00:00:00+03:00'

/** A server and an operator in a box, connected and ready to begin. */
export type World = {
  serverUrl: string
  apiKey: string
  server: Worker
  simulator: Worker
  /** The environment with which a killed server is started again. */
  startServer(): Worker
  /** How the command line tool finds the server. */
  env: Record<string, string>
  begin(): void
}

/** Starts both processes, applies the campaign's documents and imports the base. */
export async function setUpWorld(options: WorldOptions, say: (text: string) => void): Promise<World> {
  const started: Worker[] = []
  try {
    return await startWorld(options, say, started)
  } catch (error) {
    // Nobody else knows of these processes yet.
    for (const worker of started) worker.process.kill('SIGTERM')
    await Promise.all(started.map((worker) => worker.ended))
    throw error
  }
}

async function startWorld(
  options: WorldOptions,
  say: (text: string) => void,
  started: Worker[],
): Promise<World> {
  const port = await freePort()
  const startServer = (): Worker =>
    startWorker('src/app/main.ts', [], {
      TENURE_CLOCK: 'simulated',
      TENURE_PORT: String(port),
      TENURE_DATA_DIR: join(options.folder, 'data'),
      TENURE_TENANT: TENANT,
      TENURE_TENANT_NAME: 'Demo operator',
    })
  say('Starting PostgreSQL, the event log, ClickHouse and the server')
  const server = startServer()
  started.push(server)
  const { listening, apiKey } = (await server.line('listening')) as { listening: string; apiKey: string }
  const env = { TENURE_URL: listening, TENURE_API_KEY: apiKey }

  say('Starting the operator: SMSC, USSD and DSTK gateways, billing, credit scoring')
  const baseFile = join(options.folder, 'base.csv')
  const simulator = startWorker('src/simulator/main.ts', [
    '--server',
    listening,
    '--key',
    apiKey,
    '--dstk-callback',
    `/callbacks/${TENANT}/dstk/${CALLBACK_SECRET}`,
    '--seed',
    options.seed,
    '--from',
    FROM,
    '--days',
    String(options.days),
    '--write-base',
    baseFile,
    ...(options.stepS === undefined ? [] : ['--step', String(options.stepS)]),
    ...(options.journal ? ['--journal', options.journal] : []),
    ...(options.base
      ? ['--base', options.base.file, '--map', options.base.map]
      : ['--subscribers', String(options.subscribers)]),
  ])
  started.push(simulator)
  const { httpPort, smppPort } = (await simulator.line('ready')) as { httpPort: number; smppPort: number }

  say('Applying the campaign: triggers, packages, templates, cascades, arms')
  const systems = join(options.folder, 'systems.yaml')
  await writeFile(systems, systemDocuments(httpPort, smppPort))
  await tenure(['apply', '-f', join(root, 'demo/documents'), '-f', systems], env, true)

  say('Importing the base')
  const map = options.base?.map ?? join(root, 'demo/base.map.yaml')
  await tenure(['import', 'subscribers', baseFile, '--map', map], env, options.quiet)
  return {
    serverUrl: listening,
    apiKey,
    server,
    simulator,
    startServer,
    env,
    begin: () => simulator.process.stdin!.write('start\n'),
  }
}

/** Where this run's operator listens: the only documents that differ from run to run. */
function systemDocuments(httpPort: number, smppPort: number): string {
  const template = readFileSync(join(root, 'demo/systems.template.yaml'), 'utf8')
  return template
    .replaceAll('HTTP_PORT', String(httpPort))
    .replaceAll('SMPP_PORT', String(smppPort))
    .replaceAll('CALLBACK_SECRET', CALLBACK_SECRET)
}
