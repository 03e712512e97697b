import { balancesOf } from '../../ledger/index.ts'
import type { Tx } from '../../platform/index.ts'
import { accountOf } from '../accounts.ts'
import type { Batch, Consumer, Session, TakenEvent } from '../consumer.ts'
import type { LocalTimes } from '../local-time.ts'
import { newMember, ownerOf } from '../members.ts'
import { type Counter, EarnMemory, welcomeKey } from './award.ts'
import { type Desk, scopeIn } from './desk.ts'
import { giveByRules } from './giving.ts'
import { countersOf, textOf } from './offer.ts'
import { selectLapsed } from './lapse-store.ts'
import { takeReturns } from './returning.ts'
import { type CompiledRule, type Reader, type RulesOfBook, rulesOf } from './rule.ts'
import { settlePending } from './settling.ts'
import * as store from './store.ts'
import { giveWelcome } from './welcome.ts'

const ENROLLED = 'loyalty.member_enrolled'

/** Earning as a consumer of events: rules, welcome bonuses, returns, and what waits for an event. */
export function earningConsumer(local: LocalTimes): Consumer {
  return {
    name: 'earning',
    wants: (book) => new Set([...rulesOf(book, local).types, ENROLLED]),
    async open(tx, batch) {
      const desk: Desk = { batch, rules: rulesOf(batch.book, local), memory: new EarnMemory(), local }
      await load(tx, batch, desk)
      return earningSession(desk)
    },
    merge: (tx, { programmeId, from, into }) => store.mergeEarning(tx, programmeId, from, into),
  }
}

/** Decides about events one by one. What it stores is what its memory changed. */
export function earningSession(desk: Desk): Session {
  const { memory } = desk
  return {
    take(event, effects) {
      if (event.type === ENROLLED) giveWelcome(desk, event, effects)
      settlePending(desk, event, effects)
      takeReturns(desk, event, effects)
      giveByRules(desk, event, effects)
    },
    async store(tx, resultOf) {
      // What a reservation or an expiry had left less than the balance said.
      for (const { key, award, points } of memory.takings) {
        const result = resultOf(key)
        if (result?.outcome === 'booked') award.forgivenPoints += result.forgivenMinor ?? 0n
        else if (result?.outcome === 'refused') award.forgivenPoints += points
      }
      await store.saveAwards(tx, [...memory.changedAwards])
      await store.saveReturns(tx, [...memory.changedReturns])
      await store.saveConfirmations(tx, [...memory.changedConfirmations])
      await store.saveCounters(tx, [...memory.changedCounters])
    },
  }
}

/** Loads whatever an event of the batch, or what follows from it, may need. */
async function load(tx: Tx, batch: Batch, desk: Desk): Promise<void> {
  const { memory, rules } = desk
  const ids = memberIds(batch)
  const { places, settlePlaces, counters } = asked(batch, desk)
  memory.addCounters(await store.selectCounters(tx, counters))
  for (const award of await store.selectAwardsOfPlaces(tx, places)) memory.addAward(award)
  for (const returned of await store.selectWaitingReturns(tx, places)) memory.addReturn(returned)
  await loadLapsed(tx, batch, desk)
  for (const one of await store.selectConfirmations(tx, settlePlaces)) memory.addConfirmation(one)
  if (rules.bySettling.size > 0) {
    const known = new Map([...memory.awards.values()].flat().map((award) => [award.transferKey, award]))
    for (const award of await store.selectPendingAwards(tx, ids)) {
      // One that stands there by its reference already must not stand twice.
      if (!known.has(award.transferKey)) memory.addAward(award)
    }
  }
  const welcomes = [...batch.book.programmes.values()].filter(({ welcome }) => welcome)
  const keys = welcomes.flatMap(({ id }) => ids.map((subscriberId) => welcomeKey(id, subscriberId)))
  for (const key of await store.selectAwardKeys(tx, keys)) memory.welcomed.add(key)
  const accounts = accountsToRead(batch, rules)
  if (accounts.length === 0) return
  for (const { accountId, balanceMinor, pendingDebitsMinor } of (await balancesOf(tx, accounts)).values()) {
    memory.balances.set(accountId, balanceMinor)
    memory.reserved.set(accountId, pendingDebitsMinor)
  }
}

