import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesBelow, readSources, sourceFile, type SourceFile } from './source-tree.ts'

/**
 * The rules of the house. A rule is a pure function from source files to complaints, each naming the file, the
 * line and what to do; beside its run over the project stands a counter-example that it must complain about.
 */
const root = join(import.meta.dirname, '..')
const project = readSources(root)

/** A module imports only modules that stand before it. */
const MODULES = [
  'platform',
  'expressions',
  'access',
  'ledger',
  'profiles',
  'events',
  'triggers',
  'segments',
  'operator',
  'offers',
  'messaging',
  'loyalty',
  'partners',
  'campaigns',
  'insights',
  'api',
  'simulator',
  'app',
]

const MAX_LINES = 400
const MAX_TEST_LINES = 600
const MAX_MEDIAN_LINES = 120

/** Where folders may lie three deep below `src/`: one for each of what stands side by side there, with the reason. */
const DEEP_FOLDERS: Record<string, string> = {
  'src/messaging/channels':
    'A kind of channel that needs several files has a folder, so that the kinds are seen side by side (docs/adr/0003).',
}

/** Files besides an `index.ts` that tests may import from another module, each with its reason. */
const PEERS_OF_TESTS: Record<string, string> = {
  'src/simulator/smsc/index.ts':
    'An SMSC on an independent SMPP implementation: the peer against which the SMS channel is tested.',
  'src/simulator/providers/index.ts': 'The simulated providers: the peers against which channels are tested.',
}

/** Modules without a public surface, each with its reason. */
const WITHOUT_INDEX: Record<string, string> = { app: 'The composition root: nothing imports it.' }

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path) || path.startsWith('test/')
const moduleOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]
const sourcesOf = (files: SourceFile[]): SourceFile[] =>
  files.filter((file) => moduleOf(file.path) && !isTest(file.path))

/** Registers a rule: it must find nothing in the project and something in each counter-example. */
function rule(
  name: string,
  check: (files: SourceFile[]) => string[],
  counterExamples: Record<string, string>[],
): void {
  describe(`rule: ${name}`, () => {
    it('holds', () => {
      expect(check(project)).toEqual([])
    })
    it.each(counterExamples.map((files) => [Object.keys(files).join(', '), files] as const))(
      'is broken by %s',
      (_, files) => {
        expect(check(filesOf(files))).not.toEqual([])
      },
    )
  })
}

function filesOf(texts: Record<string, string>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => sourceFile(path, text))
}

function complaintOfImport(file: SourceFile, target: string): string | undefined {
  const to = moduleOf(target)
  const from = moduleOf(file.path)
  if (to === undefined) {
    if (from === undefined || isTest(file.path) || target === 'package.json') return undefined
    return 'src/ knows nothing outside src/'
  }
  if (from === to) return undefined
  if (file.path.startsWith('web/') || (file.path.startsWith('cli/') && !isTest(file.path))) {
    return target === `src/${to}/contract.ts` ? undefined : `web and cli see only src/${to}/contract.ts`
  }
  if (isTest(file.path) && target in PEERS_OF_TESTS) return undefined
  if (from === undefined && (to === 'app' || target === `src/${to}/contract.ts`)) return undefined
  if (target !== `src/${to}/index.ts`) return `the way into ${to} is src/${to}/index.ts`
  if (from === undefined) return undefined
  if (from === 'simulator' && to !== 'platform') return 'the simulator knows platform alone'
  if (MODULES.indexOf(to) > MODULES.indexOf(from)) return `${to} stands after ${from} in the list of modules`
  return undefined
}

function wrongImports(files: SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap(({ target, line }) => {
      const complaint = target === undefined ? undefined : complaintOfImport(file, target)
      return complaint === undefined ? [] : [`${file.path}:${line} imports ${target}: ${complaint}`]
    }),
  )
}

rule('a module imports only what stands before it, through its index.ts', wrongImports, [
  { 'src/ledger/a.ts': `import { b } from '../campaigns/index.ts'` },
  { 'src/campaigns/a.ts': `import { b } from '../ledger/store.ts'` },
  { 'src/campaigns/types-too.ts': `import type { B } from '../insights/index.ts'` },
  { 'src/campaigns/dynamic.ts': `const b = await import('../insights/index.ts')` },
  { 'src/campaigns/export.ts': `export { b } from '../ledger/contract.ts'` },
  { 'src/campaigns/contract-of-other.ts': `type B = import('../ledger/contract.ts').B` },
  { 'src/simulator/a.ts': `import { b } from '../ledger/index.ts'` },
  { 'src/campaigns/a.test.ts': `import { b } from '../simulator/smsc/outgoing.ts'` },
  { 'src/platform/a.ts': `import { testDatabase } from '../../test/stores.ts'` },
  { 'web/src/report/a.ts': `import { b } from '../../../src/insights/index.ts'` },
  { 'cli/a.ts': `import { b } from '../src/platform/index.ts'` },
  { 'demo/a.ts': `import { b } from '../src/simulator/world.ts'` },
])

