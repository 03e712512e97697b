import { instantOf, type Tx } from '../platform/index.ts'
import { ARRAY_HEAD_BYTES, RecordWriter } from './binary.ts'
import type { Layer } from './layer.ts'
import type { JournalRow, LotMove, OpenLot, Standing } from './state.ts'
import type { Head } from './store.ts'

const writer = new RecordWriter()

/** The rows of a batch as PostgreSQL's array of `ledger.journal_row`. */
export function encodeJournal(rows: readonly JournalRow[], batchNo: number, oid: number): Buffer {
  return writer.array(oid, 20, rows, (row) => {
    writer.integer(row.seq)
    writer.integer(batchNo)
    writer.integer(row.debitNo)
    writer.integer(row.creditNo)
    writer.amount(row.amountMinor)
    writer.amount(row.debitAfter)
    writer.amount(row.creditAfter)
    writer.integerOrNull(row.debitPrev)
    writer.integerOrNull(row.creditPrev)
    writer.moment(row.effectiveMs)
    writer.uuid(row.transferId)
    writer.uuid(row.inputHash)
    writer.text(row.kind)
    writer.text(row.key)
    writer.integerOrNull(row.relatedSeq)
    writer.amountOrNull(row.forgivenMinor)
    writer.textOrNull(row.refusal)
    writer.textOrNull(row.memo)
    writer.textOrNull(row.group)
    writeMoves(row.moves)
  })
}

function writeMoves(moves: readonly LotMove[]): void {
  writer.numbers(moves.length * 7, () => {
    for (const move of moves) {
      writer.number(move.accountNo)
      writer.number(move.lotNo)
      writer.bigNumber(move.deltaMinor)
      writer.bigNumber(move.spentMinor)
      writer.number(move.earnedMs)
      writer.number(move.availableMs)
      writer.number(move.expiresMs)
    }
  })
}

/** What the hash of a batch covers: its rows without the array's head, which names a type by this database's number. */
export const hashedPart = (journal: Buffer): Buffer => journal.subarray(ARRAY_HEAD_BYTES)

/** Stores a batch that was booked; nothing waits for the answers, the transaction's end tells. */
export function storeBatch(
  tx: Tx,
  layer: Layer,
  journal: Buffer,
  batch: { batchNo: number; hash: Buffer; bookedAt: Temporal.Instant; oids: Head['oids'] },
): void {
  const { oids } = batch
  tx.execute(
    `insert into ledger.batch (tenant_id, batch_no, first_seq, last_seq, booked_at, hash)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5)`,
    [
      batch.batchNo,
      layer.journal[0]!.seq,
      layer.journal.at(-1)!.seq,
      instantOf(batch.bookedAt.epochMilliseconds),
      batch.hash,
    ],
  )
  tx.execute(
    `insert into ledger.transfer
       (tenant_id, seq, batch_no, debit_no, credit_no, amount_minor, debit_after, credit_after, debit_prev,
        credit_prev, effective_at, transfer_id, input_hash, kind, key, related_seq, forgiven_minor, refusal, memo,
        group_id, lots)
     select (select current_setting('tenure.tenant_id')), r.* from unnest($1::ledger.journal_row[]) r`,
    [journal],
  )
  storeAccounts(tx, layer, oids.account)
  storeLots(tx, layer, oids.lot)
  storeStandings(tx, [...layer.changedStandings.values()])
}

function storeAccounts(tx: Tx, layer: Layer, oid: number): void {
  const touched = new Set<number>()
  for (const { debitNo, creditNo } of layer.journal) touched.add(debitNo).add(creditNo)
  // In the order of the index, neighbours find the same pages still at hand.
  const accounts = [...touched]
    .sort((a, b) => a - b)
    .flatMap((accountNo) => layer.accounts.get(accountNo) ?? [])
  const rows = writer.array(oid, 5, accounts, (account) => {
    writer.integer(account.accountNo)
    writer.amount(account.balanceMinor)
    writer.amount(account.pendingDebitsMinor)
    writer.amount(account.pendingCreditsMinor)
    writer.integer(account.lastSeq)
  })
  tx.execute(
    `update ledger.account a
     set balance_minor = n.balance_minor, pending_debits_minor = n.pending_debits_minor,
         pending_credits_minor = n.pending_credits_minor, last_seq = n.last_seq
     from unnest($1::ledger.account_row[]) n where a.account_no = n.account_no`,
    [rows],
  )
}

type LotRow = { accountNo: number; lot: OpenLot }
const byAccount = (a: LotRow, b: LotRow): number => a.accountNo - b.accountNo || a.lot.lotNo - b.lot.lotNo

function storeLots(tx: Tx, layer: Layer, oid: number): void {
  const made: LotRow[] = []
  const changed: LotRow[] = []
  const closed: LotRow[] = []
  for (const row of layer.changedLots.values()) {
    const isOpen = row.lot.remainingMinor > 0n
    if (!row.lot.stored) {
      if (isOpen) made.push(row)
    } else if (isOpen) changed.push(row)
    else closed.push(row)
    row.lot.stored = isOpen
  }
  const encode = (rows: LotRow[]): Buffer =>
    writer.array(oid, 6, rows.sort(byAccount), ({ accountNo, lot }) => {
      writer.integer(accountNo)
      writer.integer(lot.lotNo)
      writer.amount(lot.remainingMinor)
      writer.integer(lot.earnedMs)
      writer.integer(lot.availableMs)
      writer.integer(lot.expiresMs)
    })
  if (closed.length > 0) {
    tx.execute(
      `delete from ledger.lot l using unnest($1::ledger.lot_row[]) n
       where l.account_no = n.account_no and l.lot_no = n.lot_no`,
      [encode(closed)],
    )
  }
  if (changed.length > 0) {
    tx.execute(
      `update ledger.lot l set remaining_minor = n.remaining_minor, expires_ms = n.expires_ms
       from unnest($1::ledger.lot_row[]) n where l.account_no = n.account_no and l.lot_no = n.lot_no`,
      [encode(changed)],
    )
  }
  if (made.length > 0) {
    tx.execute(
      `insert into ledger.lot
         (tenant_id, account_no, lot_no, remaining_minor, earned_ms, available_ms, expires_ms)
       select (select current_setting('tenure.tenant_id')), n.* from unnest($1::ledger.lot_row[]) n`,
      [encode(made)],
    )
  }
}

function storeStandings(tx: Tx, standings: Standing[]): void {
  if (standings.length === 0) return
  tx.execute(
    `insert into ledger.standing (tenant_id, seq, state, timeout_ms, reversed_minor, restored, taken)
     select current_setting('tenure.tenant_id'), seq, state, timeout_ms, reversed_minor, restored::bigint[],
            taken::bigint[]
     from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
       as s (seq, state, timeout_ms, reversed_minor, restored, taken)
     on conflict (tenant_id, seq) do update
     set state = excluded.state, reversed_minor = excluded.reversed_minor, restored = excluded.restored,
         taken = excluded.taken`,
    [
      standings.map((s) => s.seq),
      standings.map((s) => s.state),
      standings.map((s) => s.timeoutMs ?? null),
      standings.map((s) => s.reversedMinor),
      standings.map((s) => `{${s.restored.join(',')}}`),
      standings.map((s) => `{${s.taken.join(',')}}`),
    ],
  )
}
