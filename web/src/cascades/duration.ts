/** Units in which people say how long to wait. */
export const durationUnits = ['minute', 'hour', 'day'] as const
export type DurationUnit = (typeof durationUnits)[number]
export type DurationParts = { count: number; unit: DurationUnit }

const MINUTES: Record<DurationUnit, number> = { minute: 1, hour: 60, day: 1_440 }

/** An ISO 8601 duration of a document in the largest unit that leaves it whole; undefined where it has no such form. */
export function partsOf(duration: string): DurationParts | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration)
  if (!match) return undefined
  const [, days = '0', hours = '0', minutes = '0'] = match
  const total = Number(days) * 1_440 + Number(hours) * 60 + Number(minutes)
  const unit = durationUnits.toReversed().find((one) => total % MINUTES[one] === 0) ?? 'minute'
  return { count: total / MINUTES[unit], unit }
}

/** The same in another unit; as it is where that would not be whole. */
export function partsIn(parts: DurationParts, unit: DurationUnit): DurationParts {
  const count = (parts.count * MINUTES[parts.unit]) / MINUTES[unit]
  return Number.isInteger(count) ? { count, unit } : parts
}

/** The duration as documents have it. */
export function durationOf({ count, unit }: DurationParts): string {
  if (unit === 'day') return `P${count}D`
  return unit === 'hour' ? `PT${count}H` : `PT${count}M`
}

/** A duration in words of the language, such as "7 days"; as it is written where it has no simple form. */
export function durationWords(duration: string, language: string): string {
  const parts = partsOf(duration)
  if (!parts) return duration
  return new Intl.NumberFormat(language, { style: 'unit', unit: parts.unit, unitDisplay: 'long' }).format(
    parts.count,
  )
}
