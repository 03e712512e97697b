import { Command, CommanderError, Option } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadLetterState, type DeadLetterState, eventMap } from '../src/events/contract.ts'
import { Client } from './client.ts'
import { listDeadLetters, type ReplayOptions, replayDeadLetters } from './dead-letters.ts'
import { doctor } from './doctor.ts'
import { apply, diff, exportDocuments } from './documents.ts'
import { CliError } from './errors.ts'
import { importEvents, importSubscribers } from './import.ts'
import { addLoyalty } from './loyalty.ts'
import { readMap, subscriberMap } from './mapping.ts'
import { verifyLedger } from './ledger.ts'
import { explainMessage } from './messages.ts'
import { printReport } from './report.ts'
import type { Terminal } from './terminal.ts'
import { explainTrigger, listTriggers, switchTrigger, tryTriggers } from './triggers.ts'
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
    this.#addEvents()
    this.#addTriggers()
    this.#addLedger()
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

  #addEvents(): void {
    const letters = this.program.command('dead-letters').description('events that were refused')
    letters
      .command('list')
      .addOption(new Option('--state <state>', 'which ones').choices(deadLetterState.options).default('open'))
      .option('--limit <n>', 'how many at most', (text) => Number.parseInt(text, 10), 100)
      .option('--json', 'one JSON object a line', false)
      .action(async (o: { state: DeadLetterState; limit: number; json: boolean }) => {
        this.exitCode = await listDeadLetters(this.#client(), this.#terminal, o)
      })
    const events = this.program.command('events').description('events that came in')
    // Two names for one thing: whoever thinks of refused events finds it, and whoever thinks of late ones too.
    for (const command of [letters, events]) {
      command
        .command('replay')
        .description('take refused and late events in again')
        .argument('[ids...]', 'ids of dead letters')
        .option('--all', 'all that are open', false)
        .option('--code <code>', 'those that are open with this code, such as event_too_late')
        .option('--file <file>', 'lines of JSON {"deadLetterId", "event"} with mended events')
        .action(async (ids: string[], o: Omit<ReplayOptions, 'ids'>) => {
          this.exitCode = await replayDeadLetters(this.#client(), this.#terminal, { ids, ...o })
        })
    }
  }

  #addTriggers(): void {
    const triggers = this.program.command('triggers').description('rules that watch the events')
    const asJson = ['--json', 'one JSON object a line', false] as const
    triggers
      .command('list')
      .description('the rules, how often each fired and how it stands')
      .option(...asJson)
      .action(async (o: { json: boolean }) => {
        this.exitCode = await listTriggers(this.#client(), this.#terminal, o.json)
      })
    triggers
      .command('try')
      .description('what rules would have fired on the events so far; nothing is saved')
      .argument('<file|id>', 'file with triggers, or the id of a saved one')
      .option('--from <moment>', 'firings from here on: a day, or RFC 3339')
      .option('--to <moment>', 'firings before this')
      .option(...asJson)
      .action(async (fileOrId: string, o: { from?: string; to?: string; json: boolean }) => {
        this.exitCode = await tryTriggers(this.#client(), this.#terminal, fileOrId, o)
      })
    triggers
      .command('explain')
      .description('where a rule stands with a subscriber')
      .argument('<id>', 'id of the trigger')
      .requiredOption(
        '--subscriber <identity>',
        'msisdn:+…, account:…, external:…, or the number of the subscriber',
      )
      .option(...asJson)
      .action(async (id: string, o: { subscriber: string; json: boolean }) => {
        this.exitCode = await explainTrigger(this.#client(), this.#terminal, id, o)
      })
    const switches = {
      pause: 'stop a rule: what happens meanwhile never fires',
      resume: 'let it go on',
    } as const
    for (const action of ['pause', 'resume'] as const) {
      triggers
        .command(action)
        .description(switches[action])
        .argument('<id>', 'id of the trigger')
        .action(async (id: string) => {
          this.exitCode = await switchTrigger(this.#client(), this.#terminal, id, action)
        })
    }
  }

  #addLedger(): void {
    this.program
      .command('ledger')
      .description('points and money')
      .command('verify')
      .description('recompute everything from the journal (exit code 1 when something differs)')
      .option('--json', 'the answer as JSON', false)
      .action(async (o: { json: boolean }) => {
        this.exitCode = await verifyLedger(this.#client(), this.#terminal, o.json)
      })
  }

  #addRest(): void {
    const explain = this.program.command('explain').description('why something is as it is')
    addLoyalty(
      this.program,
      explain,
      () => this.#client(),
      this.#terminal,
      (code) => (this.exitCode = code),
    )
    explain
      .command('message')
      .description('what became of a message, step by step, with the values by which it was decided')
      .argument('<id>', 'id of the message')
      .option('--json', 'the answer as JSON', false)
      .action(async (id: string, o: { json: boolean }) => {
        this.exitCode = await explainMessage(this.#client(), this.#terminal, id, o.json)
      })
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
