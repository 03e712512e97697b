import type { Tx } from '../platform/index.ts'

/**
 * From here to the end of the transaction rows are found by their indexes. Plans are made once a connection, perhaps while
 * a table is empty: reading all of it is then the cheaper way, and still is what happens when millions of rows have come.
 */
export function findByIndex(tx: Tx): void {
  tx.execute('set local enable_seqscan = off')
}
