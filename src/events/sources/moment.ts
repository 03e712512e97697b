/** How times are written in a file. */
export type MomentRules = { zone?: string | undefined; format?: string | undefined }

const fields: Record<string, string> = {
  yyyy: 'year',
  MM: 'month',
  dd: 'day',
  HH: 'hour',
  mm: 'minute',
  ss: 'second',
  SSS: 'millisecond',
}

const patterns = new Map<string, { pattern: RegExp; names: string[] }>()

/**
 * A file's time as RFC 3339, or undefined when it is none. Without a format: RFC 3339, or `2026-03-01 12:00:00`
 * and `2026-03-01` in the zone. Formats: `epochMs`, `epochSeconds`, or letters `yyyy MM dd HH mm ss SSS` between
 * whatever stands between them. The zone of times that carry none is UTC unless said otherwise.
 */
export function parseMoment(text: string, { zone = 'UTC', format }: MomentRules): string | undefined {
  try {
    if (format === 'epochMs' || format === 'epochSeconds') {
      if (!/^\d{1,16}$/.test(text)) return undefined
      return Temporal.Instant.fromEpochMilliseconds(
        Number(text) * (format === 'epochMs' ? 1 : 1_000),
      ).toString()
    }
    if (format !== undefined) return inFormat(text, format, zone)
    if (/(z|[+-]\d\d:?\d\d)$/i.test(text) && text.length > 16) return Temporal.Instant.from(text).toString()
    return local(Temporal.PlainDateTime.from(text), zone)
  } catch {
    return undefined
  }
}

function inFormat(text: string, format: string, zone: string): string | undefined {
  let known = patterns.get(format)
  if (!known) {
    const names: string[] = []
    const source = format.replace(/yyyy|MM|dd|HH|mm|SSS|ss|[^]/g, (part) => {
      const name = fields[part]
      if (name === undefined) return RegExp.escape(part)
      names.push(name)
      return `(\\d{${part.length}})`
    })
    known = { pattern: new RegExp(`^${source}$`), names }
    patterns.set(format, known)
  }
  const match = known.pattern.exec(text)
  if (!match) return undefined
  const parts = Object.fromEntries(known.names.map((name, i) => [name, Number(match[i + 1])]))
  return local(
    Temporal.PlainDateTime.from(parts as unknown as Temporal.PlainDateTimeLike, { overflow: 'reject' }),
    zone,
  )
}

const local = (moment: Temporal.PlainDateTime, zone: string): string =>
  moment.toZonedDateTime(zone).toInstant().toString()
