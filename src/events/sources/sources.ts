import type { Access } from '../../access/index.ts'
import { type Clock, type Database, type Documents, DomainError } from '../../platform/index.ts'
import type { SourceFileView, SourceStatus } from './contract.ts'
import { watchFolder } from './folder.ts'
import type { Intake } from './intake.ts'
import { consumeTopic } from './kafka-topic.ts'
import type { Running } from './running.ts'
import type { Source } from './source.ts'
import { selectFiles } from './store.ts'
import { listenTcp } from './tcp.ts'

/** The ways in that the tenants' documents of kind Source describe. */
export type Sources = {
  /** Opens a tenant's sources; from then on they follow its documents without a restart. */
  start(tenantId: string): Promise<void>
  /** Closes everything; what was read and is not durable yet will be read again. */
  stop(): Promise<void>
  /** Every source of the tenant with what it did in this process. */
  status(tenantId: string): Promise<SourceStatus[]>
  /** The latest files of a watched folder; throws `source_not_found`. */
  files(tenantId: string, sourceId: string, limit: number): Promise<SourceFileView[]>
}

export type SourcesDependencies = {
  database: Database
  documents: Documents
  access: Pick<Access, 'authenticate'>
  events: Intake
  clock: Clock
  onError: (error: unknown) => void
  /** Watched folders must lie below this one; without it they may lie anywhere. */
  folderRoot?: string | undefined
  /** How often folders are looked at, how long a file must stand still, how long a lost broker rests; machine time. */
  pollMs?: number | undefined
  settleMs?: number | undefined
  retryMs?: number | undefined
}

type Opened = { digest: string; running: Running }
type Tenant = { opened: Map<string, Opened>; following: Promise<void> }

/** Builds the service; nothing is opened before `start`. */
export function createSources(dependencies: SourcesDependencies): Sources {
  const { database, documents, onError } = dependencies
  const tenants = new Map<string, Tenant>()
  let isStopped = false

  const follow = (tenantId: string): Promise<void> => {
    const tenant = tenants.get(tenantId)
    if (!tenant) return Promise.resolve()
    // One after another, so that a port is free before its changed source takes it again.
    tenant.following = tenant.following
      .then(() => (isStopped ? undefined : reconcile(dependencies, tenantId, tenant.opened)))
      .catch(onError)
    return tenant.following
  }
  documents.onChange((tenantId, kinds) => {
    if (kinds.has('Source')) void follow(tenantId)
  })

  return {
    start(tenantId) {
      if (!tenants.has(tenantId)) tenants.set(tenantId, { opened: new Map(), following: Promise.resolve() })
      return follow(tenantId)
    },
    async stop() {
      isStopped = true
      await Promise.all(
        [...tenants.values()].map(async ({ opened, following }) => {
          await following
          await Promise.all([...opened.values()].map(({ running }) => running.stop()))
        }),
      )
    },
    async status(tenantId) {
      const opened = tenants.get(tenantId)?.opened
      return (await documents.list<Source>(tenantId, 'Source')).map((source) =>
        statusOf(source, opened?.get(source.id)?.running),
      )
    },
    async files(tenantId, sourceId, limit) {
      const source = await documents.get<Source>(tenantId, 'Source', sourceId)
      if (!source?.folder) {
        const details = { field: 'id', found: sourceId, expected: 'a source of a folder' }
        throw new DomainError('source_not_found', 'no such watched folder', details)
      }
      const files = await database.tx(tenantId, (tx) => selectFiles(tx, sourceId, limit))
      return files.map(
        ({ contentId: _id, modifiedMs: _ms, lines: _lines, startedAt, finishedAt, ...file }) => ({
          ...file,
          startedAt: startedAt.toString(),
          finishedAt: finishedAt?.toString() ?? null,
        }),
      )
    },
  }
}

/** Stops what is no longer wanted as it is and opens what is not open yet. */
async function reconcile(
  dependencies: SourcesDependencies,
  tenantId: string,
  opened: Map<string, Opened>,
): Promise<void> {
  const documents = await dependencies.documents.list<Source>(tenantId, 'Source')
  const wanted = new Map(documents.filter(({ paused }) => !paused).map((source) => [source.id, source]))
  for (const [id, { digest, running }] of opened) {
    if (digest === JSON.stringify(wanted.get(id))) continue
    opened.delete(id)
    await running.stop()
  }
  for (const [id, source] of wanted) {
    if (opened.has(id)) continue
    opened.set(id, { digest: JSON.stringify(source), running: open(dependencies, tenantId, source) })
  }
}

function open(dependencies: SourcesDependencies, tenantId: string, source: Source): Running {
  const tools = { ...dependencies, tenantId }
  if (source.tcp) return listenTcp(source.tcp, tools)
  if (source.kafka) return consumeTopic(source.id, source.kafka, tools)
  return watchFolder(source.id, source.folder!, tools)
}

function statusOf({ id, paused, tcp, kafka }: Source, running: Running | undefined): SourceStatus {
  const way = tcp ? 'tcp' : kafka ? 'kafka' : 'folder'
  const nothing = { accepted: 0, duplicates: 0, rejected: 0, lastEventAt: null, lastError: null, details: {} }
  if (!running) return { id, way, state: paused ? 'paused' : 'stopped', ...nothing }
  return { id, way, ...running.progress.view() }
}
