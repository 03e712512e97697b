import { readdir, realpath, stat } from 'node:fs/promises'
import { join, matchesGlob, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { DomainError } from '../../platform/index.ts'
import { type FileTools, type SettledFile, takeFile } from './dropped-file.ts'
import type { RowTools } from './mapped-rows.ts'
import { Progress, type Running } from './running.ts'
import type { FolderSource } from './source.ts'
import { selectLatestFiles, type StoredFile } from './store.ts'

export type FolderTools = RowTools & {
  /** Folders outside of this one are refused; without it any folder that the server may read is allowed. */
  folderRoot?: string | undefined
  /** How often the folder is looked at, and how long a file must stand still to be taken, machine time. */
  pollMs?: number | undefined
  settleMs?: number | undefined
}

type Seen = { sizeBytes: number; modifiedMs: number; sinceMs: number }

/** Name endings of files that somebody is still writing. */
const PART = '.part'

/**
 * Watches a folder and reads what is dropped into it, once. A file is taken when it was renamed from `*.part`, or when
 * its size and time have stood still between two looks. Files stay where they are.
 */
export function watchFolder(sourceId: string, folder: FolderSource, tools: FolderTools): Running {
  const progress = new Progress(tools.clock)
  const stopping = new AbortController()
  const { pollMs = 1_000 } = tools
  const watcher = new Watcher(
    { ...tools, sourceId, folder, progress, isStopped: () => stopping.signal.aborted },
    tools,
  )
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await watcher.look()
        progress.become('connected')
      } catch (error) {
        progress.fail(error)
        progress.become('failed')
      }
      await wait(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    progress.become('stopped')
  }
  const working = work()
  return {
    progress,
    stop: () => {
      stopping.abort()
      return working
    },
  }
}

class Watcher {
  readonly #tools: FileTools
  readonly #settleMs: number
  readonly #root: string | undefined
  #known: Map<string, StoredFile> | undefined
  #seen = new Map<string, Seen>()
  #partInodes = new Set<number>()
  /** Files that could not be read, until they change or the source does. */
  readonly #wrong = new Map<string, Seen>()

  constructor(tools: FileTools, { settleMs = 2_000, folderRoot }: FolderTools) {
    this.#tools = tools
    this.#settleMs = settleMs
    this.#root = folderRoot
  }

  async look(): Promise<void> {
    const { tenantId, database, sourceId, folder, progress } = this.#tools
    const path = await this.#allowedPath(folder.path)
    this.#known ??= new Map(
      (await database.tx(tenantId, (tx) => selectLatestFiles(tx, sourceId))).map((file) => [file.name, file]),
    )
    const settled = await this.#settled(path)
    progress.details['waiting'] = settled.length
    for (const file of settled) {
      if (this.#tools.isStopped()) return
      const taken = await takeFile(this.#tools, file, this.#known.get(file.name))
      this.#known.set(file.name, taken)
      if (taken.error !== null) this.#wrong.set(file.name, { ...file, sinceMs: 0 })
      progress.details['waiting']--
    }
    progress.details['files'] = this.#known.size
  }

  /** Files that may be read now and were not yet, the oldest first. */
  async #settled(path: string): Promise<SettledFile[]> {
    const nowMs = performance.now()
    const seen = new Map<string, Seen>()
    const partInodes = new Set<number>()
    const settled: SettledFile[] = []
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const { name } = entry
      if (!entry.isFile()) continue
      const isPart = name.endsWith(PART)
      if (!isPart && !matchesGlob(name, this.#tools.folder.pattern)) continue
      const found = await stat(join(path, name)).catch(() => undefined)
      if (!found) continue
      if (isPart) {
        partInodes.add(found.ino)
        continue
      }
      const file = { name, path: join(path, name), sizeBytes: found.size, modifiedMs: found.mtimeMs }
      const before = this.#seen.get(name)
      const now = before && isSame(before, file) ? before : { ...file, sinceMs: nowMs }
      seen.set(name, now)
      const isRenamed = before === undefined && this.#partInodes.has(found.ino)
      if (this.#isDone(file) || !(isRenamed || nowMs - now.sinceMs >= this.#settleMs)) continue
      settled.push(file)
    }
    this.#seen = seen
    this.#partInodes = partInodes
    return settled.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? -1 : 1))
  }

  #isDone(file: SettledFile): boolean {
    const known = this.#known!.get(file.name)
    const wrong = this.#wrong.get(file.name)
    return (known?.finishedAt != null && isSame(known, file)) || (wrong !== undefined && isSame(wrong, file))
  }

  async #allowedPath(path: string): Promise<string> {
    const real = await realpath(path)
    if (this.#root === undefined) return real
    const inside = relative(await realpath(this.#root), real)
    if (inside !== '..' && !inside.startsWith('../')) return real
    throw new DomainError('folder_forbidden', 'the folder is outside of what this server may read', {
      field: 'folder.path',
      expected: 'a folder below the root for sources',
    })
  }
}

const isSame = (a: Omit<Seen, 'sinceMs'>, b: Omit<Seen, 'sinceMs'>): boolean =>
  a.sizeBytes === b.sizeBytes && a.modifiedMs === b.modifiedMs
