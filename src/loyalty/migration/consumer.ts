import { type BalanceInDetail, balancesInDetail, type Lot, lotsOf } from '../../ledger/index.ts'
import { instantOf, type Tx } from '../../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import type { Batch, Consumer, Effects, TakenEvent } from '../consumer.ts'
import { millionths } from '../earning/points.ts'
import { expiryMs } from '../local-time.ts'
import { MIGRATION, ownerOf } from '../members.ts'
import type { Programme, Words } from '../programmes.ts'
import type { ProgrammeMigration } from './programme-migration.ts'
import { insertMigrated, type MigratedAccount } from './store.ts'

/** Asks for one member to be moved; taken by this consumer alone. */
export const MIGRATE = 'loyalty.asked.migrate'

const migrationWords: Record<string, Words> = {
  migrated_out: {
    en: 'Points that went over to the new programme: {points}.',
    ru: 'В новую программу перенесено баллов: {points}.',
    uk: 'До нової програми перенесено балів: {points}.',
  },
  migrated: {
    en: 'Points that came over from the former programme: {points}.',
    ru: 'Из прежней программы перенесено баллов: {points}.',
    uk: 'З попередньої програми перенесено балів: {points}.',
  },
}

type Row = MigratedAccount & { key: string; migrationId: string; runId: string }

type Move = {
  migration: ProgrammeMigration
  from: Programme
  to: Programme
  /** Account in the old programme, and owner of that in the new one. */
  account: string
  owner: string
  effects: Effects
  event: TakenEvent
}

/** Moves members of one programme to another with their points and lots. */
export const migrationConsumer: Consumer = {
  name: 'migration',
  kinds: ['ProgrammeMigration'],
  words: migrationWords,
  wants: () => new Set([MIGRATE]),
  async open(tx, batch) {
    const holdings = await holdingsOf(tx, batch)
    const rows: Row[] = []
    return {
      take(event, effects) {
        rows.push(moveMember(batch, holdings, event, effects))
      },
      async store(tx, resultOf) {
        for (const row of rows) {
          const result = resultOf(row.key)
          if (result?.outcome !== 'refused') continue
          Object.assign(row, { outcome: 'refused', fromMinor: 0n, toMinor: 0n, problem: result.problem.code })
        }
        for (const [migrationId, own] of Map.groupBy(rows, (row) => row.migrationId)) {
          await insertMigrated(tx, migrationId, own[0]!.runId, own, batch.now)
        }
      },
    }
  },
}

type Holdings = Map<string, { balance: BalanceInDetail; lots: Lot[] }>

function moveMember(batch: Batch, holdings: Holdings, event: TakenEvent, effects: Effects): Row {
  const { migration: id, runId } = event.data as { migration: string; runId: string }
  const migration = batch.book.reader.get('ProgrammeMigration', id) as ProgrammeMigration
  const from = batch.book.programmes.get(migration.from)!
  const to = batch.book.programmes.get(migration.to)!
  const former = batch.memberOf(from.id, event.subscriberId)!
  const account = accountOf(ownerOf(former), from.currency)
  const held = holdings.get(account)
  // A household's account is moved with the first of its members.
  holdings.delete(account)
  const known = batch.memberOf(to.id, former.subscriberId)
  const isMember = former.state === 'active' || known !== undefined
  const member =
    isMember && known?.state !== 'left'
      ? batch.enrol(to.id, former.subscriberId, event.atMs, MIGRATION)
      : undefined
  const row: Row = {
    key: `migrate:${event.eventId}`,
    migrationId: id,
    runId,
    subscriberId: former.subscriberId,
    outcome: 'empty',
    fromMinor: 0n,
    toMinor: 0n,
    leftMinor: leftOf(held?.balance),
    problem: null,
  }
  const spendableMinor = held && held.balance.availableMinor > 0n ? held.balance.availableMinor : 0n
  const staying = { ...row, leftMinor: row.leftMinor + spendableMinor }
  if (!member) return spendableMinor > 0n ? { ...staying, outcome: 'refused', problem: 'member_left' } : row
  if (!held) return row
  const move = { migration, from, to, account, owner: ownerOf(member), effects, event }
  const moved =
    held.balance.balanceMinor < 0n
      ? moveDebt(move, row.key, held.balance)
      : movePoints(move, row.key, held.lots, batch)
  if (moved.outcome === 'empty') return staying
  tell(move, moved, row.key)
  return { ...row, ...moved }
}

/** What cannot go over yet. */
const leftOf = (balance: BalanceInDetail | undefined): bigint =>
  balance === undefined
    ? 0n
    : balance.upcomingMinor + balance.pendingDebitsMinor + balance.pendingCreditsMinor

type Moved = Pick<MigratedAccount, 'outcome' | 'fromMinor' | 'toMinor'>

function tell(move: Move, { fromMinor, toMinor }: Moved, transferKey: string): void {
  const { migration, from, to, account, owner, effects } = move
  const { id: rule, rate } = migration
  const about = { consumer: 'migration', rule, ruleVersion: 0, transferKey }
  effects.judge({
    ...about,
    programmeId: from.id,
    reason: 'migrated_out',
    account,
    points: -fromMinor,
    saw: { to: to.id, toMinor, rate },
  })
  effects.judge({
    ...about,
    programmeId: to.id,
    reason: 'migrated',
    account: accountOf(owner, to.currency),
    points: toMinor,
    saw: { from: from.id, fromMinor, rate },
  })
}

