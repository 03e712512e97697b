import { Command, CommanderError, Option } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadLetterState, type DeadLetterState } from '../src/events/contract.ts'
import { Client } from './client.ts'
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts'
import { doctor } from './doctor.ts'
import { apply, diff, exportDocuments } from './documents.ts'
import { CliError } from './errors.ts'
import { importEvents, importSubscribers } from './import.ts'
import { eventMap, readMap, subscriberMap } from './mapping.ts'
import { printReport } from './report.ts'
import type { Terminal } from './terminal.ts'
import { languageOf } from './words.ts'

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string
}

/** Runs a command line (without program name) and returns its exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const run = new CommandLine(terminal)
  try {
    await run.program.parseAsync([...args], { from: 'user' })
    return run.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (!(error instanceof CliError)) throw error
    terminal.err(`tenure: ${error.message}`)
    return 1
  }
}

class CommandLine {
  readonly program: Command
  exitCode = 0
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.program = new Command('tenure')
      .description('The command line of a Tenure server.')
      .version(version)
      .option('--url <url>', 'address of the server (default: TENURE_URL, else http://127.0.0.1:8080)')
      .option('--key <key>', 'API key (default: TENURE_API_KEY)')
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.out(text.trimEnd()),
        writeErr: (text) => terminal.err(text.trimEnd()),
      })
    this.#addImport()
    this.#addDocuments()
    this.#addDeadLetters()
    this.#addRest()
  }

  #settings(): { url: string; key: string | undefined } {
    const { url, key } = this.program.opts<{ url?: string; key?: string }>()
    const { env } = this.#terminal
    return {
      url: url ?? env['TENURE_URL'] ?? 'http://127.0.0.1:8080',
      key: key ?? env['TENURE_API_KEY'],
    }
  }

  #client(): Client {
    const { url, key } = this.#settings()
    if (key === undefined) throw new CliError('no API key: set TENURE_API_KEY or use --key')
    return new Client(url, key)
  }

  #addImport(): void {
    const imports = this.program.command('import').description('bring a CSV file in')
    const withFile = (name: string): Command =>
      imports
        .command(name)
        .argument('<file>', 'CSV file with a header line')
        .requiredOption('--map <map...>', 'mapping file, or path=column, path=column:type, path==value')
        .option('--rejects <file>', 'write rejected rows with their problems to this CSV file')
        .option('--delimiter <character>', 'what separates the columns', ',')

    withFile('subscribers')
      .option('--dry-run', 'do the work, tell the result, and roll it back', false)
      .action(async (file: string, o: ImportFlags & { dryRun: boolean }) => {
        const map = readMap(subscriberMap, 'subscribers', o.map)
        this.exitCode = await importSubscribers(this.#client(), this.#terminal, {
          ...importOptions(file, o),
          map,
          dryRun: o.dryRun,
        })
      })
    withFile('events')
      .requiredOption('--type <type>', 'registered event type')
      .action(async (file: string, o: ImportFlags & { type: string }) => {
        const map = readMap(eventMap, 'events', o.map)
        this.exitCode = await importEvents(this.#client(), this.#terminal, {
          ...importOptions(file, o),
          map,
          type: o.type,
        })
      })
  }

  #addDocuments(): void {
    const files = ['-f, --file <path...>', 'YAML or JSON files, or folders of them'] as const
    this.program
      .command('apply')
      .description('save documents: all of them, or none when one is refused')
      .requiredOption(...files)
      .option('--dry-run', 'only tell what would happen', false)
      .action(async (o: { file: string[]; dryRun: boolean }) => {
        this.exitCode = await apply(this.#client(), this.#terminal, o.file, o.dryRun)
      })
    this.program
      .command('diff')
      .description('show what apply would change (exit code 1 when it would)')
      .requiredOption(...files)
      .action(async (o: { file: string[] }) => {
        this.exitCode = await diff(this.#client(), this.#terminal, o.file)
      })
    this.program
      .command('export')
      .description('write the current documents as YAML')
      .option('-o, --output <folder>', 'one file a document below this folder; without it to the terminal')
      .action(async (o: { output?: string }) => {
        this.exitCode = await exportDocuments(this.#client(), this.#terminal, o.output)
      })
  }

  #addDeadLetters(): void {
    const letters = this.program.command('dead-letters').description('events that were refused')
    letters
      .command('list')
      .addOption(new Option('--state <state>', 'which ones').choices(deadLetterState.options).default('open'))
      .option('--limit <n>', 'how many at most', (text) => Number.parseInt(text, 10), 100)
      .option('--json', 'one JSON object a line', false)
      .action(async (o: { state: DeadLetterState; limit: number; json: boolean }) => {
        this.exitCode = await listDeadLetters(this.#client(), this.#terminal, o)
      })
    letters
      .command('replay')
      .argument('[ids...]', 'ids of letters')
      .option('--all', 'all open letters', false)
      .option('--file <file>', 'lines of JSON {"deadLetterId", "event"} with mended events')
      .action(async (ids: string[], o: { all: boolean; file?: string }) => {
        this.exitCode = await replayDeadLetters(this.#client(), this.#terminal, { ids, ...o })
      })
  }

  #addRest(): void {
    this.program
      .command('report')
      .description('print the report of a campaign')
      .argument('<campaign>', 'id of the campaign')
      .option('--json', 'the report as JSON', false)
      .option('--lang <language>', 'en, ru or uk (default: by LANG)')
      .action(async (campaign: string, o: { json: boolean; lang?: string }) => {
        const language = languageOf(o.lang, this.#terminal.env)
        this.exitCode = await printReport(this.#client(), this.#terminal, campaign, {
          language,
          json: o.json,
        })
      })
    this.program
      .command('doctor')
      .description('check address, key and versions')
      .action(async () => {
        this.exitCode = await doctor(this.#terminal, { ...this.#settings(), version })
      })
  }
}

type ImportFlags = { map: string[]; rejects?: string; delimiter: string }

function importOptions(file: string, { delimiter, rejects }: ImportFlags) {
  return { file, delimiter: delimiter === '\\t' ? '\t' : delimiter, rejectsFile: rejects }
}