rule(
  'a module has a place in the list',
  (files) =>
    [...new Set(sourcesOf(files).map((file) => moduleOf(file.path)!))]
      .filter((name) => !MODULES.includes(name))
      .map((name) => `src/${name} stands in no list: give it its place in test/tidy.test.ts and the docs`),
  [{ 'src/helpdesk/a.ts': '' }],
)

rule(
  'the files of a module never import its own index.ts',
  (files) =>
    sourcesOf(files).flatMap((file) =>
      file.imports
        .filter(({ target }) => target === `src/${moduleOf(file.path)}/index.ts`)
        .map(({ line }) => `${file.path}:${line} imports the surface of its own module`),
    ),
  [{ 'src/ledger/a.ts': `import type { B } from './index.ts'` }],
)

rule('no file imports itself in a circle, types counted', importCircles, [
  { 'src/ledger/a.ts': `import type { B } from './b.ts'`, 'src/ledger/b.ts': `export { a } from './a.ts'` },
  {
    'web/src/a.ts': `import './b.ts'`,
    'web/src/b.ts': `import './c.ts'`,
    'web/src/c.ts': `import('./a.ts')`,
  },
])

/** Depth-first search; a file met again while it is still on the path closes a circle. */
function importCircles(files: SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'open') {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    }
    if (state.has(path)) return
    state.set(path, 'open')
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target !== undefined && byPath.has(target)) visit(target, [...trail, path])
    }
    state.set(path, 'done')
  }
  for (const file of files) visit(file.path, [])
  return circles
}

rule(
  'what the browser loads of src/ needs no server',
  (files) => {
    const byPath = new Map(files.map((file) => [file.path, file]))
    const waiting = files.filter((file) => file.path.startsWith('web/src/') && !isTest(file.path))
    const seen = new Set(waiting)
    for (const file of waiting) {
      for (const { target, typeOnly } of file.imports) {
        const next = target === undefined || typeOnly ? undefined : byPath.get(target)
        if (next && !seen.has(next)) seen.add(waiting[waiting.push(next) - 1]!)
      }
    }
    return waiting
      .filter((file) => file.path.startsWith('src/'))
      .flatMap((file) =>
        file.imports
          .filter(({ target, specifier, typeOnly }) => !target && !typeOnly && specifier !== 'zod')
          .map(({ specifier, line }) => `${file.path}:${line} would bring ${specifier} into the browser`),
      )
  },
  [
    {
      'web/src/a.ts': `import { b } from '../../src/ledger/contract.ts'`,
      'src/ledger/contract.ts': `import { c } from './c.ts'`,
      'src/ledger/c.ts': `import { readFileSync } from 'node:fs'`,
    },
  ],
)

rule(
  `no file is longer than ${MAX_LINES} lines, no test longer than ${MAX_TEST_LINES}`,
  (files) =>
    files
      .map((file) => ({ ...file, limit: isTest(file.path) ? MAX_TEST_LINES : MAX_LINES }))
      .filter((file) => file.lineCount > file.limit)
      .map((file) => `${file.path} has ${file.lineCount} lines, at most ${file.limit}: divide it by meaning`),
  [{ 'src/ledger/a.ts': '\n'.repeat(401) }, { 'src/ledger/a.test.ts': '\n'.repeat(601) }],
)

