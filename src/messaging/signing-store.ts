import { createHmac, randomBytes } from 'node:crypto'
import type { Database } from '../platform/index.ts'

/** Under which the key of the whole installation is kept, see migration 0021. */
const INSTALLATION = 'installation'

const keys = new WeakMap<Database, Promise<Buffer>>()

/** A key of 32 octets for one purpose, the same for ever; made at the first use of the installation. */
export async function keyFor(database: Database, purpose: 'links' | 'unsubscribe'): Promise<Buffer> {
  let key = keys.get(database)
  if (!key) {
    keys.set(database, (key = readKey(database)))
    key.catch(() => keys.delete(database))
  }
  return createHmac('sha256', await key)
    .update(purpose)
    .digest()
}

async function readKey(database: Database): Promise<Buffer> {
  return database.tx(INSTALLATION, async (tx) => {
    // Two processes that start at once both offer one, and both read the one that won.
    await tx.query(
      'insert into messaging.signing_key (tenant_id, key) values ($1, $2) on conflict (tenant_id) do nothing',
      [INSTALLATION, randomBytes(32)],
    )
    const [row] = await tx.query<{ key: Buffer }>('select key from messaging.signing_key')
    return row!.key
  })
}
