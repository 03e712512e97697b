import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { knownReasons } from './reasons.ts'

const root = join(import.meta.dirname, '../../../src/messaging')
const sources = readdirSync(root, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))

/** What a provider calls it when we call it wrongly: for whoever sets the channel up, and not for a subscriber's story. */
const OF_SETTING_UP = new Set([
  'answer_unreadable',
  'answer_without_id',
  'answer_without_name',
  'bad_label',
  'bad_service',
  'bad_ttl',
  'key_unreadable',
  'partly_taken_invalid_destination_address',
  'sim_answer_unreadable',
  'subscribed',
])

it('every reason that the gate or a channel gives has words', () => {
  const given = new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/reason: '([a-z_]+)'|\bhold\((?:[\w.]+, )*'([a-z_]+)'/g)].map(
        (match) => match[1] ?? match[2]!,
      ),
    ),
  )
  expect(given.size).toBeGreaterThan(40)
  const known = new Set<string>(knownReasons)
  expect([...given].filter((reason) => !known.has(reason) && !OF_SETTING_UP.has(reason))).toEqual([])
})