rule(
  `the median file has at most ${MAX_MEDIAN_LINES} lines`,
  (files) => {
    const counts = files
      .filter((file) => /^(src|web)\//.test(file.path) && !isTest(file.path))
      .map((file) => file.lineCount)
      .toSorted((a, b) => a - b)
    const median = counts[counts.length >> 1] ?? 0
    return median > MAX_MEDIAN_LINES ? [`the median file has ${median} lines`] : []
  },
  [{ 'src/ledger/a.ts': '\n'.repeat(121) }],
)

function tooDeep(files: SourceFile[]): string[] {
  const folders = new Set(files.map((file) => dirname(file.path)))
  return [...folders]
    .filter((folder) => folder.startsWith('src/') && folder.split('/').length > 3)
    .filter((folder) => folder.split('/').length > 4 || !(dirname(folder) in DEEP_FOLDERS))
    .map((folder) => `${folder} is more than two folders below src/`)
}

rule('no folder lies deeper than two below src/', tooDeep, [
  { 'src/ledger/lots/expiry/a.ts': '' },
  { 'src/messaging/channels/sms/codec/a.ts': '' },
])

it('every exception is still needed', () => {
  const paths = new Set(project.flatMap(({ path }) => [path, dirname(path), dirname(dirname(path))]))
  const named = [...Object.keys(DEEP_FOLDERS), ...Object.keys(PEERS_OF_TESTS)]
  expect(named.filter((path) => !paths.has(path))).toEqual([])
  expect(
    Object.keys(WITHOUT_INDEX).filter((name) => existsSync(join(root, 'src', name, 'index.ts'))),
  ).toEqual([])
})

const SQL = /\bselect\b[\s\S]*\bfrom\b|\binsert\s+into\b|\bupdate\s+\S+\s+set\b|\bdelete\s+from\b/i
const MAY_HOLD_SQL = /^src\/(platform\/|insights\/metrics\/|([^/]+\/)+([a-z-]+-)?store\.ts$)/

rule(
  'SQL stands only in stores, in metrics and in platform',
  (files) =>
    files
      .filter((file) => !isTest(file.path) && !MAY_HOLD_SQL.test(file.path))
      .flatMap((file) =>
        file.strings
          .filter(({ text }) => SQL.test(text))
          .map(({ line }) => `${file.path}:${line} holds SQL: move it to store.ts`),
      ),
  [
    { 'src/ledger/service.ts': 'const a = `select b\n from c where d = ${e}`' },
    { 'src/ledger/restore.ts': `const a = 'insert into b values (1)'` },
    { 'src/ledger/worker.ts': `const a = 'update b.c set d = 1'` },
    { 'demo/a.ts': `const a = 'delete from b'` },
  ],
)

const BANNED_WORD = /(^|-)(utils?|helpers?|common|managers?|types)(-|$)/

rule(
  'file names are kebab-case and say what is inside',
  (files) =>
    files.flatMap(({ path }) => {
      const name = basename(path).replace(/(\.test|\.d)?\.tsx?$/, '')
      if (BANNED_WORD.test(name)) return [`${path}: the name says nothing about what is inside`]
      if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return []
      // A React component's file bears the component's name.
      return path.endsWith('.tsx') && /^[A-Z][A-Za-z0-9]*$/.test(name) ? [] : [`${path} is not kebab-case`]
    }),
  [
    { 'src/ledger/utils.ts': '' },
    { 'src/ledger/types.ts': '' },
    { 'src/ledger/date-helpers.ts': '' },
    { 'src/ledger/lotExpiry.ts': '' },
    { 'web/src/Report.ts': '' },
  ],
)

rule(
  'every exported function of src/ has a docstring',
  (files) =>
    sourcesOf(files).flatMap((file) =>
      file.undocumented.map(({ line, text }) => `${file.path}:${line} ${text} has no docstring`),
    ),
  [
    { 'src/ledger/a.ts': 'export function post(): void {}' },
    { 'src/ledger/b.ts': 'export const post = (): void => {}' },
    { 'src/ledger/c.ts': '/** Of another thing. */\nconst a = 1\n\nexport async function post() {}' },
    { 'src/ledger/d.ts': '// Not a docstring.\nexport const post = async () => {}' },
  ],
)

const MAY_READ_TIME = new Set(['src/platform/clock.ts', 'src/platform/identifiers.ts'])

rule(
  'time comes from the injected clock',
  (files) =>
    sourcesOf(files)
      .filter((file) => !MAY_READ_TIME.has(file.path))
      .flatMap((file) =>
        file.clockReads.map(({ line, text }) => `${file.path}:${line} reads ${text}: ask the injected Clock`),
      ),
  [
    { 'src/ledger/a.ts': 'const a = Date.now()' },
    { 'src/ledger/b.ts': 'const a = new Date()' },
    { 'src/ledger/c.ts': 'const a = Temporal.Now.instant()' },
    { 'src/ledger/d.ts': 'const { now } = Date\nconst read = Date.now' },
  ],
)

rule(
  'every file of src/ is used by another file',
  (files) => {
    const used = new Set(files.flatMap((file) => file.imports.map(({ target }) => target)))
    return sourcesOf(files)
      .map((file) => file.path)
      .filter((path) => !used.has(path) && !/\/(main|index)\.ts$|\.d\.ts$|^src\/app\/worker\.ts$/.test(path))
      .map((path) => `${path} is imported by no file`)
  },
  [{ 'src/ledger/forgotten.ts': '' }],
)

describe('each module', () => {
  const folders = readdirSync(join(root, 'src'))
  it.each(folders)('%s has a README.md and an index.ts', (name) => {
    const files = readdirSync(join(root, 'src', name))
    const wanted = name in WITHOUT_INDEX ? ['README.md'] : ['README.md', 'index.ts']
    expect(wanted.filter((file) => !files.includes(file))).toEqual([])
  })

  it('stands in docs/ARCHITECTURE.md, in order', () => {
    const text = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8')
    const listed = [...text.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1])
    expect(listed).toEqual(MODULES)
  })
})