/** Of awards that a return may meet: how much of them is gone already. */
async function loadLapsed(tx: Tx, batch: Batch, { memory, rules }: Desk): Promise<void> {
  const isReturning = batch.events.some(({ type }) => rules.byReturn.has(type)) || memory.waiting.size > 0
  if (!isReturning) return
  const awards = [...memory.awards.values()].flat()
  const postedKeys = awards.flatMap(({ postedKey }) => postedKey ?? [])
  const lapsed = await selectLapsed(tx, batch.tenantId, postedKeys)
  for (const { transferKey, postedKey } of awards)
    memory.lapsed.set(transferKey, lapsed.get(postedKey ?? '') ?? 0n)
}

/** Subscribers of the batch, and the members as whom they go on. */
function memberIds(batch: Batch): number[] {
  const ids = new Set<number>()
  for (const { subscriberId } of batch.events) {
    ids.add(subscriberId)
    for (const member of batch.membersOf(subscriberId)) ids.add(member.subscriberId)
  }
  return [...ids]
}

/** Where rules read a balance, or a return is limited by it: the accounts of the batch's members. */
function accountsToRead(batch: Batch, { all }: RulesOfBook): string[] {
  const programmes = new Set(
    all
      .filter(
        ({ readsBalance, returns, programme }) =>
          readsBalance ||
          (returns && (programme.returns.onSpent !== 'debt' || programme.leaving.points === 'forfeit')),
      )
      .map(({ programme }) => programme),
  )
  const accounts = new Set<string>()
  for (const { subscriberId } of batch.events) {
    for (const programme of programmes) {
      const member = batch.memberOf(programme.id, subscriberId)
      if (member) accounts.add(accountOf(ownerOf(member), programme.currency))
    }
  }
  return [...accounts]
}

type CounterPlace = Pick<Counter, 'counter' | 'subscriberId' | 'period'>

/**
 * The purchases and counters that events may touch. What loyalty announces has the time of its cause, so its counters
 * are those of the cause's time.
 */
function asked(
  batch: Batch,
  desk: Desk,
): { places: store.Place[]; settlePlaces: store.SettlePlace[]; counters: CounterPlace[] } {
  const { rules, local } = desk
  const places: store.Place[] = []
  const settlePlaces: store.SettlePlace[] = []
  const counters = new Map<string, CounterPlace>()
  const capped = rules.all.filter(({ document }) => document.caps.length > 0 || document.budget !== undefined)
  for (const event of batch.events) {
    for (const rule of capped) {
      const subscriberId = idAs(batch, rule.programme.id, event)
      for (const { counter, perMember, period } of countersOf(rule, event.atMs, local)) {
        const place = { counter, subscriberId: perMember ? subscriberId : 0, period }
        counters.set(`${counter}\n${place.subscriberId}\n${period}`, place)
      }
    }
    for (const rule of rules.byType.get(event.type) ?? []) {
      addPlace(desk, batch, event, rule, rule.reference, places)
      if (!rule.settling) continue
      const { atMs } = event
      const subscriberId = idAs(batch, rule.programme.id, event)
      const settleKey = textAt(desk, batch, event, rule, rule.pendingKey) ?? ''
      settlePlaces.push({ ruleId: rule.document.id, subscriberId, settleKey, atMs })
    }
    for (const rule of rules.byReturn.get(event.type) ?? []) {
      addPlace(desk, batch, event, rule, rule.returns!.reference, places)
    }
  }
  return { places, settlePlaces, counters: [...counters.values()] }
}

function addPlace(
  desk: Desk,
  batch: Batch,
  event: TakenEvent,
  rule: CompiledRule,
  reader: Reader | null,
  places: store.Place[],
): void {
  const reference = textAt(desk, batch, event, rule, reader)
  if (reference === undefined) return
  places.push({ ruleId: rule.document.id, subscriberId: idAs(batch, rule.programme.id, event), reference })
}

/** What an expression of a rule says of an event, before the event is taken. */
function textAt(
  desk: Desk,
  batch: Batch,
  event: TakenEvent,
  rule: CompiledRule,
  reader: Reader | null,
): string | undefined {
  if (!reader) return undefined
  const programmeId = rule.programme.id
  const member =
    batch.memberOf(programmeId, event.subscriberId) ??
    newMember(programmeId, idAs(batch, programmeId, event), event.atMs)
  return textOf(reader, scopeIn(desk, rule, event, member))
}

const idAs = (batch: Batch, programmeId: string, { subscriberId }: TakenEvent): number =>
  batch.memberOf(programmeId, subscriberId)?.subscriberId ?? subscriberId
