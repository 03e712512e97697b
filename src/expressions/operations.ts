import { type CelType, maxInt, maxTimestampMs, minTimestampMs } from './cel-type.ts'

/** Gives a piece of SQL that is needed twice a name, so that texts do not double with each level of nesting. */
export type Bind = (sql: string, body: (name: string) => string) => string

/**
 * One strict operation (an operand in error makes the result an error) in both languages, side by side so that
 * they are read and changed together. `canFail` says that good operands may still give an error.
 * The JavaScript calls the functions of runtime.ts; the SQL gives NULL where those give `undefined`.
 */
type Operation = {
  type: CelType
  canFail: boolean
  javascript(first: string, second: string): string
  sql(first: string, second: string, bind: Bind): string
}

/**
 * NULL unless `min <= sql <= max`, naming `sql` only once: what lies outside is drawn to a sentinel just beyond
 * the bound, and `nullIf` removes the sentinels. A NULL becomes a sentinel too, or stays NULL.
 */
function within(sql: string, min: number, max: number, cast = 'toInt64'): string {
  const [below, above] = [`${cast}(${min - 1})`, `${cast}(${max + 1})`]
  return `nullIf(nullIf(greatest(least(${sql}, ${above}), ${below}), ${above}), ${below})`
}

const safeInt = (sql: string): string => within(sql, -maxInt, maxInt)
const safeTimestamp = (sql: string): string => within(sql, minTimestampMs, maxTimestampMs)
const finite = (sql: string): string => `nullIf(ifNotFinite(${sql}, inf), inf)`

const addInt: Operation = {
  type: 'int',
  canFail: true,
  javascript: (a, b) => `safeInt(${a} + ${b})`,
  sql: (a, b) => safeInt(`(${a} + ${b})`),
}
const subtractInt: Operation = {
  type: 'int',
  canFail: true,
  javascript: (a, b) => `safeInt(${a} - ${b})`,
  sql: (a, b) => safeInt(`(${a} - ${b})`),
}
const negateInt: Operation = {
  type: 'int',
  canFail: false,
  javascript: (a) => `(0 - ${a})`,
  sql: (a) => `(0 - ${a})`,
}

