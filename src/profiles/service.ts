import type { Access } from '../access/index.ts'
import { type Clock, type Database, type Documents, DomainError, type Tx } from '../platform/index.ts'
import { viewAttributes } from './attributes.ts'
import { selectConsents } from './consent-store.ts'
import { type Contacts, createContacts } from './contacts.ts'
import { type IdentityKind, identityKind, type ImportAnswer, type SubscriberView } from './contract.ts'
import { Identities, type IdentityListener, type Lookup, type Resolver } from './identities.ts'
import type { Reject } from './import.ts'
import { declaredAttributes, Importer } from './importer.ts'
import { selectChangedRecipients } from './recipient-store.ts'
import { readRecipients, type RecipientPage, SharedTraits } from './recipients.ts'
import * as store from './store.ts'

export type Subscriber = {
  subscriberId: number
  /** In the form in which expressions read them: timestamps are epoch milliseconds. */
  attributes: Record<string, unknown>
  timeZone: string
  language: 'en' | 'ru' | 'uk'
  createdAt: Temporal.Instant
}

/** How many changed recipients are told one by one. */
const TOLD_RECIPIENTS = 5_000

/** Subscribers, their identities, attributes and consents. */
export type Profiles = Contacts & {
  /**
   * Subscribers of identities (`msisdn:+7…`, `account:…`, `email:…`, bare `+7…`), in the same order. When one
   * is unknown it also looks for what other processes have added, at most once a second.
   */
  resolveIdentities(tenantId: string, identities: string[]): Promise<(number | undefined)[]>
  /** The same as a synchronous function for hot paths; it knows what was loaded up to now. */
  resolver(tenantId: string): Promise<Resolver>
  /** The same two ways, by text and by the digits of a phone number. */
  lookup(tenantId: string): Promise<Lookup>
  /** The text under which an identity is stored, whatever its spelling; undefined when it cannot be one. */
  identityReader(tenantId: string): Promise<(identity: string) => string | undefined>
  /** Makes a subscriber of each identity that nobody has yet; texts that are no identity are left out. */
  ensureSubscribers(tenantId: string, identities: string[]): Promise<void>
  /** Calls `listener` with the identities of each import of this process, once they are stored. */
  onIdentities(listener: IdentityListener): void
  /** Looks for what other processes have added; false when the last look is less than a second old. */
  refreshIdentities(tenantId: string): Promise<boolean>
  /** Subscribers by id; time zone and language fall back to the tenant's. */
  subscribersByIds(tx: Tx, ids: number[]): Promise<Map<number, Subscriber>>
  /** The latest identity of a kind of each subscriber that has one; those that are gone do not count. */
  identitiesOf(tx: Tx, ids: number[], kind: IdentityKind): Promise<Map<number, string>>
  /** What a sender must know of these subscribers, for the cards that it keeps in memory. */
  recipients(tx: Tx, ids: number[]): Promise<RecipientPage>
  /**
   * Whose recipient changed since the last look, which is named by `lowWater`; at most a few thousand are told, and
   * then `all` says that there may be more.
   */
  changedRecipients(tx: Tx, lowWater: string): Promise<{ lowWater: string; ids: number[]; all: boolean }>
  /** Ids above `afterId` in order, to walk through all subscribers in pages. */
  subscriberIds(tx: Tx, afterId: number, limit: number): Promise<number[]>
  countSubscribers(tx: Tx): Promise<number>
  /** Adds or merges subscribers in one transaction; refused rows are told one by one, the rest is stored. */
  upsertSubscribers(
    tenantId: string,
    rows: unknown[],
  ): Promise<{ inserted: number; updated: number; rejects: Reject[] }>
  /**
   * Imports batch by batch, each in its own transaction. A dry run is the same work in one transaction that is
   * rolled back at the end, so its answer is what the import would have said.
   */
  importSubscribers(
    tenantId: string,
    batches: AsyncIterable<unknown[]> | Iterable<unknown[]>,
    dryRun: boolean,
  ): Promise<ImportAnswer>
  /** One subscriber with everything known; throws `subscriber_not_found`. */
  view(tenantId: string, subscriberId: number): Promise<SubscriberView>
}

