import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { type ESTree, parseSync, Visitor } from 'vite'

/** A line of a file where something stands. */
export type Found = { line: number; text: string }

export type Import = {
  line: number
  specifier: string
  /** Path from the repository's root, where the specifier is relative. */
  target?: string
  /** True where nothing is left of it when the types are taken away. */
  typeOnly: boolean
}

/** What the rules of the house ask of a source file. Paths are relative to the repository's root, with `/`. */
export type SourceFile = {
  path: string
  lineCount: number
  imports: Import[]
  /** Text of string literals and template literals; what stands in `${}` is replaced by `?`. */
  strings: Found[]
  /** Exported functions without a docstring before them. */
  undocumented: Found[]
  /** Reads of the machine's own time. */
  clockReads: Found[]
}

const FOLDERS = ['src', 'web/src', 'test', 'cli', 'demo', 'bench']

/** Reads and parses every TypeScript file of the project. */
export function readSources(root: string): SourceFile[] {
  return FOLDERS.flatMap((folder) => filesBelow(root, folder))
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')))
}

/** Paths of all files below a folder of the repository; an absent folder has none. */
export function filesBelow(root: string, folder: string): string[] {
  const start = join(root, folder)
  if (!statSync(start, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/node_modules|\/dist(\/|$)/.test(entry.parentPath))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

/** Parses one file. Throws when it is not valid TypeScript. */
export function sourceFile(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`)
  const lineAt = lineCounter(text)
  const docEnds = comments
    .filter((comment) => comment.type === 'Block' && comment.value.startsWith('*'))
    .map((comment) => comment.end)
  const documented = (start: number): boolean =>
    docEnds.some((end) => end <= start && text.slice(end, start).trim() === '')
  const documentedNames = new Set<string>()
  const file: SourceFile = {
    path,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [],
    strings: [],
    undocumented: [],
    clockReads: [],
  }
  const found = (node: ESTree.Span, words: string): Found => ({ line: lineAt(node.start), text: words })
  const addImport = (node: ESTree.Span, specifier: string, typeOnly: boolean): void => {
    const target = specifier.startsWith('.') ? { target: posix.join(dirname(path), specifier) } : {}
    file.imports.push({ line: lineAt(node.start), specifier, typeOnly, ...target })
  }
  new Visitor({
    ImportDeclaration: (node) => addImport(node, node.source.value, isTypeOnly(node)),
    ExportAllDeclaration: (node) => addImport(node, node.source.value, node.exportKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source) addImport(node, node.source.value, isTypeOnly(node))
      for (const name of exportedFunctions(node)) {
        if (documented(node.start)) documentedNames.add(name)
        else file.undocumented.push(found(node, name))
      }
    },
    ExportDefaultDeclaration: (node) => {
      const isFunction = /Function/.test(node.declaration.type)
      if (isFunction && !documented(node.start)) file.undocumented.push(found(node, 'default'))
    },
    ImportExpression: (node) => {
      if (node.source.type === 'Literal') addImport(node, String(node.source.value), false)
    },
    TSImportType: (node) => addImport(node, node.source.value, true),
    Literal: (node) => {
      if (typeof node.value === 'string') file.strings.push(found(node, node.value))
    },
    TemplateLiteral: (node) => {
      file.strings.push(found(node, node.quasis.map((quasi) => quasi.value.raw).join('?')))
    },
    NewExpression: (node) => {
      if (isName(node.callee, 'Date') && node.arguments.length === 0) {
        file.clockReads.push(found(node, 'new Date()'))
      }
    },
    MemberExpression: (node) => {
      if (isMember(node, 'Temporal', 'Now')) file.clockReads.push(found(node, 'Temporal.Now'))
      if (isMember(node, 'Date', 'now')) file.clockReads.push(found(node, 'Date.now'))
    },
  }).visit(program)
  // Overloads of one function share the docstring of the first.
  file.undocumented = file.undocumented.filter(({ text }) => !documentedNames.has(text))
  return file
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [...text.matchAll(/\n/g)].map((match) => match.index)
  return (offset) => starts.filter((start) => start < offset).length + 1
}

type Named = { specifiers: { type: string; importKind?: string; exportKind?: string }[] }

function isTypeOnly(node: Named & { importKind?: string | null; exportKind?: string | null }): boolean {
  if (node.importKind === 'type' || node.exportKind === 'type') return true
  // `import './x.ts'` has no names and runs the file; `import { type A }` leaves an import that does nothing.
  return (
    node.specifiers.length > 0 &&
    node.specifiers.every((specifier) => (specifier.importKind ?? specifier.exportKind) === 'type')
  )
}

function exportedFunctions(node: ESTree.ExportNamedDeclaration): string[] {
  const { declaration } = node
  if (declaration?.type === 'FunctionDeclaration' || declaration?.type === 'TSDeclareFunction')
    return [declaration.id?.name ?? '']
  if (declaration?.type !== 'VariableDeclaration') return []
  return declaration.declarations
    .filter((each) => /^(ArrowFunction|Function)Expression$/.test(each.init?.type ?? ''))
    .map((each) => (each.id.type === 'Identifier' ? each.id.name : ''))
}

function isName(node: { type: string }, name: string): boolean {
  return node.type === 'Identifier' && (node as unknown as { name: string }).name === name
}

function isMember(node: { type: string }, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression') return false
  const member = node as unknown as { object: { type: string }; property: { type: string } }
  return isName(member.object, object) && isName(member.property, property)
}
