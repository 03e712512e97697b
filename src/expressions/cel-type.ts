/** The types of the language. Timestamps and durations travel as whole milliseconds. */
export type CelType = 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | { list: CelType }

/** The type that an expression must have, or the types of which it may have any. */
export type ExpectedType = CelType | readonly CelType[]

/** What an expression may read: variable → field → type, such as `{ event: { volumeMb: 'double' } }`. */
export type Declarations = Record<string, Record<string, CelType>>

/** The largest whole number both back ends hold exactly: JavaScript's safe integer, 2^53 − 1. */
export const maxInt = Number.MAX_SAFE_INTEGER

/** First and last instant of ClickHouse's DateTime64(3), in epoch milliseconds: 1900-01-01 and 2299-12-31. */
export const minTimestampMs = -2_208_988_800_000
export const maxTimestampMs = 10_413_791_999_999

/** The type as an author reads it: `int`, `list<string>`. */
export function typeName(type: CelType): string {
  return typeof type === 'string' ? type : `list<${typeName(type.list)}>`
}

/** Whether two types are one, element types of lists included. */
export function sameType(left: CelType, right: CelType): boolean {
  return typeName(left) === typeName(right)
}