export const operations = {
  addInt,
  subtractInt,
  // 128 bits, because the product of two safe integers may pass 64 and would wrap around unseen.
  multiplyInt: {
    type: 'int',
    canFail: true,
    javascript: (a, b) => `safeInt(${a} * ${b})`,
    sql: (a, b) => `toInt64(${within(`(toInt128(${a}) * toInt128(${b}))`, -maxInt, maxInt, 'toInt128')})`,
  },
  // The …OrZero forms never throw, not even on what ClickHouse computes underneath a NULL.
  divideInt: {
    type: 'int',
    canFail: true,
    javascript: (a, b) => `divideInt(${a}, ${b})`,
    sql: (a, b) => `intDivOrZero(${a}, nullIf(${b}, 0))`,
  },
  moduloInt: {
    type: 'int',
    canFail: true,
    javascript: (a, b) => `moduloInt(${a}, ${b})`,
    sql: (a, b) => `moduloOrZero(${a}, nullIf(${b}, 0))`,
  },
  negateInt,
  addDouble: {
    type: 'double',
    canFail: true,
    javascript: (a, b) => `finite(${a} + ${b})`,
    sql: (a, b) => finite(`(${a} + ${b})`),
  },
  subtractDouble: {
    type: 'double',
    canFail: true,
    javascript: (a, b) => `finite(${a} - ${b})`,
    sql: (a, b) => finite(`(${a} - ${b})`),
  },
  multiplyDouble: {
    type: 'double',
    canFail: true,
    javascript: (a, b) => `finite(${a} * ${b})`,
    sql: (a, b) => finite(`(${a} * ${b})`),
  },
  divideDouble: {
    type: 'double',
    canFail: true,
    javascript: (a, b) => `finite(${a} / ${b})`,
    sql: (a, b) => finite(`(${a} / ${b})`),
  },
  negateDouble: { type: 'double', canFail: false, javascript: (a) => `(0 - ${a})`, sql: (a) => `(0 - ${a})` },
  addDuration: { ...addInt, type: 'duration' },
  subtractDuration: { ...subtractInt, type: 'duration' },
  negateDuration: { ...negateInt, type: 'duration' },
  timestampDifference: { ...subtractInt, type: 'duration' },
  timestampPlus: {
    type: 'timestamp',
    canFail: true,
    javascript: (a, b) => `safeTimestamp(${a} + ${b})`,
    sql: (a, b) => safeTimestamp(`(${a} + ${b})`),
  },
  timestampMinus: {
    type: 'timestamp',
    canFail: true,
    javascript: (a, b) => `safeTimestamp(${a} - ${b})`,
    sql: (a, b) => safeTimestamp(`(${a} - ${b})`),
  },
  concat: {
    type: 'string',
    canFail: false,
    javascript: (a, b) => `(${a} + ${b})`,
    sql: (a, b) => `concat(${a}, ${b})`,
  },
  startsWith: {
    type: 'bool',
    canFail: false,
    javascript: (a, b) => `${a}.startsWith(${b})`,
    sql: (a, b) => `startsWith(${a}, ${b})`,
  },
  endsWith: {
    type: 'bool',
    canFail: false,
    javascript: (a, b) => `${a}.endsWith(${b})`,
    sql: (a, b) => `endsWith(${a}, ${b})`,
  },
  contains: {
    type: 'bool',
    canFail: false,
    javascript: (a, b) => `${a}.includes(${b})`,
    sql: (a, b) => `(position(${a}, ${b}) > 0)`,
  },
  sizeOfText: {
    type: 'int',
    canFail: false,
    javascript: (a) => `sizeOfText(${a})`,
    sql: (a) => `toInt64(lengthUTF8(${a}))`,
  },
  sizeOfList: {
    type: 'int',
    canFail: false,
    javascript: (a) => `${a}.length`,
    sql: (a) => `toInt64(length(${a}))`,
  },
  lowerAscii: {
    type: 'string',
    canFail: false,
    javascript: (a) => `lowerAscii(${a})`,
    sql: (a) => `lower(${a})`,
  },
  upperAscii: {
    type: 'string',
    canFail: false,
    javascript: (a) => `upperAscii(${a})`,
    sql: (a) => `upper(${a})`,
  },
  intOfDouble: {
    type: 'int',
    canFail: true,
    javascript: (a) => `intOfDouble(${a})`,
    sql: (a) => `toInt64(${within(`trunc(${a})`, -maxInt, maxInt, 'toFloat64')})`,
  },
  intOfText: {
    type: 'int',
    canFail: true,
    javascript: (a) => `intOfText(${a})`,
    sql: (a) => safeInt(`toInt64OrNull(extract(${a}, '^-?[0-9]{1,16}$'))`),
  },
  // Whole seconds since the epoch, as CEL has it, downwards also before 1970.
  intOfTimestamp: {
    type: 'int',
    canFail: false,
    javascript: (a) => `(Math.floor(${a} / 1000) + 0)`,
    sql: (a) => `toInt64(floor(${a} / 1000))`,
  },
  doubleOfInt: { type: 'double', canFail: false, javascript: (a) => a, sql: (a) => `toFloat64(${a})` },
  // Digits as one integer divided by a power of ten: rounded once, whatever the server's float parser does.
  doubleOfText: {
    type: 'double',
    canFail: true,
    javascript: (a) => `doubleOfText(${a})`,
    sql: (a, _, bind) =>
      bind(`extract(${a}, '^-?[0-9]{1,16}(?:\\\\.[0-9]{1,15})?$')`, (text) => {
        const digits = within(`toInt128OrNull(replaceOne(${text}, '.', ''))`, -maxInt, maxInt, 'toInt128')
        const places = `if(position(${text}, '.') = 0, 0, length(${text}) - position(${text}, '.'))`
        return `(toFloat64(${digits}) / toFloat64(intExp10(${places})))`
      }),
  },
  stringOfInt: {
    type: 'string',
    canFail: false,
    javascript: (a) => `String(${a})`,
    sql: (a) => `toString(${a})`,
  },
  // Both print the shortest digits that read back the same; JavaScript writes the sign of a positive exponent.
  stringOfDouble: {
    type: 'string',
    canFail: false,
    javascript: (a) => `String(${a})`,
    sql: (a) => `replaceRegexpOne(toString(${a} + 0), 'e([0-9])', 'e+\\\\1')`,
  },
  stringOfBool: {
    type: 'string',
    canFail: false,
    javascript: (a) => `String(${a})`,
    sql: (a) => `CASE ${a} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`,
  },
  timestampOfInt: {
    type: 'timestamp',
    canFail: true,
    javascript: (a) => `safeTimestamp(${a} * 1000)`,
    sql: (a) => `(${within(a, Math.ceil(minTimestampMs / 1000), Math.floor(maxTimestampMs / 1000))} * 1000)`,
  },
} satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

/** The operation by name, with its common type. */
export function operationOf(name: OperationName): Operation {
  return operations[name]
}
