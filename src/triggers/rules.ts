import { eventDeclarations } from '../events/index.ts'
import type { Database, DocumentReader, Documents } from '../platform/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
import { Audience } from './audience.ts'
import type { Trigger } from './contract.ts'
import type { GateRule } from './gate.ts'
import type { Rules } from './runner-parts.ts'
import { type Pause, selectPauses } from './store.ts'

const kinds = ['Trigger', 'EventType', 'Attributes']

/** The rules of one tenant as documents, with everything about subscribers that they ask for. */
export class RuleBook {
  readonly #database: Database
  readonly #documents: Documents
  readonly #tenantId: string
  readonly audience: Audience
  #triggers: Trigger[] = []
  #fingerprint = ''
  /** The documents as they were read last. */
  reader: DocumentReader

  constructor(parts: { database: Database; documents: Documents; tenantId: string; timeZone: string }) {
    this.#database = parts.database
    this.#documents = parts.documents
    this.#tenantId = parts.tenantId
    this.audience = new Audience(parts)
    this.reader = { tenantId: parts.tenantId, get: () => undefined, list: () => [] }
  }

  /** Reads the rules as they are saved now. */
  async load(): Promise<Rules> {
    const byKind = new Map<string, { id: string }[]>()
    this.#fingerprint = await this.#fingerprintNow()
    const versions = await this.#documents.countVersions(this.#tenantId, 'Trigger')
    for (const kind of kinds) {
      byKind.set(kind, await this.#documents.list<{ id: string }>(this.#tenantId, kind))
    }
    this.reader = {
      tenantId: this.#tenantId,
      get: (kind, id) => byKind.get(kind)?.find((document) => document.id === id),
      list: (kind) => byKind.get(kind) ?? [],
    }
    this.#triggers = byKind.get('Trigger') as Trigger[]
    const pauses = Map.groupBy(await this.#database.tx(this.#tenantId, selectPauses), (pause) => pause.ruleId)
    await this.refresh()
    return {
      triggers: this.#triggers,
      versions,
      fieldsOf: this.fieldsOf,
      pausesOf: (ruleId) => intervalsOf(pauses.get(ruleId) ?? []),
      admitsOf: (trigger) => this.audience.admitsOf(trigger),
    }
  }

  /** Whether rules, pauses or what they read were changed since `load`, by whichever process. */
  async isOutdated(): Promise<boolean> {
    return (await this.#fingerprintNow()) !== this.#fingerprint
  }

  async #fingerprintNow(): Promise<string> {
    const pauses = await this.#database.tx(this.#tenantId, selectPauses)
    const open = pauses.filter(({ resumedAt }) => resumedAt === null).length
    return `${await this.#documents.fingerprint(this.#tenantId, kinds)} ${pauses.length} ${open}`
  }

  /** Brings what is known of subscribers up to date; cheap when nothing changed. */
  async refresh(): Promise<void> {
    await this.audience.refresh(this.#triggers, subscriberDeclarations(this.reader))
  }

  /** Makes what a rule that is not saved asks for ready. */
  async prepare(trigger: Trigger): Promise<void> {
    const others = this.#triggers.filter(({ id }) => id !== trigger.id)
    await this.audience.refresh([...others, trigger], subscriberDeclarations(this.reader))
  }

  /** What events of a type declare. */
  readonly fieldsOf = (type: string): ReturnType<Rules['fieldsOf']> => eventDeclarations(this.reader, type)
}

/** Pauses as intervals of event time; one that still lasts has no end. */
export function intervalsOf(pauses: Pause[]): GateRule['pauses'] {
  return pauses.map(({ pausedAt, resumedAt }) => ({
    fromMs: pausedAt.epochMilliseconds,
    toMs: resumedAt?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
  }))
}