/** Points of the new programme for some of the old one, in minor units of each, rounded down. */
function converted(points: bigint, { migration, from, to }: Move): bigint {
  const over = points * millionths(migration.rate) * 10n ** BigInt(to.decimals)
  return over / (1_000_000n * 10n ** BigInt(from.decimals))
}

/** What can be spent now goes over in one transfer out and one in for each day of expiry, all of them or none. */
function movePoints(move: Move, key: string, lots: Lot[], { book }: Batch): Moved {
  const { event, effects, from, to, account, owner } = move
  const open = lots.filter(
    ({ availableFrom, expiresAt, remainingMinor }) =>
      remainingMinor > 0n &&
      availableFrom.epochMilliseconds <= event.atMs &&
      (expiresAt === undefined || expiresAt.epochMilliseconds > event.atMs),
  )
  const fromMinor = open.reduce((sum, { remainingMinor }) => sum + remainingMinor, 0n)
  const toMinor = converted(fromMinor, move)
  // A part of a point too small for the new programme is left where it is.
  if (toMinor === 0n) return { outcome: 'empty', fromMinor: 0n, toMinor: 0n }
  const at = instantOf(event.atMs)
  effects.openAccount(programmeOpening(from, 'clearing'))
  effects.openAccount(programmeOpening(to, 'liability'))
  effects.openAccount(ownerOpening(owner, to.currency))
  effects.post({
    key,
    kind: 'post',
    group: key,
    debitAccount: account,
    creditAccount: programmeAccount(from, 'clearing'),
    amountMinor: fromMinor,
    currency: from.currency,
    at,
    memo: move.migration.id,
  })
  const fresh = expiryMs(to.expiry, event.atMs, book.timeZoneOf(to))
  let passed = 0n
  for (const [i, lot] of open.entries()) {
    // Lots get what their end in the whole comes to, so that together they get the whole, rounded once.
    const before = converted(passed, move)
    passed += lot.remainingMinor
    const amountMinor = converted(passed, move) - before
    const expiresAt =
      move.migration.expiry === 'keep' ? lot.expiresAt : fresh === null ? undefined : instantOf(fresh)
    if (amountMinor === 0n) continue
    effects.post({
      key: `${key}:${i}`,
      kind: 'post',
      group: key,
      debitAccount: programmeAccount(to, 'liability'),
      creditAccount: accountOf(owner, to.currency),
      amountMinor,
      currency: to.currency,
      at,
      memo: move.migration.id,
      lot: {
        earnedAt: lot.earnedAt,
        ...(expiresAt ? { expiresAt } : {}),
        keepsExpiry: move.migration.expiry === 'keep' && lot.keepsExpiry,
      },
    })
  }
  return { outcome: 'moved', fromMinor, toMinor }
}

/** A debt goes over too, rounded in the member's favour. */
function moveDebt(move: Move, key: string, { balanceMinor }: BalanceInDetail): Moved {
  const { event, effects, from, to, account, owner } = move
  const toMinor = converted(-balanceMinor, move)
  const at = instantOf(event.atMs)
  effects.openAccount(programmeOpening(from, 'clearing'))
  effects.post({
    key,
    kind: 'post',
    group: key,
    debitAccount: programmeAccount(from, 'clearing'),
    creditAccount: account,
    amountMinor: -balanceMinor,
    currency: from.currency,
    at,
    memo: move.migration.id,
  })
  if (toMinor > 0n) {
    effects.openAccount(programmeOpening(to, 'liability'))
    effects.openAccount(ownerOpening(owner, to.currency))
    effects.post({
      key: `${key}:debt`,
      kind: 'post',
      group: key,
      debitAccount: accountOf(owner, to.currency),
      creditAccount: programmeAccount(to, 'liability'),
      amountMinor: toMinor,
      currency: to.currency,
      deficit: 'debt',
      at,
      memo: move.migration.id,
    })
  }
  return { outcome: 'debt_moved', fromMinor: balanceMinor, toMinor: -toMinor }
}

async function holdingsOf(tx: Tx, batch: Batch): Promise<Holdings> {
  const accounts = new Set<string>()
  for (const { type, subscriberId, data } of batch.events) {
    if (type !== MIGRATE) continue
    const { from } = batch.book.reader.get(
      'ProgrammeMigration',
      String(data['migration']),
    ) as ProgrammeMigration
    const member = batch.memberOf(from, subscriberId)!
    accounts.add(accountOf(ownerOf(member), batch.book.programmes.get(from)!.currency))
  }
  const holdings: Holdings = new Map()
  const ids = [...accounts]
  if (ids.length === 0) return holdings
  const balances = await balancesInDetail(tx, ids, batch.now)
  const lots = Map.groupBy(await lotsOf(tx, ids), ({ accountId }) => accountId)
  for (const [accountId, balance] of balances)
    holdings.set(accountId, { balance, lots: lots.get(accountId) ?? [] })
  return holdings
}
