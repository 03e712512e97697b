import type { Access } from '../access/index.ts'
import {
  type Clock,
  type Database,
  DomainError,
  newId,
  parseInput,
  type Problem,
  problemOf,
  type Tx,
} from '../platform/index.ts'
import { consentBook, type ConsentBook, type ConsentWord } from './consent.ts'
import { recordConsents, selectConsentEvents, selectConsents } from './consent-store.ts'
import { type ConsentsView, stopEntry, type StopView } from './contract.ts'
import { type Identity, identityText, parseIdentity } from './identity.ts'
import { updateIdentitiesBack, updateIdentitiesGone } from './identity-store.ts'
import { insertStops, type NewStop, selectStops, updateStopRemoved } from './stop-store.ts'

/** A time in which nobody may contact a subscriber; without an end for ever. Epoch ms. */
export type Stop = { fromMs: number; untilMs: number | null; scope: 'all' | 'marketing'; reason: string }

/** Whether and where a subscriber may be contacted. */
export type Contacts = {
  /** What each subscriber has agreed to; whoever never said a word is absent. */
  consentBooksOf(tx: Tx, ids: number[]): Promise<Map<number, ConsentBook>>
  /** Keeps words on consent with their proof within the caller's transaction. */
  recordConsents(tx: Tx, words: ConsentWord[]): Promise<void>
  /** The same for one word in a transaction of its own; without `at` it was said now. */
  sayConsent(tenantId: string, word: Omit<ConsentWord, 'at'> & { at?: Temporal.Instant }): Promise<void>
  /** What holds and every word ever said, the newest thousand; empty for somebody unknown. */
  consentsView(tenantId: string, subscriberId: number): Promise<ConsentsView>
  /** Marks identities (`push:…`) behind which nobody is; returns the subscribers who have them. */
  markIdentitiesGone(
    tx: Tx,
    gone: { identity: string; reason: string; at: Temporal.Instant }[],
  ): Promise<number[]>
  /** Uses identities again: the subscriber has unblocked a bot, a mailbox was mended. */
  markIdentitiesBack(tx: Tx, identities: string[]): Promise<number[]>
  /** Puts entries (see the contract) on the stop list; bad ones are refused one by one. */
  addStops(
    tenantId: string,
    entries: unknown[],
    addedBy: string | null,
  ): Promise<{ added: (string | null)[]; rejects: { index: number; problem: Problem }[] }>
  /** Takes an entry off the list; throws `stop_not_found`. */
  removeStop(tenantId: string, stopId: string): Promise<void>
  listStops(tenantId: string, afterId: string | null, limit: number): Promise<StopView[]>
}

const HISTORY = 1_000

type Dependencies = { database: Database; access: Access; clock: Clock }

/** Builds the part of the service that says whether and where a subscriber may be contacted. */
export function createContacts({ database, access, clock }: Dependencies): Contacts {
  return {
    async consentBooksOf(tx, ids) {
      const rows = ids.length === 0 ? [] : await selectConsents(tx, ids)
      const bySubscriber = Map.groupBy(rows, (row) => row.subscriberId)
      return new Map(
        [...bySubscriber].map(([id, known]) => [
          id,
          consentBook(known.map((row) => ({ ...row, atMs: row.at.epochMilliseconds }))),
        ]),
      )
    },
    recordConsents: (tx, words) => recordConsents(tx, words, clock.now()),
    sayConsent: (tenantId, word) =>
      database.tx(tenantId, (tx) => recordConsents(tx, [{ at: clock.now(), ...word }], clock.now())),
    consentsView: (tenantId, subscriberId) =>
      database.tx(tenantId, async (tx) => {
        const current = await selectConsents(tx, [subscriberId])
        const history = await selectConsentEvents(tx, subscriberId, HISTORY)
        return {
          subscriberId,
          current: current.map(({ subscriberId: _id, ...row }) => ({ ...row, at: row.at.toString() })),
          history: history.map(({ subscriberId: _id, ...row }) => {
            return { ...row, at: row.at.toString(), recordedAt: row.recordedAt.toString() }
          }),
        }
      }),
    markIdentitiesGone: (tx, gone) =>
      updateIdentitiesGone(
        tx,
        gone.flatMap(({ identity, ...rest }) => {
          const parsed = parseIdentity(identity, undefined)
          return parsed ? [{ ...parsed, ...rest }] : []
        }),
      ),
    markIdentitiesBack: (tx, identities) =>
      updateIdentitiesBack(
        tx,
        identities.flatMap((identity) => parseIdentity(identity, undefined) ?? []),
      ),
    ...stopList({ database, access, clock }),
  }
}

type StopList = Pick<Contacts, 'addStops' | 'removeStop' | 'listStops'>

function stopList({ database, access, clock }: Dependencies): StopList {
  return {
    async addStops(tenantId, entries, addedBy) {
      const { country } = await access.tenant(tenantId)
      const rejects: { index: number; problem: Problem }[] = []
      const stops: NewStop[] = []
      const added = entries.map((entry, index) => {
        try {
          const stop = checkStop(entry, country, clock.now())
          stops.push(stop)
          return stop.stopId
        } catch (error) {
          if (!(error instanceof DomainError)) throw error
          rejects.push({ index, problem: problemOf(error) })
          return null
        }
      })
      await database.tx(tenantId, (tx) => insertStops(tx, stops, clock.now(), addedBy))
      return { added, rejects }
    },
    async removeStop(tenantId, stopId) {
      const isId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(stopId)
      const removed =
        isId && (await database.tx(tenantId, (tx) => updateStopRemoved(tx, stopId, clock.now())))
      if (!removed)
        throw new DomainError('stop_not_found', 'no such entry on the stop list', { found: stopId })
    },
    async listStops(tenantId, afterId, limit) {
      const rows = await database.tx(tenantId, (tx) => selectStops(tx, afterId, limit))
      return rows.map(({ kind, value, from, until, addedAt, ...row }) => ({
        ...row,
        identity: kind === null ? null : identityText({ kind, value: value! }),
        from: from.toString(),
        until: until === null ? null : until.toString(),
        addedAt: addedAt.toString(),
      }))
    },
  }
}

/** An entry as it is stored; throws `request_invalid` or `identity_invalid`. */
function checkStop(given: unknown, country: string | undefined, now: Temporal.Instant): NewStop {
  const entry = parseInput(stopEntry, given)
  const identity: Identity | null =
    entry.identity === undefined ? null : (parseIdentity(entry.identity, country) ?? null)
  if (entry.identity !== undefined && !identity) {
    const details = {
      field: 'identity',
      found: entry.identity,
      expected: 'msisdn:+7…, email:… or another kind',
    }
    throw new DomainError('identity_invalid', 'not an identity', details)
  }
  return {
    stopId: newId(),
    subscriberId: entry.subscriberId ?? null,
    identity,
    scope: entry.scope,
    reason: entry.reason,
    from: entry.from === undefined ? now : Temporal.Instant.from(entry.from),
    until: entry.until === undefined ? null : Temporal.Instant.from(entry.until),
  }
}
