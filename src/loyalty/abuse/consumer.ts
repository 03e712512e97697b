import { balancesInDetail, openAccounts, postTransfers, type TransferRequest } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import { programmeAccount, programmeOpening } from '../accounts.ts'
import type { Batch, Consumer } from '../consumer.ts'
import { lastEarnedIn } from '../activity-store.ts'
import { sharedAmong } from '../reinstating.ts'
import { type AbuseCase, memberSubject } from './case.ts'
import * as cases from './case-store.ts'
import { DECIDE, Desk, placeOf } from './desk.ts'
import { accountIn, instrumentsIn, planOf } from './plan.ts'
import { followed, MERGED, SUSPECTED, takeAbuse } from './session.ts'
import * as standings from './standing-store.ts'
import { abuseNewsWords, abuseWords } from './words.ts'

/** Follows what members do with points, and opens a case about whoever looks like abusing the programme. */
export const abuseConsumer: Consumer = {
  name: 'abuse',
  kinds: ['AbusePolicy'],
  words: { ...abuseWords, ...abuseNewsWords },
  wants(book) {
    const { byProgramme, instruments } = planOf(book)
    return new Set([
      DECIDE,
      ...(byProgramme.size === 0 ? [] : [MERGED, SUSPECTED, ...followed, ...instruments.keys()]),
    ])
  },
  async open(tx, batch) {
    const desk = await load(tx, batch)
    return {
      take: (event, effects) => takeAbuse(desk, event, effects),
      async store(tx) {
        await holdPoints(tx, desk)
        await standings.saveStandings(tx, [...desk.changedStandings])
        await standings.deleteStandings(tx, [...desk.goneStandings])
        await standings.saveSightings(tx, [...desk.newSightings.values()])
        await cases.saveCases(tx, [...desk.changedCases])
        await cases.saveExemptions(tx, [...desk.newExemptions.values()])
      },
    }
  },
  async merge(tx, merge) {
    await standings.mergeSightings(tx, merge)
    await cases.mergeCases(tx, merge)
  },
}

async function load(tx: Tx, batch: Batch): Promise<Desk> {
  const plan = planOf(batch.book)
  const asked = batch.events.flatMap(({ type, data }) => (type === DECIDE ? [String(data['case'])] : []))
  if (plan.byProgramme.size === 0 && asked.length === 0) {
    const nothing = { standings: [], sightings: [], cases: [], exemptions: [], sharedAccounts: [] }
    return new Desk(batch, plan, { ...nothing, lastEarned: new Map() })
  }
  const ids = new Set<number>()
  for (const { subscriberId, concerns = [] } of batch.events) {
    for (const id of [subscriberId, ...concerns]) {
      ids.add(id)
      for (const member of batch.membersOf(id)) ids.add(member.subscriberId)
    }
  }
  const members = [...ids]
  // What forbids something is looked at as of each event, which may have happened long ago.
  const earliestMs = Math.min(...batch.events.map(({ atMs }) => atMs))
  const [known, inForce, named] = await Promise.all([
    standings.selectStandings(tx, members),
    cases.selectInForce(tx, members, instantOf(earliestMs)),
    cases.selectCases(tx, asked),
  ])
  const instruments = new Set([
    ...known.flatMap((one) => one.instruments),
    ...batch.events.flatMap((event) => instrumentsIn(plan, batch.tenantId, event)),
  ])
  const [sightings, exemptions, sharedAccounts, lastEarned] = await Promise.all([
    standings.selectSightings(tx, [...instruments]),
    cases.selectExemptions(tx, [...members.map(memberSubject), ...instruments]),
    sharedAccountsOf(tx, batch, named),
    lastEarnedOf(tx, batch, named),
  ])
  const byId = new Map([...inForce, ...named].map((one) => [one.caseId, one]))
  const all = [...byId.values()]
  return new Desk(batch, plan, {
    standings: known,
    sightings,
    cases: all,
    exemptions,
    sharedAccounts,
    lastEarned,
  })
}

/** When members whose cases are to be decided last earned points, where points live on by that. */
async function lastEarnedOf(tx: Tx, { book }: Batch, decided: AbuseCase[]): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const [programmeId, ofOne] of Map.groupBy(decided, (one) => one.programmeId)) {
    const programme = book.programmes.get(programmeId)
    if (!programme) continue
    const ids = ofOne.map(({ subscriberId }) => subscriberId)
    for (const [id, atMs] of await lastEarnedIn(tx, programme, ids)) found.set(placeOf(programmeId, id), atMs)
  }
  return found
}

/** Accounts that the holds of cases to be decided are on and that some household still shares. */
async function sharedAccountsOf(tx: Tx, { book }: Batch, decided: AbuseCase[]): Promise<string[]> {
  const found: string[] = []
  for (const [programmeId, ofOne] of Map.groupBy(decided, (one) => one.programmeId)) {
    const programme = book.programmes.get(programmeId)
    const accounts = ofOne.flatMap(({ holds }) => holds.map(({ account }) => account))
    if (programme) found.push(...(await sharedAmong(tx, programme, accounts)))
  }
  return found
}

/**
 * Reserves what is to be held, as far as it is still there, behind all other transfers of the batch: what was spent
 * before cannot be held, and what lies there besides is not suspect.
 */
async function holdPoints(tx: Tx, { wants, batch, plan, changedCases }: Desk): Promise<void> {
  const held = wants.flatMap((want) => {
    const { programmeId, subscriberId } = want.abuseCase
    const programme = plan.byProgramme.get(programmeId)?.programme
    const member = batch.memberOf(programmeId, subscriberId)
    return programme && member ? [{ ...want, programme, account: accountIn(programme, member) }] : []
  })
  if (held.length === 0) return
  const balances = await balancesInDetail(tx, [...new Set(held.map(({ account }) => account))], batch.now)
  const left = new Map([...balances].map(([account, { availableMinor }]) => [account, availableMinor]))
  const transfers: TransferRequest[] = []
  for (const { abuseCase, deed, programme, account } of held) {
    const amountMinor = least(deed.points, left.get(account) ?? 0n)
    if (amountMinor <= 0n) continue
    left.set(account, left.get(account)! - amountMinor)
    const key = `abuse:${abuseCase.caseId}:${abuseCase.holds.length}`
    abuseCase.holds.push({ key, points: amountMinor, account })
    changedCases.add(abuseCase)
    transfers.push({
      key,
      kind: 'pending',
      debitAccount: account,
      creditAccount: programmeAccount(programme, 'breakage'),
      amountMinor,
      currency: programme.currency,
      at: batch.now,
      memo: 'abuse',
    })
  }
  if (transfers.length === 0) return
  const openings = new Map(
    held.map(({ programme }) => [programme.id, programmeOpening(programme, 'breakage')]),
  )
  await openAccounts(tx, [...openings.values()])
  const results = await postTransfers(tx, transfers, batch.now)
  const refused = new Set(results.filter(({ outcome }) => outcome === 'refused').map(({ key }) => key))
  if (refused.size === 0) return
  for (const hold of held.flatMap(({ abuseCase }) => abuseCase.holds))
    if (refused.has(hold.key)) hold.points = 0n
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
