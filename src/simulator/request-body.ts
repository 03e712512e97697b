import { z } from 'zod'

/** Minor units as a string of digits or a safe integer; read as a number, which kopecks of one account always fit. */
export const minorUnits = z
  .union([z.string().regex(/^\d{1,15}$/), z.number().int().nonnegative()])
  .transform((value) => Number(value))

/** A TM Forum money amount in roubles; read as kopecks. */
export const tmfMoney = z
  .object({ amount: z.union([z.number(), z.string().regex(/^-?\d+(?:\.\d+)?$/)]), units: z.literal('RUB') })
  .loose()
  .transform((money) => Math.round(Number(money.amount) * 100))

const named = z.object({ id: z.string() }).loose()

/** An account given as text, or as a TM Forum reference. */
export const accountReference = z
  .union([z.string(), named])
  .transform((value) => (typeof value === 'string' ? value : value.id))

/** References that may bear the account of an order. */
export const orderParties = {
  billingAccount: named.optional(),
  partyAccount: accountReference.optional(),
  relatedParty: z.array(named).optional(),
}

/** Kopecks as a TM Forum amount in roubles. */
export function tmfAmount(minor: number): { amount: number; units: 'RUB' } {
  return { amount: minor / 100, units: 'RUB' }
}
