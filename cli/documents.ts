import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { Client } from './client.ts'
import { diffLines } from './diff.ts'
import { CliError } from './errors.ts'
import { placeOf, type SourceDocument, sourceDocuments } from './source.ts'
import type { Terminal } from './terminal.ts'

type Problem = {
  code: string
  message: string
  field?: string
  found?: unknown
  expected?: string
  line?: number
  column?: number
}

/** One entry of the answer of `PUT /v1/documents`. */
type ApplyResult = {
  kind: string
  id: string
  outcome: 'created' | 'updated' | 'unchanged' | 'refused'
  version?: number
  problems?: Problem[]
}

/** Saves documents, all or none. Exit code 1 when one is refused. */
export async function apply(
  client: Client,
  terminal: Terminal,
  paths: string[],
  dryRun: boolean,
): Promise<number> {
  const documents = readDocuments(paths)
  const results = await put(client, documents, dryRun)
  results.forEach((result, i) => report(terminal, result, documents[i]!))
  if (!results.some((result) => result.outcome === 'refused')) return 0
  terminal.err('nothing was saved')
  return 1
}

/** Shows what applying would change. Exit code 0: nothing, 1: something, or a document is refused. */
export async function diff(client: Client, terminal: Terminal, paths: string[]): Promise<number> {
  const documents = readDocuments(paths)
  const results = await put(client, documents, true)
  const current = await exported(client)
  let differs = false
  results.forEach((result, i) => {
    if (result.outcome === 'unchanged') return
    differs = true
    report(terminal, result, documents[i]!)
    if (result.outcome === 'refused') return
    const before = current.find((one) => one.kind === result.kind && one.id === result.id)
    const [from, to] = [before, documents[i]!.body].map((body) => (body ? yamlOf(body) : ''))
    for (const line of diffLines(from!, to!)) terminal.out(line)
  })
  return differs ? 1 : 0
}

/** Writes the current documents as `FOLDER/Kind/id.yaml`, or all of them to the terminal. */
export async function exportDocuments(
  client: Client,
  terminal: Terminal,
  folder: string | undefined,
): Promise<number> {
  const documents = await exported(client)
  if (folder === undefined) {
    if (documents.length > 0) terminal.out(documents.map(yamlOf).join('---\n').trimEnd())
    return 0
  }
  for (const document of documents) {
    const file = join(folder, safeName(document.kind), `${safeName(document.id)}.yaml`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, yamlOf(document))
  }
  terminal.out(`${documents.length} documents written to ${folder}`)
  return 0
}

type Document = { kind: string; id: string }

const exported = (client: Client): Promise<Document[]> => client.get('/v1/documents')

async function put(client: Client, documents: SourceDocument[], dryRun: boolean): Promise<ApplyResult[]> {
  const bodies = documents.map((document) => document.body)
  return client.put<ApplyResult[]>(`/v1/documents${dryRun ? '?dryRun=true' : ''}`, bodies)
}

function report(terminal: Terminal, result: ApplyResult, document: SourceDocument): void {
  const version = result.version === undefined ? '' : ` (version ${result.version})`
  terminal.out(`${result.outcome.padEnd(9)} ${result.kind}/${result.id}${version}`)
  for (const problem of result.problems ?? []) {
    const { line, column } = placeOf(document, problem.field, problem)
    const found = problem.found === undefined ? '' : `, found ${JSON.stringify(problem.found).slice(0, 120)}`
    const expected = problem.expected === undefined ? '' : `, expected ${problem.expected}`
    const field = problem.field ? ` ${problem.field}:` : ''
    terminal.err(`  ${document.file}:${line}:${column}:${field} ${problem.message}${found}${expected}`)
  }
}

/** Documents of files and of all YAML and JSON files below folders, in order of path. */
function readDocuments(paths: string[]): SourceDocument[] {
  const documents = paths
    .flatMap(filesOf)
    .flatMap((file) => sourceDocuments(file, readFileSync(file, 'utf8')))
  if (documents.length === 0) throw new CliError(`no documents in ${paths.join(', ')}`)
  return documents
}

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) throw new CliError(`cannot read ${path}: no such file or folder`)
  if (!stat.isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

const yamlOf = (document: object): string => stringify(document, { lineWidth: 110 })

/** An id becomes a file name; what could leave the folder does not. */
const safeName = (name: string): string => name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_')
