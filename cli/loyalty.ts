import type { Command } from 'commander'
import { SingleBar } from 'cli-progress'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type {
  ExplainAnswer,
  ExplainedEvent,
  JudgementView,
  MigratedAccounts,
  MigrationResult,
  TryAnswer,
} from '../src/loyalty/contract.ts'
import type { Client } from './client.ts'
import { CliError } from './errors.ts'
import { sourceDocuments } from './source.ts'
import { type Line, renderTable } from './table.ts'
import { type Terminal, withThinSpaces } from './terminal.ts'
import { momentOf } from './triggers.ts'
import { type Language, languageOf, type Word, wordsOf } from './words.ts'

/** Adds `explain points`, `loyalty try` and `loyalty migrate`. */
export function addLoyalty(
  program: Command,
  explain: Command,
  client: () => Client,
  terminal: Terminal,
  ended: (code: number) => void,
): void {
  const identity = 'msisdn:+…, account:…, external:…, or the number of the subscriber'
  const asJson = ['--json', 'the answer as JSON', false] as const
  explain
    .command('points')
    .description('why a member got points for an event, or none: every rule with the value that decided')
    .requiredOption('--member <identity>', identity)
    .requiredOption('--event <id>', 'id of the event in its source')
    .option('--programme <id>', 'rules of this programme alone')
    .option('--lang <language>', 'en, ru or uk (default: by LANG)')
    .option(...asJson)
    .action(async (o: ExplainOptions) => ended(await explainPoints(client(), terminal, o)))
  const loyalty = program.command('loyalty').description('programmes and what they give')
  loyalty
    .command('try')
    .description(
      'what earn rules, quests, achievements and streaks would have given on the events so far; nothing is saved',
    )
    .argument('<file|id>', 'file with such documents, or the id of a saved one')
    .option('--from <moment>', 'events from here on: a day, or RFC 3339')
    .option('--to <moment>', 'events before this')
    .option(...asJson)
    .action(async (fileOrId: string, o: TryOptions) => ended(await tryRules(client(), terminal, fileOrId, o)))
  loyalty
    .command('migrate')
    .description(
      'move the members of one programme to another with their points; repeat it whenever you like',
    )
    .argument('<id>', 'id of the document ProgrammeMigration')
    .option('--dry-run', 'do the work, tell the result, and take it back', false)
    .option('--report <file>', 'write every account to this CSV file')
    .option(...asJson)
    .action(async (id: string, o: MigrateOptions) => ended(await migrate(client(), terminal, id, o)))
}

type ExplainOptions = { member: string; event: string; programme?: string; lang?: string; json: boolean }
type TryOptions = { from?: string; to?: string; json: boolean }
type MigrateOptions = { dryRun: boolean; report?: string; json: boolean }

async function explainPoints(client: Client, terminal: Terminal, o: ExplainOptions): Promise<number> {
  const language: Language = languageOf(o.lang, terminal.env)
  const query = new URLSearchParams({
    event: o.event,
    language,
    ...(o.programme ? { programme: o.programme } : {}),
  })
  const path = `/v1/members/${encodeURIComponent(o.member)}/points/explain?${query.toString()}`
  const word = wordsOf(language)
  const { events, refused } = await client.get<ExplainAnswer>(path).catch((error: unknown) => {
    const isUnknown = error instanceof CliError && error.message.includes(UNKNOWN_EVENT)
    throw isUnknown ? new CliError(`${UNKNOWN_EVENT}: ${word('unknownEvent')}`) : error
  })
  for (const one of [...events, ...refused]) {
    if (o.json) terminal.out(JSON.stringify(one))
    else if ('deadLetterId' in one) printRefused(terminal, one, word)
    else printExplained(terminal, one, language)
  }
  return 0
}

/** The answer for an event that no rule has judged. */
const UNKNOWN_EVENT = '404 loyalty_event_not_found'

type Refused = ExplainAnswer['refused'][number]

function printRefused(
  terminal: Terminal,
  { text, deadLetterId, receivedAt, field }: Refused,
  word: (word: Word) => string,
): void {
  terminal.out(text)
  print(terminal, [[`  ${word('deadLetter')}`, deadLetterId, receivedAt, ...(field === null ? [] : [field])]])
}

