import type { Tx } from '../platform/index.ts'
import { openingHash } from './chain.ts'
import type { Opening } from './state.ts'
import { byIndex } from './store.ts'

/** What an account is, whatever is booked on it. */
export type Identity = Pick<
  Opening,
  'accountId' | 'owner' | 'purpose' | 'currency' | 'floorMinor' | 'keepsLots'
>

/** Accounts as they were opened, by id; those that are not there are absent. */
export async function identitiesOf(tx: Tx, accountIds: string[]): Promise<Map<string, Identity>> {
  const rows = await byIndex(tx, () =>
    tx.query<Identity>(
      `select account_id as "accountId", owner, purpose, currency, floor_minor as "floorMinor",
              keeps_lots as "keepsLots"
       from ledger.account where tenant_id = current_setting('tenure.tenant_id') and account_id = any($1::text[])`,
      [accountIds],
    ),
  )
  return new Map(rows.map((row) => [row.accountId, row]))
}

/**
 * Opens accounts that are not there, and chains each to the opening before. The caller holds the tenant's head, so that
 * there is one order of all openings.
 */
export async function insertOpenings(tx: Tx, openings: readonly Opening[]): Promise<void> {
  const [made, [last]] = await Promise.all([
    tx.query<{ id: string; no: bigint }>(
      `insert into ledger.account (tenant_id, account_id, owner, purpose, currency, floor_minor, keeps_lots)
       select current_setting('tenure.tenant_id'), *
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::boolean[])
       returning account_id as id, account_no as no`,
      [
        openings.map((one) => one.accountId),
        openings.map((one) => one.owner),
        openings.map((one) => one.purpose),
        openings.map((one) => one.currency),
        openings.map((one) => one.floorMinor),
        openings.map((one) => one.keepsLots),
      ],
    ),
    tx.query<{ no: bigint; hash: Buffer }>(
      `select opening_no as no, hash from ledger.opening where tenant_id = current_setting('tenure.tenant_id')
       order by opening_no desc limit 1`,
    ),
  ])
  const byId = new Map(openings.map((one) => [one.accountId, one]))
  let openingNo = Number(last?.no ?? 0n)
  let hash = last?.hash ?? Buffer.alloc(0)
  const rows = made.map(({ id, no }) => {
    hash = openingHash(hash, ++openingNo, Number(no), byId.get(id)!)
    return { openingNo, accountNo: no, hash }
  })
  await tx.query(
    `insert into ledger.opening (tenant_id, opening_no, account_no, hash)
     select current_setting('tenure.tenant_id'), * from unnest($1::bigint[], $2::bigint[], $3::bytea[])`,
    [rows.map((row) => row.openingNo), rows.map((row) => row.accountNo), rows.map((row) => row.hash)],
  )
}
