import { DomainError, unitHash } from '../platform/index.ts'
import type { Behaviour } from './behaviour.ts'
import { Draws, purpose } from './draw.ts'

export type Language = 'ru' | 'uk' | 'en'

/** One subscriber of the base, as the operator's CRM knows it, with what a mapping says about habits. */
export type BaseRow = {
  /** Stable key: all chance of this subscriber hangs on it and the seed. */
  key: string
  /** E.164. */
  msisdn: string
  account: string
  language: Language
  /** IANA name. */
  timeZone: string
  tenureMonths: number
  packageMb: number
  monthlyFeeMinor: number
  consentSms: boolean
  consentDstk: boolean
  /** `YYYY-MM-DD`; its day of the month, at most 28, is the day of renewal. */
  activatedOn: string
  /** Medians that a mapping states; the behaviour file's hold where they are missing. */
  needRatio?: number
  sessionsPerDay?: number
  openingBalanceMinor?: number
  topUpMinor?: number
  /** Columns of the file that the row came from, unchanged. */
  original?: Record<string, string>
}

/** More subscribers than this would need a second numbering block. */
export const maxSubscribers = 10_000_000

/**
 * Number of subscriber `index` in the block +7 999: unique because 7919 and 10^7 share no factor. The seed moves
 * the start, so two bases do not share numbers by position.
 */
export function msisdnOf(index: number, seed: string | number): string {
  const start = Math.floor(unitHash('msisdn', seed) * maxSubscribers)
  return `+7999${String((start + index * 7919) % maxSubscribers).padStart(7, '0')}`
}

/** Account number of subscriber `index`. */
export function accountOf(index: number): string {
  return `A${String(index + 1).padStart(8, '0')}`
}

/**
 * Makes `count` subscribers from a seed. `fromMs` is the start of the simulated period: tenure counts back from it.
 * Refuses (`base_invalid`) a count outside 1 … 10,000,000.
 */
export function makeBase(count: number, seed: string | number, fromMs: number, b: Behaviour): BaseRow[] {
  if (!Number.isInteger(count) || count < 1 || count > maxSubscribers) {
    throw new DomainError('base_invalid', 'The number of subscribers is out of range.', {
      field: 'subscribers',
      found: count,
      expected: `an integer from 1 to ${maxSubscribers}`,
    })
  }
  const keys = Array.from({ length: count }, (_, index) => accountOf(index))
  const draws = new Draws(seed, keys)
  return keys.map((key, index) => {
    const tariff = draws.pick(b.base.tariffs, index, purpose.tariff)
    const months = Math.floor(draws.exponential(index, purpose.tenure) * b.base.meanTenureMonths)
    const tenureMonths = Math.min(b.base.maxTenureMonths, months)
    return {
      key,
      msisdn: msisdnOf(index, seed),
      account: key,
      language: draws.pick(b.base.languages, index, purpose.language).language as Language,
      timeZone: draws.pick(b.base.timeZones, index, purpose.timeZone).timeZone,
      tenureMonths,
      packageMb: tariff.packageMb,
      monthlyFeeMinor: tariff.monthlyFeeMinor,
      consentSms: draws.chance(b.base.consentSmsShare, index, purpose.consentSms),
      consentDstk: draws.chance(b.base.consentDstkShare, index, purpose.consentDstk),
      activatedOn: activatedOn(fromMs, tenureMonths, draws.unit(index, purpose.activation)),
    }
  })
}

/** The day `tenureMonths` before the start, its day of the month drawn by `unit` from 1 to 28. */
export function activatedOn(fromMs: number, tenureMonths: number, unit: number): string {
  const from = new Date(fromMs)
  const day = 1 + Math.floor(unit * 28)
  const early = day > from.getUTCDate() ? 1 : 0
  const at = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() - tenureMonths - early, day)
  return new Date(at).toISOString().slice(0, 10)
}

const columns = [
  'msisdn',
  'account',
  'language',
  'timeZone',
  'tenureMonths',
  'packageMb',
  'monthlyFeeMinor',
  'consentSms',
  'consentDstk',
  'activatedOn',
] as const

/** The CRM dump as CSV (RFC 4180, header line first): the operator's columns, then those of the original file. */
export function* baseCsv(rows: Iterable<BaseRow>): Generator<string> {
  let originals: string[] | undefined
  let lines: string[] = []
  for (const row of rows) {
    if (!originals) {
      originals = Object.keys(row.original ?? {}).filter(
        (name) => !(columns as readonly string[]).includes(name),
      )
      lines.push([...columns, ...originals].map(cell).join(','))
    }
    const own = columns.map((name) => cell(String(row[name])))
    const other = originals.map((name) => cell(row.original?.[name] ?? ''))
    lines.push([...own, ...other].join(','))
    if (lines.length >= 1000) {
      yield `${lines.join('\n')}\n`
      lines = []
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`
}

function cell(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
