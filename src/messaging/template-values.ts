import { instantOf } from '../platform/index.ts'
import type { Language, Template, TemplateVariable } from './template-contract.ts'

/** An amount as variables carry it. */
export type MoneyValue = { amountMinor: string | number | bigint; currency: string; decimals?: number }

const signs: Record<string, Partial<Record<Language, string>>> = {
  RUB: { ru: 'руб.', uk: 'руб.' },
  UAH: { ru: 'грн', uk: 'грн' },
  EUR: { en: '€', ru: '€', uk: '€' },
  USD: { en: '$', ru: '$', uk: '$' },
}

/**
 * An amount in the words of a language: `149.90 RUB`, `1 499 руб.`. Plain blanks and no rouble sign: either of them
 * outside of GSM 7-bit would double the parts of an SMS.
 */
export function moneyText({ amountMinor, currency, decimals = 2 }: MoneyValue, language: Language): string {
  const digits = String(amountMinor)
    .replace('-', '')
    .padStart(decimals + 1, '0')
  const whole = grouped(digits.slice(0, digits.length - decimals), language)
  const part = digits.slice(digits.length - decimals)
  const amount = /^0*$/.test(part) ? whole : `${whole}${language === 'en' ? '.' : ','}${part}`
  const signed = `${String(amountMinor).startsWith('-') ? '-' : ''}${amount}`
  return `${signed} ${signs[currency]?.[language] ?? currency}`
}

function grouped(digits: string, language: Language): string {
  return digits.length < 4 ? digits : digits.replace(/\B(?=(?:\d{3})+$)/g, language === 'en' ? ',' : ' ')
}

/** A number in the way of a language, as text; what is no number stays as it is. */
export function numberText(value: unknown, language: Language): unknown {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value))
  if (!match) return value
  const [, sign, whole, part] = match
  return `${sign}${grouped(whole!, language)}${part === undefined ? '' : `${language === 'en' ? '.' : ','}${part}`}`
}

const dayFormats = new Map<string, Intl.DateTimeFormat>()

/** A day and its month in words (`21 May`, `21 мая`, `21 травня`), in the subscriber's zone; what is no date stays. */
export function dayText(
  value: unknown,
  { language, timeZone }: { language: Language; timeZone: string },
): unknown {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)
  if (!isDay && !isDate(value)) return value
  const zone = isDay ? 'UTC' : timeZone
  const key = `${language} ${zone}`
  let format = dayFormats.get(key)
  if (!format) {
    const locale = language === 'en' ? 'en-GB' : language
    format = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: zone })
    dayFormats.set(key, format)
  }
  return format.format(typeof value === 'number' ? value : Date.parse(value as string))
}

function isDate(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 8.64e15
  if (
    typeof value !== 'string' ||
    !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(value)
  )
    return false
  return !Number.isNaN(Date.parse(value))
}

function isMoney(value: unknown): value is MoneyValue {
  const { amountMinor, currency, decimals } = (value ?? {}) as Record<string, unknown>
  const isAmount = typeof amountMinor === 'bigint' || /^-?\d{1,30}$/.test(String(amountMinor))
  const isPlaces =
    decimals === undefined ||
    (Number.isInteger(decimals) && (decimals as number) >= 0 && (decimals as number) <= 4)
  return isAmount && typeof currency === 'string' && /^[A-Z]{3}$/.test(currency) && isPlaces
}

const fits: Record<TemplateVariable['type'], (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: (value) =>
    Number.isSafeInteger(value) ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && /^-?\d+$/.test(value)),
  decimal: (value) => Number.isFinite(value) || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)),
  date: isDate,
  money: isMoney,
  url: (value) => typeof value === 'string' && /^https?:\/\/[^\s/]/.test(value),
  list: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Whether a value is of a variable's type. */
export function isOfType(type: TemplateVariable['type'], value: unknown): boolean {
  return fits[type](value)
}

/** Brings the variables that a template declares to what its texts read. Throws an `Error` that names the first bad one. */
export type Values = (given: object, language: Language) => object

/**
 * How a template takes its variables: types are checked, money becomes words, and what is missing is an error, its
 * default or nothing, as the template says. A template that declares none takes them as they are.
 */
export function valuesOf({ variables, missing }: Template): Values {
  if (!variables) return (given) => given
  const declared = Object.entries(variables)
  return (given, language) => {
    let values = given as Record<string, unknown>
    const set = (name: string, value: unknown): void => {
      if (values === given) values = { ...values }
      values[name] = value
    }
    for (const [name, { type, required, default: fallback }] of declared) {
      const value = values[name]
      if (value === undefined || value === null) {
        const substitute = missing === 'default' ? fallback : undefined
        if (substitute === undefined && required) throw new Error(`variable ${name} is missing`)
        set(
          name,
          type === 'money' && isMoney(substitute) ? moneyText(substitute, language) : (substitute ?? null),
        )
      } else if (!fits[type](value)) throw new Error(`variable ${name} is no ${type}`)
      else if (type === 'money') set(name, moneyText(value as MoneyValue, language))
    }
    return values
  }
}

/** A moment out of a text: an instant with offset, epoch ms, or a local date and time in a zone. Epoch ms; undefined: none. */
export function momentMs(text: string, timeZone: string): number | undefined {
  try {
    if (/^\d{9,15}$/.test(text)) return instantOf(Number(text)).epochMilliseconds
    if (/(Z|[+-]\d\d:?\d\d)$/.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds
  } catch {
    return undefined
  }
}
