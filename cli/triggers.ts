import { existsSync, readFileSync } from 'node:fs'
import type { WhoAmI } from '../src/access/contract.ts'
import {
  type CountedEvent,
  type Explanation,
  ruleKinds,
  type Trigger,
  type TriggerView,
  type TryAnswer,
} from '../src/triggers/contract.ts'
import type { Client } from './client.ts'
import { CliError } from './errors.ts'
import { sourceDocuments } from './source.ts'
import { withSpinner } from './spinner.ts'
import { type Line, renderTable } from './table.ts'
import { type Terminal, withThinSpaces } from './terminal.ts'

const countOf = (count: number): string => withThinSpaces(String(count))

/** Lists the rules with how they stand. */
export async function listTriggers(client: Client, terminal: Terminal, json: boolean): Promise<number> {
  const rules = await rulesOf(client)
  if (json) {
    for (const rule of rules) terminal.out(JSON.stringify(rule))
    return 0
  }
  if (rules.length === 0) terminal.out('there are no triggers')
  const rows = rules.map(({ trigger, firings, retracted, lastFiredAt, behind, ...rest }) => [
    trigger.id,
    ruleKinds.find((kind) => trigger[kind] !== undefined)!,
    stateOf(rest),
    countOf(firings),
    countOf(retracted),
    lastFiredAt ?? 'never',
    behind === null ? '' : countOf(behind),
  ])
  const heading = ['trigger', 'kind', 'state', 'firings', 'retracted', 'last fired', 'events behind']
  if (rows.length > 0) print(terminal, [heading, ...rows])
  for (const { trigger, problem } of rules) if (problem !== null) terminal.err(`${trigger.id}: ${problem}`)
  return 0
}

function stateOf({ pause, problem }: Pick<TriggerView, 'pause' | 'problem'>): string {
  if (pause !== null) return pause.reason === 'ceiling' ? 'stopped by its ceiling' : 'paused'
  return problem === null ? 'live' : 'cannot run'
}

/**
 * Plays rules over the history without saving anything: every trigger of a file, or one that is saved. Tells how often
 * each would have fired, for how many subscribers, and shows the story of some firings.
 */
export async function tryTriggers(
  client: Client,
  terminal: Terminal,
  fileOrId: string,
  options: { from?: string | undefined; to?: string | undefined; json: boolean },
): Promise<number> {
  const triggers = await triggersNamed(client, fileOrId)
  const from = await momentOf(client, options.from)
  const to = await momentOf(client, options.to)
  for (const trigger of triggers) {
    const json = { trigger, ...(from ? { from } : {}), ...(to ? { to } : {}) }
    const answer = await withSpinner(terminal, `trying ${trigger.id}`, () =>
      client.post<TryAnswer>('/v1/triggers/try', { json }),
    )
    if (options.json) terminal.out(JSON.stringify({ triggerId: trigger.id, ...answer }))
    else printTried(terminal, trigger.id, answer)
  }
  return 0
}

function printTried(terminal: Terminal, id: string, { sample, ...counts }: TryAnswer): void {
  print(terminal, [
    [id],
    ['  events read', countOf(counts.events)],
    ['  events that the rule saw', countOf(counts.seen)],
    ['  would have fired', countOf(counts.firings)],
    ['  for subscribers', countOf(counts.subscribers)],
  ])
  for (const { subscriberId, firedAt, cause, counted, reason } of sample) {
    terminal.out('')
    terminal.out(`subscriber ${subscriberId}, ${firedAt}: ${reason}`)
    print(terminal, [...counted.map((event) => eventRow(event)), eventRow(cause, '→')])
  }
}

/** Says where a rule stands with a subscriber, for each value of its key. */
export async function explainTrigger(
  client: Client,
  terminal: Terminal,
  id: string,
  options: { subscriber: string; json: boolean },
): Promise<number> {
  const subscriber = encodeURIComponent(options.subscriber)
  const path = `/v1/triggers/${encodeURIComponent(id)}/explain?subscriber=${subscriber}`
  const { explanation } = await client.get<{ explanation: Explanation }>(path)
  for (const one of explanation) {
    if (options.json) terminal.out(JSON.stringify(one))
    else printExplained(terminal, one)
  }
  return 0
}

function printExplained(terminal: Terminal, one: Explanation[number]): void {
  const key = one.key === null ? '' : `, key ${one.key}`
  terminal.out(`${one.ruleId}, subscriber ${one.subscriberId}${key}: ${one.state}`)
  terminal.out(`  ${one.reason}`)
  print(
    terminal,
    Object.entries(one.values).map(([name, value]) => [`  ${name}`, String(value)]),
  )
  if (one.counted.length > 0) print(terminal, [['counted'], ...one.counted.map((event) => eventRow(event))])
  const firings = one.firings.map(({ firedAt, values, retractedAt }) => [
    `  ${firedAt}`,
    JSON.stringify(values),
    retractedAt === null ? '' : `retracted ${retractedAt}`,
  ])
  if (firings.length > 0) print(terminal, [['fired'], ...firings])
}

/** Stops a rule, or lets it go on. */
export async function switchTrigger(
  client: Client,
  terminal: Terminal,
  id: string,
  action: 'pause' | 'resume',
): Promise<number> {
  const path = `/v1/triggers/${encodeURIComponent(id)}/${action}`
  const { changed } = await client.post<{ changed: boolean }>(path, { json: {} })
  const done = action === 'pause' ? 'paused' : 'resumed'
  terminal.out(changed ? `${id}: ${done}` : `${id}: was ${action === 'pause' ? 'paused' : 'running'} already`)
  return 0
}

const print = (terminal: Terminal, lines: Line[]): void => {
  for (const line of renderTable(lines)) terminal.out(line)
}

function eventRow({ id, source, type, at, value }: CountedEvent, mark = ' '): Line {
  return [`${mark} ${at}`, type, `${source} ${id}`, value === null ? '' : JSON.stringify(value)]
}

async function rulesOf(client: Client): Promise<TriggerView[]> {
  return (await client.get<{ triggers: TriggerView[] }>('/v1/triggers')).triggers
}

/** The triggers of a file, as they stand there: the server judges them. Else the saved one of that id. */
async function triggersNamed(client: Client, fileOrId: string): Promise<Trigger[]> {
  if (!existsSync(fileOrId)) {
    const rule = (await rulesOf(client)).find(({ trigger }) => trigger.id === fileOrId)
    if (rule === undefined) throw new CliError(`"${fileOrId}" is neither a file nor the id of a trigger`)
    return [rule.trigger]
  }
  const triggers = sourceDocuments(fileOrId, readFileSync(fileOrId, 'utf8'))
    .map(({ body }) => body as Trigger)
    .filter(({ kind }) => kind === 'Trigger')
  if (triggers.length === 0) throw new CliError(`${fileOrId} holds no document of kind Trigger`)
  return triggers
}

/** A moment as RFC 3339, or a day: its beginning in the tenant's time zone. */
export async function momentOf(client: Client, text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined
  try {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Temporal.Instant.from(text).toString()
    const day = Temporal.PlainDate.from(text)
    const { tenant } = await client.get<WhoAmI>('/v1/tenant')
    return day.toZonedDateTime(tenant.timeZone).toInstant().toString()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CliError(`"${text}" is no moment: give 2026-03-01 or 2026-03-01T12:00:00Z`)
  }
}
