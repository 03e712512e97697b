import { createContext, useContext } from 'react'
import type { CampaignReport } from '../../../src/insights/contract.ts'
import type { Language } from '../paths.ts'
import {
  exactDecimal,
  formatMoney,
  formatMoneyStatistic,
  joinParts,
  numberFormatter,
  type MoneyStyle,
} from './money.ts'

const LOCALES: Record<Language, string> = { en: 'en-GB', ru: 'ru-RU', uk: 'uk-UA' }

/** `Intl` knows no rate of bare things. */
const PER_SECOND: Record<Language, string> = { en: '/s', ru: '/с', uk: '/с' }

export type NameByLanguage = { en: string; ru: string; uk: string }

/** Shows a figure of one report in one language; the same figure looks the same wherever it stands. */
export type Format = {
  language: Language
  currency: string
  /** Digits of the currency's minor unit. */
  decimals: number
  name(name: NameByLanguage): string
  count(value: number | string): string
  /** Exact money from minor units as text. */
  money(amountMinor: string): string
  /** The same in another currency, named by its ISO 4217 code. */
  moneyIn(amountMinor: string, currency: string): string
  /** Decimals of a currency's minor unit by ISO 4217. */
  minorDigits(currency: string): number
  /** Points from minor units as text, of so many decimals; `signed` writes a plus before gains. */
  points(minor: string, decimals: number, signed?: boolean): string
  /** A rate as documents write it, such as `0.05`; what is no number stays as it is. */
  decimal(text: string): string
  /** An average or bound, in minor units, as money. */
  average(valueMinor: number | undefined, style?: MoneyStyle): string
  /** A share of one as per cent, with one decimal; a dash when the whole is nothing. */
  share(part: number, whole: number): string
  /** A figure with one decimal; a dash when it cannot be said. */
  rate(value: number | undefined): string
  ratio(value: number | undefined): string
  megabytes(volume: number): string
  moment(iso: string): string
  day(isoDay: string): string
  /** A day with its year. */
  date(isoDay: string): string
  /** A month as `2026-03`. */
  month(isoMonth: string): string
  /** To the second, without the day. */
  time(iso: string): string
  /** Day and time without the year. */
  dayTime(iso: string): string
  /** So many a second: whole from 10 on. */
  perSecond(rate: number): string
  /** Seconds, with their unit. */
  seconds(count: number): string
  /** A round figure of an axis: thousands and millions shortened. */
  short(value: number): string
  /** A volume of memory or data, 1 kB = 1,000 bytes. */
  bytes(count: number): string
  /** IANA name of the zone in which moments are shown. */
  timeZone: string
}

/** Builds the formats for a language and a report's currency and time zone. */
export function makeFormat(
  language: Language,
  {
    currency,
    currencyDecimals,
    timeZone,
  }: Pick<CampaignReport, 'currency' | 'currencyDecimals' | 'timeZone'>,
): Format {
  const locale = LOCALES[language]
  const number = (value: number | bigint, options: Intl.NumberFormatOptions): string =>
    joinParts(numberFormatter(locale, options).formatToParts(value))
  const oneDecimal = { minimumFractionDigits: 1, maximumFractionDigits: 1 }
  return {
    language,
    currency,
    decimals: currencyDecimals,
    name: (name) => name[language],
    count: (value) => number(typeof value === 'string' ? BigInt(value) : value, {}),
    money: (amountMinor) => formatMoney(amountMinor, currencyDecimals, currency, locale),
    moneyIn: (amountMinor, other) => formatMoney(amountMinor, minorDigits(other), other, locale),
    minorDigits,
    points: (minor, decimals, signed = false) =>
      joinParts(
        numberFormatter(locale, {
          maximumFractionDigits: decimals,
          signDisplay: signed ? 'exceptZero' : 'negative',
        }).formatToParts(exactDecimal(minor, decimals)),
      ),
    decimal: (text) =>
      text === '' || !Number.isFinite(Number(text))
        ? text
        : number(Number(text), { maximumFractionDigits: 9 }),
    average: (valueMinor, style) =>
      formatMoneyStatistic(valueMinor, currencyDecimals, currency, locale, style),
    share: (part, whole) => (whole > 0 ? number(part / whole, { style: 'percent', ...oneDecimal }) : '—'),
    rate: (value) => (value === undefined || !Number.isFinite(value) ? '—' : number(value, oneDecimal)),
    ratio: (value) =>
      value === undefined || !Number.isFinite(value)
        ? '—'
        : `×${number(value, { maximumSignificantDigits: 2 })}`,
    megabytes: (volume) => number(volume, { style: 'unit', unit: 'megabyte', unitDisplay: 'short' }),
    perSecond: (rate) => number(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 }) + PER_SECOND[language],
    seconds: (count) => number(count, { style: 'unit', unit: 'second', unitDisplay: 'narrow' }),
    short: (value) => number(value, { notation: 'compact', maximumFractionDigits: 1 }),
    bytes: (count) => {
      const power = count < 1_000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3))
      const unit = (['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const)[power] ?? 'byte'
      const value = count / 1_000 ** power
      return number(value, {
        style: 'unit',
        unit,
        unitDisplay: 'short',
        maximumFractionDigits: value < 10 && power > 0 ? 1 : 0,
      })
    },
    timeZone,
    ...makeDates(locale, timeZone),
  }
}

type Dates = Pick<Format, 'moment' | 'time' | 'dayTime' | 'day' | 'date' | 'month'>

/** The formats of days and times. */
function makeDates(locale: string, timeZone: string): Dates {
  const momentFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const dayFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const monthFormat = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' })
  const timeFormat = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone })
  const dayTimeFormat = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  })
  return {
    moment: (iso) => momentFormat.format(new Date(iso)),
    time: (iso) => timeFormat.format(new Date(iso)),
    dayTime: (iso) => dayTimeFormat.format(new Date(iso)),
    day: (isoDay) => dayFormat.format(new Date(`${isoDay}T00:00:00Z`)),
    date: (isoDay) => dateFormat.format(new Date(`${isoDay}T00:00:00Z`)),
    month: (isoMonth) => monthFormat.format(new Date(`${isoMonth}-01T00:00:00Z`)),
  }
}

/** Decimals of a currency's minor unit by ISO 4217; two where it is no such code, as when half of it is written. */
function minorDigits(currency: string): number {
  if (!/^[A-Za-z]{3}$/.test(currency)) return 2
  return (
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  )
}

/** The reader's wall clock, for what this browser itself saw. */
export const wallClock = (language: Language, atMs: number): string =>
  new Intl.DateTimeFormat(LOCALES[language], { timeStyle: 'medium' }).format(atMs)

export const FormatContext = createContext<Format | null>(null)

/** The formats of the report that is shown. */
export function useFormat(): Format {
  const format = useContext(FormatContext)
  if (!format) throw new Error('useFormat stands outside of a report')
  return format
}
