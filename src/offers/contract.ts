import { z } from 'zod'
import { refusalReasons } from './errors.ts'

const id = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, ".", "_" and "-"')
const text = z.string().min(1).max(200)
const digits = z.string().regex(/^\d{1,18}$/, 'a string of digits: minor units')

/** A data package that can be offered. */
export const product = z.strictObject({
  kind: z.literal('Product'),
  id,
  name: z.strictObject({ en: text, ru: text, uk: text }),
  volumeMb: z.int().min(1),
  priceMinor: digits,
  currency: z.string().regex(/^[A-Z]{3}$/, 'ISO 4217 code'),
  /** USSD code that buys it, such as `*111*500#`. */
  answerCode: z
    .string()
    .regex(/^\*[\d*]{1,30}#$/, 'a USSD code such as *111*500#')
    .optional(),
  /** Word or number that buys it in an answer by SMS; without it the place in the menu, counted from 1. */
  keyword: z.string().trim().min(1).max(20).optional(),
})
export type Product = z.infer<typeof product>

/** Products shown together; each subscriber sees those that they can pay for. */
export const menu = z.strictObject({
  kind: z.literal('Menu'),
  id,
  products: z.array(id).min(1).max(50),
  /** The largest package first. */
  order: z.literal('largest'),
  /** Shows no more than this many. */
  atMost: z.int().min(1).optional(),
})
export type Menu = z.infer<typeof menu>

const amountMinor = z.string().regex(/^-?\d+$/)

/** One line of an offer as it is stored and shown. */
export const offerItemView = z.object({
  productId: z.string(),
  name: z.object({ en: z.string(), ru: z.string(), uk: z.string() }),
  volumeMb: z.int(),
  priceMinor: amountMinor,
  /** Part of the price that would be lent. */
  creditMinor: amountMinor,
  currency: z.string(),
  answerCode: z.string().optional(),
  keyword: z.string(),
})

export const refusedItem = z.object({
  productId: z.string(),
  reason: z.enum(refusalReasons),
  keyword: z.string().optional(),
  priceMinor: amountMinor.optional(),
})

/** `GET /v1/subscribers/:subscriberId/offers`: the latest first, each with what decided it. */
export const subscriberOffers = z.object({
  subscriberId: z.int(),
  offers: z.array(
    z.object({
      offerId: z.string(),
      menuId: z.string(),
      menuVersion: z.int(),
      decidedAt: z.string(),
      reference: z.string(),
      balanceMinor: amountMinor,
      creditMinor: amountMinor,
      currency: z.string(),
      items: z.array(offerItemView),
      refused: z.array(refusedItem),
    }),
  ),
})
export type SubscriberOffers = z.infer<typeof subscriberOffers>