function printExplained(terminal: Terminal, one: ExplainedEvent, language: Language): void {
  const word = wordsOf(language)
  const { type, event, source, at, subscriberId } = one
  terminal.out(`${type} "${event}", ${word('of')} ${source}, ${at}, ${word('subscriber')} ${subscriberId}`)
  for (const judgement of one.judgements) printJudgement(terminal, judgement, language)
}

function printJudgement(terminal: Terminal, one: JudgementView, language: Language): void {
  const name = one.ruleName?.[language]
  const word = wordsOf(language)
  const rule = `${one.rule}${name ? ` (${name})` : ''}`
  terminal.out('')
  terminal.out(`${one.programme}, ${rule}, ${word('version')} ${one.ruleVersion}: ${one.reason}`)
  terminal.out(`  ${one.text}`)
  const { award } = one
  const state: Line[] = award
    ? [
        [`  ${word('stands')}`, word(`award_${award.state}`)],
        [`  ${word('spendableFrom')}`, award.availableFrom],
        [`  ${word('expires')}`, award.expiresAt ?? word('never')],
        ...(award.returned === '0'
          ? []
          : [[`  ${word('takenBack')}`, pointsOf(award.returned, one.decimals)]]),
        ...(award.forgiven === '0'
          ? []
          : [[`  ${word('forgiven')}`, pointsOf(award.forgiven, one.decimals)]]),
      ]
    : []
  const saw = Object.entries(one.saw).map(([key, value]): Line => [`  ${key}`, shown(value)])
  print(terminal, [...state, ...saw])
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

async function tryRules(
  client: Client,
  terminal: Terminal,
  fileOrId: string,
  options: TryOptions,
): Promise<number> {
  const from = await momentOf(client, options.from)
  const to = await momentOf(client, options.to)
  for (const document of await triedNamed(client, fileOrId)) {
    const { kind, id } = document
    const [path, what] =
      kind === 'EarnRule'
        ? ['/v1/loyalty/earn-rules/try', { rule: document }]
        : ['/v1/loyalty/play/try', { document }]
    const asked = { ...what, ...(from ? { from } : {}), ...(to ? { to } : {}) }
    const answer = await withBar(terminal, `trying ${id}`, (onProgress) =>
      client.postWithProgress<{ read: number; total: number }, TryAnswer>(path, asked, ({ read, total }) =>
        onProgress(read, total),
      ),
    )
    if (options.json) terminal.out(JSON.stringify({ kind, id, ...answer }))
    else printTried(terminal, id, answer)
  }
  return 0
}

const triedKinds = ['EarnRule', 'Quest', 'Achievement', 'Streak']
type Tried = { kind: string; id: string }

async function triedNamed(client: Client, fileOrId: string): Promise<Tried[]> {
  const isTried = ({ kind }: Tried): boolean => triedKinds.includes(kind)
  if (!existsSync(fileOrId)) {
    const saved = await client.get<Tried[]>('/v1/documents')
    const found = saved.filter((one) => isTried(one) && one.id === fileOrId)
    if (found.length > 0) return found
    throw new CliError(`"${fileOrId}" is neither a file nor the id of a saved ${triedKinds.join(', ')}`)
  }
  const documents = sourceDocuments(fileOrId, readFileSync(fileOrId, 'utf8'))
    .map(({ body }) => body as Tried)
    .filter(isTried)
  if (documents.length === 0)
    throw new CliError(`${fileOrId} holds no document of kind ${triedKinds.join(', ')}`)
  return documents
}

function printTried(terminal: Terminal, id: string, answer: TryAnswer): void {
  const points = (minor: string): string => pointsOf(minor, answer.decimals)
  print(terminal, [
    [id],
    ['  events read', countOf(answer.events)],
    ['  events that the rule looks at', countOf(answer.seen)],
    ['  would have given', `${points(answer.points)} points`],
    ['  in awards', countOf(answer.awards)],
    ['  to subscribers', countOf(answer.subscribers)],
    ['  taken back for returns', `${points(answer.returned)} points`],
    ...(answer.cost
      ? [['  cost', `${pointsOf(answer.cost.amountMinor, answer.cost.decimals)} ${answer.cost.currency}`]]
      : []),
  ])
  terminal.out('')
  print(terminal, [
    ['reason', 'times'],
    ...Object.entries(answer.reasons).map(([name, n]) => [name, countOf(n)]),
  ])
  terminal.out('')
  print(terminal, [
    ['month', 'points', 'awards'],
    ...answer.months.map((one) => [one.month, points(one.points), countOf(one.awards)]),
  ])
  terminal.out('')
  print(terminal, [
    ['winner', 'points', 'awards'],
    ...answer.winners.map((one) => [String(one.subscriberId), points(one.points), countOf(one.awards)]),
  ])
  for (const one of answer.sample) {
    terminal.out('')
    terminal.out(`subscriber ${one.subscriberId}, ${one.at}, ${one.type} "${one.event}"`)
    terminal.out(`  ${one.reason}, ${points(one.points)} points`)
    print(
      terminal,
      Object.entries(one.saw).map(([key, value]) => [`  ${key}`, shown(value)]),
    )
  }
}

async function migrate(client: Client, terminal: Terminal, id: string, o: MigrateOptions): Promise<number> {
  const path = `/v1/loyalty/migrations/${encodeURIComponent(id)}`
  const result = await withBar(terminal, `moving ${id}`, (onProgress) =>
    client.postWithProgress<{ accounts: number }, MigrationResult>(
      `${path}/run`,
      { dryRun: o.dryRun },
      ({ accounts }) => onProgress(accounts),
    ),
  )
  if (o.report !== undefined) await writeReport(client, path, o.report)
  if (o.json) terminal.out(JSON.stringify(result))
  else {
    terminal.out(result.dryRun ? 'dry run: nothing was moved' : 'done')
    print(terminal, [
      ['  accounts', countOf(result.accounts)],
      ...Object.entries(result.outcomes).map(([outcome, n]): Line => [`  ${outcome}`, countOf(n)]),
      ['  taken, minor units', countOf(result.fromMinor)],
      ['  given, minor units', countOf(result.toMinor)],
      ['  left for later, minor units', countOf(result.leftMinor)],
    ])
  }
  return (result.outcomes['refused'] ?? 0) > 0 ? 1 : 0
}

/** The report as CSV: a line for each account and run. */
async function writeReport(client: Client, path: string, file: string): Promise<void> {
  const lines = ['subscriberId,outcome,fromMinor,toMinor,leftMinor,problem,at']
  for (let after: number | null = 0; after !== null;) {
    const page: MigratedAccounts = await client.get(`${path}/accounts?after=${after}&limit=10000`)
    for (const { subscriberId, outcome, fromMinor, toMinor, leftMinor, problem, at } of page.accounts) {
      lines.push([subscriberId, outcome, fromMinor, toMinor, leftMinor, problem ?? '', at].join(','))
    }
    after = page.next
  }
  writeFileSync(file, `${lines.join('\n')}\n`)
}

const countOf = (count: number | string): string => withThinSpaces(String(count))

/** Minor units of points with their decimals. */
function pointsOf(minor: string, decimals: number): string {
  if (decimals === 0) return countOf(minor)
  const digits = minor.replace('-', '').padStart(decimals + 1, '0')
  return `${minor.startsWith('-') ? '-' : ''}${countOf(digits.slice(0, -decimals))}.${digits.slice(-decimals)}`
}

const print = (terminal: Terminal, lines: Line[]): void => {
  for (const line of renderTable(lines)) terminal.out(line)
}

/** Does work with a bar for a person who watches; without a known total it counts. */
async function withBar<T>(
  terminal: Terminal,
  what: string,
  work: (onProgress: (done: number, total?: number) => void) => Promise<T>,
): Promise<T> {
  if (!terminal.isWatched) return work(() => undefined)
  const bar = new SingleBar({
    format: `${what} {bar} {value} of {total}, {duration} s`,
    clearOnComplete: true,
    hideCursor: true,
  })
  bar.start(0, 0)
  try {
    return await work((done, total) => {
      bar.setTotal(total ?? done)
      bar.update(done)
    })
  } finally {
    bar.stop()
  }
}
