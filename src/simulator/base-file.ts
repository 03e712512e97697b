import { readFileSync } from 'node:fs'

import { parse as parseCsv } from 'csv-parse/sync'
import { parse as parseYaml } from 'yaml'

import { DomainError } from '../platform/index.ts'
import { accountOf, activatedOn, type BaseRow, type Language, msisdnOf } from './base.ts'
import { type BaseMap, baseMap, type NumberRule, numberFor, type Row } from './base-map.ts'
import type { Behaviour } from './behaviour.ts'
import { Draws, purpose } from './draw.ts'

/**
 * Makes the base from a CSV file with a header line and a YAML mapping. Numbers, accounts, languages, time zones and
 * consents, which such a file does not have, are drawn as for a made-up base, keyed by the file's own key.
 * Throws `map_invalid` for the mapping and `base_invalid` for a row that the mapping cannot read, with its line.
 */
export function readBase(
  files: { csvPath: string; mapPath: string },
  seed: string | number,
  fromMs: number,
  b: Behaviour,
): BaseRow[] {
  const { world } = readMap(files.mapPath)
  const rows: Row[] = parseCsv(readFileSync(files.csvPath), {
    columns: true,
    bom: true,
    skip_empty_lines: true,
  })
  const keys = rows.map((row) => row[world.key] ?? '')
  refuseBadKeys(keys, world.key)
  const draws = new Draws(seed, keys)
  return rows.map((row, index) => {
    const read = (field: keyof typeof world, rule: NumberRule): number => {
      const value = numberFor(rule, row)
      if (typeof value === 'number') return value
      throw new DomainError('base_invalid', `Line ${index + 2} gives no ${field}.`, {
        field: value.column,
        found: value.found,
        expected: `what world.${field} of the mapping can read`,
      })
    }
    const tenureMonths = Math.round(read('tenureMonths', world.tenureMonths))
    const optional: Partial<BaseRow> = {}
    for (const field of ['needRatio', 'sessionsPerDay', 'openingBalanceMinor', 'topUpMinor'] as const) {
      const rule = world[field]
      if (rule) optional[field] = read(field, rule)
    }
    return {
      key: keys[index]!,
      msisdn: msisdnOf(index, seed),
      account: accountOf(index),
      language: draws.pick(b.base.languages, index, purpose.language).language as Language,
      timeZone: draws.pick(b.base.timeZones, index, purpose.timeZone).timeZone,
      tenureMonths,
      packageMb: Math.round(read('packageMb', world.packageMb)),
      monthlyFeeMinor: Math.round(read('monthlyFeeMinor', world.monthlyFeeMinor)),
      consentSms: draws.chance(b.base.consentSmsShare, index, purpose.consentSms),
      consentDstk: draws.chance(b.base.consentDstkShare, index, purpose.consentDstk),
      activatedOn: activatedOn(fromMs, tenureMonths, draws.unit(index, purpose.activation)),
      ...optional,
      original: row,
    }
  })
}

function readMap(path: string): BaseMap {
  const parsed = baseMap.safeParse(parseYaml(readFileSync(path, 'utf8')))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new DomainError('map_invalid', 'The mapping cannot be used.', {
    field: issue?.path.join('.') ?? '',
    expected: issue?.message ?? '',
  })
}

function refuseBadKeys(keys: string[], column: string): void {
  const seen = new Set<string>()
  for (const [index, key] of keys.entries()) {
    if (key !== '' && !seen.has(key)) {
      seen.add(key)
      continue
    }
    throw new DomainError('base_invalid', `Line ${index + 2} has a missing or repeated key.`, {
      field: column,
      found: key,
      expected: 'a unique value',
    })
  }
}