describe('paths in the documentation', () => {
  const folder = 'src|web|test|demo|cli|bench|docs|migrations'
  const pathsIn = (text: string): string[] =>
    [...text.matchAll(new RegExp(`(?:\`|\\]\\()((?:${folder})/[\\w./-]*\\w)`, 'g'))].map((match) => match[1]!)
  const texts = ['README.md', ...filesBelow(root, 'docs'), ...filesBelow(root, 'src')]
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)
  it.each(texts)('%s names only what exists', (_, text) => {
    // What a command writes is there only afterwards.
    const written = new Set(['web/dist', 'bench/results'])
    expect(pathsIn(text).filter((path) => !written.has(path) && !existsSync(join(root, path)))).toEqual([])
  })
  it('are found', () => {
    expect(pathsIn('see `src/a/b-c.ts`, [x](docs/y.md) and `demo/z/`')).toEqual([
      'src/a/b-c.ts',
      'docs/y.md',
      'demo/z',
    ])
  })
})

describe('migrations', () => {
  const migrations = filesBelow(root, 'migrations').map(
    (path) => [path, readFileSync(join(root, path), 'utf8')] as const,
  )
  const complaints = (path: string, sql: string): string[] => {
    const name = /^migrations\/\d{4}_([a-z_]+)\.sql$/.exec(path)?.[1]
    if (name === undefined) return [`${path} is not named NNNN_module.sql`]
    return [...sql.matchAll(/^\s*create (?:unlogged )?table (?:if not exists )?(\S+)/gm)].flatMap(
      ([, table]) => [
        ...(sql.includes(`comment on table ${table} is`)
          ? []
          : [`${path}: ${table} has no comment that says why`]),
        ...(sql.includes(`call platform.isolate('${table}'`) ? [] : [`${path}: ${table} has no tenant wall`]),
      ],
    )
  }
  it.each(migrations)(
    '%s: each table says why it is there and stands behind the tenant wall',
    (path, sql) => {
      expect(complaints(path, sql)).toEqual([])
    },
  )
  it('have numbers of their own', () => {
    const numbers = migrations.map(([path]) => basename(path).slice(0, 4))
    expect(numbers).toEqual([...new Set(numbers)])
  })
  it('is broken by a bare table and by a name without a number', () => {
    expect(complaints('migrations/0099_x.sql', 'create table x.y (a int);')).toHaveLength(2)
    expect(complaints('migrations/x.sql', '')).toHaveLength(1)
  })
})

describe('dependencies', () => {
  const named = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!)
  const differences = (manifest: string, text: string): string[] => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest) as Record<string, object>
    const used = Object.keys({ ...dependencies, ...devDependencies })
    return [
      ...used.filter((name) => !named(text).includes(name)).map((name) => `${name} has no line`),
      ...named(text)
        .filter((name) => !used.includes(name))
        .map((name) => `${name} is not in package.json`),
    ]
  }
  it('each have a line in docs/dependencies.md, and each line its dependency', () => {
    const text = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
    expect(differences(readFileSync(join(root, 'package.json'), 'utf8'), text)).toEqual([])
  })
  it('are missed on either side', () => {
    expect(differences('{"dependencies":{"pg":"1"}}', '| `zod` | why |')).toHaveLength(2)
  })
})

describe('hosts of package registries', () => {
  const registry = /npmjs\.(org|com)|yarnpkg\.com|npmmirror\.com|pypi\.org|crates\.io|proxy\.golang\.org/
  const texts = ['src', 'web/src', 'test', 'cli', 'demo', 'bench', 'bin', 'docs', 'migrations', '.ci']
    .flatMap((folder) => filesBelow(root, folder))
    .concat(
      readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name),
    )
    .filter((path) => /\.(tsx?|js|json|md|sql|ya?ml|css|html)$|(^|\/)[^.]+$|rc$/.test(path))
  it('stand in no file', () => {
    expect(texts.filter((path) => registry.test(readFileSync(join(root, path), 'utf8')))).toEqual([])
    expect(texts).toContain('package-lock.json')
    expect(texts).toContain('.npmrc')
  })
  it('are recognised', () => {
    expect(['https://registry.npm', 'js.org/pg'].join('')).toMatch(registry)
  })
})
