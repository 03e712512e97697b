import { exactDecimal } from '../format/money.ts'

/*
 * A document has amounts in minor units, a field has them as people read them. What was written and is no amount of
 * whole minor units stands in the document as it was written: there is a point in it, so nobody can save it.
 */

/** A whole or decimal number as somebody writes it, in minor units; undefined where it is none or is finer than that. */
export function minorOf(written: string, decimals: number): string | undefined {
  const found = /^([+−-]?)(?=[.,]?\d)(\d*)(?:[.,](\d*))?$/.exec(written.replaceAll(/\s/g, ''))
  if (!found) return undefined
  const [, sign = '', whole = '', places = ''] = found
  const fraction = places.replace(/0+$/, '')
  if (fraction.length > decimals) return undefined
  const minor = BigInt(whole + fraction.padEnd(decimals, '0'))
  return String(sign === '' || sign === '+' ? minor : -minor)
}

/** What was written, as a document has it. */
export const storedOf = (written: string, decimals: number): string => minorOf(written, decimals) ?? written

/** An amount of a document as people read it: `1250` with two decimals is `12.50`, `1200` is `12`. */
export const writtenOf = (stored: string, decimals: number): string =>
  /^\d+$/.test(stored) ? exactDecimal(stored, decimals).replace(/\.0+$/, '') : stored

/** The amount of a document that reads the same with other decimals. */
export const inDecimals = (stored: string, from: number, to: number): string =>
  from === to ? stored : storedOf(writtenOf(stored, from), to)
