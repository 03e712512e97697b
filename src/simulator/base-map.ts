import { z } from 'zod'

/** Numbers by the text of a cell; `default` for any other text. */
const byText = z.record(z.string(), z.number())

/** A part that is added or multiplied: a number out of a cell. */
const part = z.strictObject({
  column: z.string(),
  values: byText.optional(),
  times: z.number().optional(),
})

/**
 * How one number of the simulated world is made from a row: `base` (0 when left out) + the cell of `column`, read as
 * a number × `times` or looked up in `values`, + each of `plus`, × each of `factors`; then `min`, `max` and
 * `roundTo`. A blank cell of `column` gives `blank`, and is refused where there is none.
 */
const numberRule = z.strictObject({
  base: z.number().optional(),
  column: z.string().optional(),
  values: byText.optional(),
  times: z.number().optional(),
  blank: z.number().optional(),
  plus: z.array(part).optional(),
  factors: z.array(part).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  roundTo: z.number().positive().optional(),
})

export type NumberRule = z.infer<typeof numberRule>

/** The `world:` section of a mapping file. Its other sections belong to the import of subscribers. */
export const baseMap = z
  .object({
    world: z.strictObject({
      /** Column with a stable, unique key. */
      key: z.string(),
      tenureMonths: numberRule,
      packageMb: numberRule,
      monthlyFeeMinor: numberRule,
      needRatio: numberRule.optional(),
      sessionsPerDay: numberRule.optional(),
      openingBalanceMinor: numberRule.optional(),
      topUpMinor: numberRule.optional(),
    }),
  })
  .loose()

export type BaseMap = z.infer<typeof baseMap>

export type Row = Record<string, string>

/** The rule's number for a row, or what is wrong with the row. */
export function numberFor(rule: NumberRule, row: Row): number | { column: string; found: string } {
  let value = rule.base ?? 0
  if (rule.column !== undefined) {
    const read = cellNumber(rule.column, row, rule.values, rule.times, rule.blank)
    if (typeof read !== 'number') return read
    value += read
  }
  for (const added of rule.plus ?? []) {
    const read = cellNumber(added.column, row, added.values, added.times)
    if (typeof read !== 'number') return read
    value += read
  }
  for (const factor of rule.factors ?? []) {
    const read = cellNumber(factor.column, row, factor.values, factor.times)
    if (typeof read !== 'number') return read
    value *= read
  }
  if (rule.roundTo !== undefined) value = Math.round(value / rule.roundTo) * rule.roundTo
  return Math.min(rule.max ?? Infinity, Math.max(rule.min ?? -Infinity, value))
}

function cellNumber(
  column: string,
  row: Row,
  values: Record<string, number> | undefined,
  times = 1,
  blank?: number,
): number | { column: string; found: string } {
  const text = (row[column] ?? '').trim()
  if (values) return values[text] ?? values['default'] ?? { column, found: text }
  if (text === '') return blank ?? { column, found: text }
  const number = Number(text)
  return Number.isFinite(number) ? number * times : { column, found: text }
}
