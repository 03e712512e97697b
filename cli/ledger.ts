import type { VerificationView } from '../src/ledger/contract.ts'
import type { Client } from './client.ts'
import type { Terminal } from './terminal.ts'

/** Recomputes the ledger on the server; exit code 1 when something differs, with the first difference in words. */
export async function verifyLedger(client: Client, terminal: Terminal, json: boolean): Promise<number> {
  const found = await client.get<VerificationView>('/v1/ledger/verify')
  if (json) terminal.out(JSON.stringify(found))
  else printVerification(terminal, found)
  return found.ok ? 0 : 1
}

function printVerification(terminal: Terminal, found: VerificationView): void {
  const { ok, accounts, transfers, entries, lots, batches, difference } = found
  terminal.out(
    `${accounts} accounts, ${transfers} transfers, ${entries} entries, ${lots} open lots, ${batches} chained batches`,
  )
  if (ok || !difference) {
    terminal.out('everything agrees with the journal')
    return
  }
  terminal.out(`first difference: ${difference.check}, ${difference.subject}`)
  terminal.out(`  kept      ${difference.kept ?? 'nothing'}`)
  terminal.out(`  expected  ${difference.expected ?? 'nothing'}`)
}
