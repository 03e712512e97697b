import { readFileSync } from 'node:fs'
import type { DeadLetterPage, DeadLetterState, ReplayAnswer } from '../src/events/contract.ts'
import type { Client } from './client.ts'
import { CliError } from './errors.ts'
import { renderTable } from './table.ts'
import { type Terminal, withThinSpaces } from './terminal.ts'

/** Lists dead letters, as a table or as one JSON object a line (which `replay --file` takes back, mended). */
export async function listDeadLetters(
  client: Client,
  terminal: Terminal,
  options: { state: DeadLetterState; limit: number; json: boolean },
): Promise<number> {
  const letters: DeadLetterPage['deadLetters'] = []
  for (let after: string | null = ''; after !== null && letters.length < options.limit;) {
    const query = new URLSearchParams({ state: options.state, limit: '500', ...(after ? { after } : {}) })
    const page: DeadLetterPage = await client.get<DeadLetterPage>(`/v1/dead-letters?${query}`)
    letters.push(...page.deadLetters)
    after = page.next
  }
  const listed = letters.slice(0, options.limit)
  if (options.json) {
    for (const letter of listed) terminal.out(JSON.stringify(letter))
    return 0
  }
  if (listed.length === 0) terminal.out(`no dead letters are ${options.state}`)
  for (const { deadLetterId, receivedAt, problem } of listed) {
    const found = problem.found === undefined ? '' : `, found ${JSON.stringify(problem.found).slice(0, 80)}`
    const expected = problem.expected ? `, expected ${problem.expected.slice(0, 120)}` : ''
    terminal.out(`${deadLetterId}  ${receivedAt}  ${problem.code}  ${problem.field ?? ''}`.trimEnd())
    terminal.out(`    ${problem.message}${found}${expected}`)
  }
  return 0
}

export type ReplayOptions = {
  ids: string[]
  all: boolean
  file?: string | undefined
  code?: string | undefined
}

/**
 * Replays letters by id, all open ones, the open ones with a code, or a file of mended ones. Exit code 1 when there
 * were some and none was taken.
 */
export async function replayDeadLetters(
  client: Client,
  terminal: Terminal,
  options: ReplayOptions,
): Promise<number> {
  const answer: ReplayAnswer = { accepted: 0, duplicates: 0, refused: 0, notOpen: 0, letters: [] }
  for await (const json of requestsOf(client, options)) {
    const part = await client.post<ReplayAnswer>('/v1/dead-letters/replay', { json })
    answer.accepted += part.accepted
    answer.duplicates += part.duplicates
    answer.refused += part.refused
    answer.notOpen += part.notOpen
    answer.letters.push(...part.letters)
  }
  const figures = [
    ['accepted', answer.accepted],
    ['duplicates', answer.duplicates],
    ['refused again', answer.refused],
    ['not open', answer.notOpen],
  ] as const
  for (const line of renderTable(figures.map(([name, n]) => [name, withThinSpaces(String(n))]))) {
    terminal.out(line)
  }
  for (const { deadLetterId, outcome, problem } of answer.letters) {
    if (outcome === 'refused') terminal.err(`  ${deadLetterId}: ${problem?.field ?? ''} ${problem?.message}`)
    if (outcome === 'not_open') terminal.err(`  ${deadLetterId}: there is no such open letter`)
  }
  return answer.accepted + answer.duplicates === 0 && answer.letters.length > 0 ? 1 : 0
}

async function* requestsOf(client: Client, options: ReplayOptions): AsyncGenerator<object> {
  const { ids, all, file, code } = options
  const ways = [ids.length > 0, all || code !== undefined, file !== undefined]
  if (ways.filter(Boolean).length !== 1) throw new CliError('give ids, or --all, or --code, or --file')
  if (code === undefined) {
    yield requestOf(options)
    return
  }
  for await (const letters of openLetters(client)) {
    const own = letters.filter(({ problem }) => problem.code === code)
    if (own.length > 0) yield { ids: own.map(({ deadLetterId }) => deadLetterId) }
  }
}

/** Pages of open letters in order of id: one that is settled meanwhile moves no other. */
async function* openLetters(client: Client): AsyncGenerator<DeadLetterPage['deadLetters']> {
  for (let after: string | null = ''; after !== null;) {
    const query = new URLSearchParams({ state: 'open', limit: '1000', ...(after ? { after } : {}) })
    const page: DeadLetterPage = await client.get<DeadLetterPage>(`/v1/dead-letters?${query}`)
    yield page.deadLetters
    after = page.next
  }
}

function requestOf({ ids, all, file }: ReplayOptions): object {
  if (all) return { all: true }
  if (file === undefined) return { ids }
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const events = lines.map((line, i) => {
    try {
      const { deadLetterId, event } = JSON.parse(line) as { deadLetterId: string; event: unknown }
      return { deadLetterId, event }
    } catch (error) {
      throw new CliError(`${file}:${i + 1}: ${(error as Error).message}`)
    }
  })
  return { events }
}
