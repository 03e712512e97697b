import type { Command } from 'commander'
import { SingleBar } from 'cli-progress'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type {
  EarnRule,
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
import { type Language, languageOf } from './words.ts'

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
    .description('what earn rules would have given on the events so far; nothing is saved')
    .argument('<file|id>', 'file with earn rules, or the id of a saved one')
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
  const { events } = await client.get<{ events: ExplainedEvent[] }>(path)
  for (const event of events) {
    if (o.json) {
      terminal.out(JSON.stringify(event))
      continue
    }
    terminal.out(
      `${event.type} "${event.event}" of ${event.source}, ${event.at}, subscriber ${event.subscriberId}`,
    )
    for (const judgement of event.judgements) printJudgement(terminal, judgement, language)
  }
  return 0
}

function printJudgement(terminal: Terminal, one: JudgementView, language: Language): void {
  const name = one.ruleName?.[language]
  terminal.out('')
  terminal.out(
    `${one.programme}, ${one.rule}${name ? ` (${name})` : ''}, version ${one.ruleVersion}: ${one.reason}`,
  )
  terminal.out(`  ${one.text}`)
  const { award } = one
  const state: Line[] = award
    ? [
        ['  stands', award.state],
        ['  can be spent from', award.availableFrom],
        ['  expires', award.expiresAt ?? 'never'],
        ...(award.returned === '0' ? [] : [['  taken back', pointsOf(award.returned, one.decimals)]]),
        ...(award.forgiven === '0' ? [] : [['  of it forgiven', pointsOf(award.forgiven, one.decimals)]]),
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
  for (const rule of await rulesNamed(client, fileOrId)) {
    const asked = { rule, ...(from ? { from } : {}), ...(to ? { to } : {}) }
    const answer = await withBar(terminal, `trying ${rule.id}`, (onProgress) =>
      client.postWithProgress<{ read: number; total: number }, TryAnswer>(
        '/v1/loyalty/earn-rules/try',
        asked,
        ({ read, total }) => onProgress(read, total),
      ),
    )
    if (options.json) terminal.out(JSON.stringify({ ruleId: rule.id, ...answer }))
    else printTried(terminal, rule.id, answer)
  }
  return 0
}

async function rulesNamed(client: Client, fileOrId: string): Promise<EarnRule[]> {
  if (!existsSync(fileOrId)) {
    const { rules } = await client.get<{ rules: { rule: EarnRule }[] }>('/v1/loyalty/earn-rules')
    const found = rules.find(({ rule }) => rule.id === fileOrId)
    if (found) return [found.rule]
    throw new CliError(`"${fileOrId}" is neither a file nor the id of an earn rule`)
  }
  const rules = sourceDocuments(fileOrId, readFileSync(fileOrId, 'utf8'))
    .map(({ body }) => body as EarnRule)
    .filter(({ kind }) => kind === 'EarnRule')
  if (rules.length === 0) throw new CliError(`${fileOrId} holds no document of kind EarnRule`)
  return rules
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
    ...(answer.cost ? [['  cost', `${pointsOf(answer.cost.amountMinor, 2)} ${answer.cost.currency}`]] : []),
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
