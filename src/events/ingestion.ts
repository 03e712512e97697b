import type { Documents, EventLog, Problem } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { type CompiledType, compileType } from './compiled-type.ts'
import type { EventType } from './event-type.ts'
import { isRefused, type Judged, judge } from './judge.ts'

/** What became of one event. */
export type Verdict = 'accepted' | 'duplicate' | Problem

/** Judges events and appends the good ones to the tenant's log. */
export class Ingestion {
  readonly #documents: Documents
  readonly #profiles: Profiles
  readonly #logOf: (tenantId: string) => EventLog
  readonly #types = new Map<string, Promise<Map<string, CompiledType>>>()

  constructor(documents: Documents, profiles: Profiles, logOf: (tenantId: string) => EventLog) {
    this.#documents = documents
    this.#profiles = profiles
    this.#logOf = logOf
    documents.onChange((tenantId, kinds) => {
      if (kinds.has('EventType')) this.#types.delete(tenantId)
    })
  }

  /** A verdict for each event, in order; it resolves when the accepted ones are durable. */
  async take(tenantId: string, events: unknown[]): Promise<Verdict[]> {
    const types = await this.#typesOf(tenantId)
    const resolve = await this.#profiles.resolver(tenantId)
    const judged = events.map((event) => judge(event, types, resolve))
    await this.#retryUnknownSubjects(tenantId, events, judged, types)

    const fresh = judged.filter((one): one is Judged => !isRefused(one))
    const isNew = fresh.length === 0 ? [] : await this.#logOf(tenantId).append(fresh)
    let next = 0
    return judged.map((one) => (isRefused(one) ? one : isNew[next++] ? 'accepted' : 'duplicate'))
  }

  /** Another process may have imported the subscriber a moment ago. */
  async #retryUnknownSubjects(
    tenantId: string,
    events: unknown[],
    judged: (Judged | Problem)[],
    types: Map<string, CompiledType>,
  ): Promise<void> {
    const isUnknown = (one: Judged | Problem): boolean =>
      isRefused(one) && one.code === 'event_subject_unknown'
    if (!judged.some(isUnknown) || !(await this.#profiles.refreshIdentities(tenantId))) return
    const resolve = await this.#profiles.resolver(tenantId)
    judged.forEach((one, i) => {
      if (isUnknown(one)) judged[i] = judge(events[i], types, resolve)
    })
  }

  #typesOf(tenantId: string): Promise<Map<string, CompiledType>> {
    let types = this.#types.get(tenantId)
    if (!types) {
      types = this.#compileTypes(tenantId)
      this.#types.set(tenantId, types)
      types.catch(() => this.#types.delete(tenantId))
    }
    return types
  }

  async #compileTypes(tenantId: string): Promise<Map<string, CompiledType>> {
    const documents = await this.#documents.list<EventType>(tenantId, 'EventType')
    return new Map(documents.map((document) => [document.id, compileType(document)]))
  }
}
