import { maxInt, maxTimestampMs, minTimestampMs } from './cel-type.ts'

const msOfUnit: Record<string, number> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}

/**
 * Milliseconds of a duration in CEL's (Go's) form: `72h`, `1h30m`, `-1.5s`. `undefined` when it is malformed,
 * not a whole number of milliseconds, or beyond the safe integers.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|us|µs|s|ns))+)$/.exec(text)
  if (!match) return undefined
  let nanoseconds = 0n
  for (const part of (match[2] ?? '').matchAll(/([0-9]+)(?:\.([0-9]+))?([a-zµ]+)/g)) {
    const fraction = part[2] ?? ''
    const unitNs = BigInt(Math.round((msOfUnit[part[3] ?? ''] ?? 0) * 1e6))
    const scaled = BigInt((part[1] ?? '') + fraction) * unitNs
    const divisor = 10n ** BigInt(fraction.length)
    if (scaled % divisor !== 0n) return undefined
    nanoseconds += scaled / divisor
  }
  const ms = nanoseconds / 1_000_000n
  if (nanoseconds % 1_000_000n !== 0n || ms > BigInt(maxInt)) return undefined
  return match[1] === '-' ? 0 - Number(ms) : Number(ms)
}

/** Epoch milliseconds of an RFC 3339 instant; `undefined` if malformed, finer than a millisecond or out of range. */
export function parseTimestamp(text: string): number | undefined {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,3}0*)?(?:Z|[+-]\d\d:\d\d)$/
  if (!shape.test(text)) return undefined
  try {
    const ms = Temporal.Instant.from(text).epochMilliseconds
    return ms >= minTimestampMs && ms <= maxTimestampMs ? ms : undefined
  } catch {
    return undefined
  }
}
