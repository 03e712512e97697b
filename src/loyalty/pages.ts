import { z } from 'zod'

/**
 * Where a page of a list of the latest first begins: behind the row of this moment and id, as `next` of the page before
 * says. The moment alone is no place: one event may pay both sides of a referral.
 */
export const place = z.templateLiteral([z.iso.datetime(), ' ', z.guid()])

/** The condition of SQL for the rows behind a place; a value of `given`, or a parameter. */
export const behind = (id: string, value = '?'): string =>
  `(at, ${id}) < (split_part(${value}, ' ', 1)::timestamptz, split_part(${value}, ' ', 2)::uuid)`

/** The place behind a page's last row; null when the page was not filled, so that none follows. */
export function nextPlace<Row>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => { at: string; id: string },
): string | null {
  const last = rows.at(-1)
  if (last === undefined || rows.length < limit) return null
  const { at, id } = placeOf(last)
  return `${at} ${id}`
}

/**
 * The conditions whose value is given, so that each question has a plan of its own: one that leaves everything open would
 * look at all rows. `?` stands for the value.
 */
export function given(conditions: [text: string, value: unknown][]): { where: string; values: unknown[] } {
  const set = conditions.filter(([, value]) => value !== null)
  const texts = set.map(([text], i) => text.replaceAll('?', `$${i + 1}`))
  return { where: ['true', ...texts].join(' and '), values: set.map(([, value]) => value) }
}
