import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connectOwner } from './database.ts'
import { DomainError } from './errors.ts'

const folder = join(import.meta.dirname, '../../migrations')

/** Any number serves, as long as every process takes the same one. */
const MIGRATION_LOCK = 7_306_105

/**
 * Brings the schema up to date as the owner and returns the URL under which the application connects: a role
 * that owns nothing and cannot bypass row-level security. Two processes that start at once wait for each other
 * at an advisory lock. A file changed after it ran is refused: migrations go forward only.
 */
export async function migrate(ownerUrl: string): Promise<string> {
  const owner = await connectOwner(ownerUrl)
  try {
    await owner.query(`select pg_advisory_lock(${MIGRATION_LOCK})`)
    const appUrl = await ensureAppRole(ownerUrl, owner)
    await owner.query(`create table if not exists public.tenure_migration
      (name text primary key, digest text not null, applied_at timestamptz not null default now())`)
    const applied = new Map(
      (
        await owner.query<{ name: string; digest: string }>(
          'select name, digest from public.tenure_migration',
        )
      ).map((row) => [row.name, row.digest]),
    )
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort()) {
      const sql = readFileSync(join(folder, name), 'utf8')
      const digest = createHash('sha256').update(sql).digest('hex')
      if (applied.get(name) === digest) continue
      if (applied.has(name)) {
        throw new DomainError(
          'migration_changed',
          `migration ${name} was changed after it had been applied`,
          {
            field: name,
            expected: 'a new migration file',
          },
        )
      }
      await owner.query(
        `begin; ${sql}; insert into public.tenure_migration (name, digest) values ('${name}', '${digest}'); commit`,
      )
    }
    return appUrl
  } finally {
    await owner.end()
  }
}

/** The application's password follows from the owner's, so that every process with the same URL knows it. */
async function ensureAppRole(
  ownerUrl: string,
  owner: Awaited<ReturnType<typeof connectOwner>>,
): Promise<string> {
  const url = new URL(ownerUrl)
  const password = createHash('sha256').update(`tenure_app:${url.password}`).digest('hex')
  // A role belongs to the whole server: two databases made at once meet here, outside the database's own lock.
  await owner.query(`do $$ begin
      perform pg_advisory_xact_lock(${MIGRATION_LOCK});
      if not exists (select from pg_roles where rolname = 'tenure_app') then
        create role tenure_app login nosuperuser nobypassrls;
        alter role tenure_app password '${password}';
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`)
  url.username = 'tenure_app'
  url.password = password
  return url.toString()
}