type Dependencies = {
  database: Database
  access: Access
  documents: Documents
  clock: Clock
  /** How often unknown identities may make it look for another process's imports. */
  refreshEveryMs?: number
}

/** Builds the service. */
export function createProfiles(dependencies: Dependencies): Profiles {
  const { database, access, documents } = dependencies
  const identities = new Identities(dependencies)
  const importer = new Importer(dependencies, identities)

  const subscribersByIds = async (tx: Tx, ids: number[]): Promise<Map<number, Subscriber>> => {
    const subscribers = new Map<number, Subscriber>()
    if (ids.length === 0) return subscribers
    for (const { tenantId, ...row } of await store.selectSubscribers(tx, ids)) {
      const tenant = await access.tenant(tenantId)
      const timeZone = row.timeZone ?? tenant.timeZone
      subscribers.set(row.subscriberId, { ...row, timeZone, language: row.language ?? tenant.language })
    }
    return subscribers
  }

  return {
    ...createContacts(dependencies),
    resolveIdentities: (tenantId, texts) => identities.resolve(tenantId, texts),
    resolver: (tenantId) => identities.resolver(tenantId),
    lookup: (tenantId) => identities.lookup(tenantId),
    identityReader: (tenantId) => identities.reader(tenantId),
    ensureSubscribers: (tenantId, texts) => importer.ensure(tenantId, texts),
    onIdentities: (listener) => identities.onAdded(listener),
    refreshIdentities: async (tenantId) => (await identities.mapOf(tenantId)).refresh(),
    subscribersByIds,
    async identitiesOf(tx, ids, kind) {
      if (ids.length === 0) return new Map()
      const rows = (await store.selectIdentities(tx, ids, [kind])).filter((row) => row.goneAt === null)
      return new Map(rows.map((row) => [row.subscriberId, row.value]))
    },
    ...recipientsOf(access),
    subscriberIds: store.selectSubscriberIds,
    countSubscribers: store.countSubscribers,
    upsertSubscribers: (tenantId, rows) => importer.upsert(tenantId, rows),
    importSubscribers: (tenantId, batches, dryRun) => importer.import(tenantId, batches, dryRun),
    async view(tenantId, subscriberId) {
      const declared = await declaredAttributes(documents, tenantId)
      return database.tx(tenantId, async (tx) => {
        const subscriber = (await subscribersByIds(tx, [subscriberId])).get(subscriberId)
        if (!subscriber) {
          const details = { field: 'subscriberId', found: subscriberId }
          throw new DomainError('subscriber_not_found', `no subscriber ${subscriberId}`, details)
        }
        const known = await store.selectIdentities(tx, [subscriberId], identityKind.options)
        const consents = await selectConsents(tx, [subscriberId])
        return {
          ...subscriber,
          attributes: viewAttributes(subscriber.attributes, declared ?? {}),
          identities: known.map(({ kind, value, goneAt, goneReason }) => {
            return { kind, value, ...(goneAt && { goneAt: goneAt.toString(), goneReason: goneReason! }) }
          }),
          consents: consents.map(({ channel, purpose, granted, at, source }) => {
            return { channel, purpose, granted, at: at.toString(), source }
          }),
          createdAt: subscriber.createdAt.toString(),
        }
      })
    },
  }
}

/** What senders ask for, many subscribers at a time. */
function recipientsOf(access: Access): Pick<Profiles, 'recipients' | 'changedRecipients'> {
  const shared = new Map<string, SharedTraits>()
  const sharedOf = (tenantId: string): SharedTraits => {
    let traits = shared.get(tenantId)
    if (!traits) shared.set(tenantId, (traits = new SharedTraits()))
    return traits
  }
  return {
    recipients: (tx, ids) => readRecipients(tx, access, sharedOf, ids),
    async changedRecipients(tx, lowWater) {
      const changed = await selectChangedRecipients(tx, lowWater, TOLD_RECIPIENTS)
      return { ...changed, all: changed.ids.length >= TOLD_RECIPIENTS }
    },
  }
}
