/**
 * Array parameters in PostgreSQL's binary form (`array_recv`: dimensions, whether there are nulls, the element's type,
 * its count and lower bound, then each element behind its length). Thousands of rows go through here each second, and
 * neither side has to write or read digits.
 */

const HEADER_OCTETS = 20
const INT4 = 23
const INT8 = 20
const TEXT = 25
const TIMESTAMPTZ = 1184
const UUID = 2950
/** 2000-01-01, from which PostgreSQL counts microseconds. */
const POSTGRES_EPOCH_MS = 946_684_800_000

/** For `int[]`. */
export function intArray(values: readonly (number | null)[]): Buffer {
  return fixedArray(INT4, 4, values, (octets, value, at) => octets.writeInt32BE(value, at))
}

/** For `bigint[]`; numbers must be whole. */
export function bigintArray(values: readonly (bigint | number | null)[]): Buffer {
  return fixedArray(INT8, 8, values, (octets, value, at) => {
    if (typeof value === 'bigint') octets.writeBigInt64BE(value, at)
    else writeWhole(octets, value, at)
  })
}

/** For `timestamptz[]`, from epoch ms. */
export function instantArray(valuesMs: readonly (number | null)[]): Buffer {
  return fixedArray(TIMESTAMPTZ, 8, valuesMs, (octets, ms, at) =>
    writeWhole(octets, Math.round(ms - POSTGRES_EPOCH_MS) * 1_000, at),
  )
}

/** For `uuid[]`; each must be one, in small letters. */
export function uuidArray(values: readonly (string | null)[]): Buffer {
  return fixedArray(UUID, 16, values, writeUuid)
}

/** For `text[]`. PostgreSQL has no place for the character zero, so it is left out. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let bound = HEADER_OCTETS
  for (const value of values) bound += 4 + 3 * (value?.length ?? 0)
  const octets = Buffer.allocUnsafe(bound)
  writeHeader(octets, TEXT, values.length)
  let at = HEADER_OCTETS
  for (const value of values) {
    if (value === null) at = octets.writeInt32BE(-1, at)
    else {
      const length = writeText(octets, value, at + 4)
      octets.writeInt32BE(length, at)
      at += 4 + length
    }
  }
  return octets.subarray(0, at)
}

function fixedArray<T>(
  type: number,
  size: number,
  values: readonly (T | null)[],
  write: (octets: Buffer, value: T, at: number) => void,
): Buffer {
  const octets = Buffer.allocUnsafe(HEADER_OCTETS + values.length * (4 + size))
  writeHeader(octets, type, values.length)
  let at = HEADER_OCTETS
  for (const value of values) {
    if (value === null) at = octets.writeInt32BE(-1, at)
    else {
      at = octets.writeInt32BE(size, at)
      write(octets, value, at)
      at += size
    }
  }
  return octets.subarray(0, at)
}

function writeHeader(octets: Buffer, type: number, count: number): void {
  octets.writeInt32BE(1, 0)
  octets.writeInt32BE(1, 4)
  octets.writeInt32BE(type, 8)
  octets.writeInt32BE(count, 12)
  octets.writeInt32BE(1, 16)
}

function writeWhole(octets: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32)
  octets.writeInt32BE(high, at)
  octets.writeUInt32BE(value - high * 2 ** 32, at + 4)
}

/** Short words of small letters, which most are, are written faster here than by a call of the engine. */
const SHORT = 24

function writeText(octets: Buffer, value: string, at: number): number {
  if (value.length <= SHORT) {
    let i = 0
    for (; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit === 0 || unit > 127) break
      octets[at + i] = unit
    }
    if (i === value.length) return i
  }
  return octets.write(value.includes('\0') ? value.replaceAll('\0', '') : value, at)
}

const digits = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) {
  digits[digit.toString(16).charCodeAt(0)] = digit
  digits[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** In which places of its text a UUID's octets begin. */
const uuidPlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

function writeUuid(octets: Buffer, value: string, at: number): void {
  for (let i = 0; i < 16; i++) {
    const place = uuidPlaces[i]!
    octets[at + i] = (digits[value.charCodeAt(place)]! << 4) | digits[value.charCodeAt(place + 1)]!
  }
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text is a UUID as it would be read again. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}
