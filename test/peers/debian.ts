import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Programs of other hands that speak SMPP, as Debian carries them. */
const packages = ['kannel', 'libnet-smpp-perl']

const depends = [
  'depends',
  '--recurse',
  '--no-recommends',
  '--no-suggests',
  '--no-conflicts',
  '--no-breaks',
  '--no-replaces',
  '--no-enhances',
]

/** Where the peers lie, and with which environment they run. */
export type DebianPeers = { folder: string; env: NodeJS.ProcessEnv }

/**
 * Whether the peers can be had here: they lie in the cache already, or Debian's own client is there to fetch them. Where
 * they cannot, the reason goes to standard error, and with TENURE_REQUIRE_DEBIAN_PEERS=1 it is thrown.
 */
export function hasDebianPeers(): boolean {
  const missing = whatIsMissing()
  if (missing === undefined) return true
  const text = `THE TESTS ON KANNEL AND NET::SMPP DO NOT RUN: ${missing}`
  if (process.env['TENURE_REQUIRE_DEBIAN_PEERS'] === '1') throw new Error(text)
  process.stderr.write(`\n${text}\n\n`)
  return false
}

function whatIsMissing(): string | undefined {
  if (existsSync(cacheFolder())) return undefined
  for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb', 'perl'])
    if (spawnSync(tool, ['--version']).error) return `no ${tool} is found to fetch them with`
  try {
    debianPeers()
    return undefined
  } catch (error) {
    return `they could not be fetched: ${String(error instanceof Error ? error.message : error)}`
  }
}

/** Kept for every later run. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tenure', 'debian-peers-1')
}

/**
 * The peers' programs and libraries, unpacked into a folder of their own without being installed, so that no rights
 * are needed. They are fetched once, with those libraries that this machine does not have.
 */
export function debianPeers(): DebianPeers {
  const folder = cacheFolder()
  if (!existsSync(folder)) fetchInto(folder)
  const libraries = ['usr/lib', 'lib'].flatMap((path) => architecturesIn(join(folder, path)))
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: libraries.join(delimiter),
    PERL5LIB: ['usr/share/perl5', 'usr/lib/perl5'].map((path) => join(folder, path)).join(delimiter),
  }
  return { folder, env }
}

/** All comes into a folder of this run first, so that the kept folder is always whole. */
function fetchInto(folder: string): void {
  const own = `${folder}.${randomBytes(6).toString('hex')}`
  const root = join(own, 'root')
  mkdirSync(root, { recursive: true })
  try {
    try {
      download(own, [])
    } catch {
      // The machine has no lists of packages, or old ones: lists of this run need no rights either.
      const options = ownLists(own)
      run(own, 'apt-get', [...options, 'update'])
      download(own, options)
    }
    for (const file of readdirSync(own))
      if (file.endsWith('.deb')) execFileSync('dpkg-deb', ['-x', join(own, file), root])
    renameSync(root, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** The packages and what they need, but for what is installed here. */
function download(own: string, options: string[]): void {
  const wanted = run(own, 'apt-cache', [...options, ...depends, ...packages]).split('\n')
  const here = installed()
  const missing = wanted.filter((line) => /^[a-z0-9]/.test(line) && !here.has(line))
  run(own, 'apt-get', [...options, 'download', ...new Set(missing)])
}

function run(folder: string, tool: string, args: string[]): string {
  return execFileSync(tool, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function ownLists(own: string): string[] {
  mkdirSync(join(own, 'lists/partial'), { recursive: true })
  mkdirSync(join(own, 'cache/archives/partial'), { recursive: true })
  const options = [
    `Dir::State::Lists=${join(own, 'lists')}`,
    `Dir::Cache=${join(own, 'cache')}`,
    'APT::Sandbox::User=root',
  ]
  return options.flatMap((option) => ['-o', option])
}

function installed(): Set<string> {
  const text = execFileSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], {
    encoding: 'utf8',
  })
  return new Set(text.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice(10)] : [])))
}

function architecturesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => (name.endsWith('-linux-gnu') ? [join(folder, name)] : []))
}

/** Libraries that a program of the peers would not find; empty when it can be started. */
export function missingLibraries({ folder, env }: DebianPeers, program: string): string[] {
  const text = execFileSync('ldd', [join(folder, program)], { env, encoding: 'utf8' })
  return text.split('\n').filter((line) => line.includes('not found'))
}
