import type { Affordability } from '../operator/index.ts'
import type { Menu, Product } from './contract.ts'
import type { RefusalReason } from './errors.ts'

/** A product as offered to one subscriber; amounts in minor units of `currency`. */
export type OfferItem = {
  productId: string
  name: { en: string; ru: string; uk: string }
  volumeMb: number
  priceMinor: bigint
  /** What the balance lacks, to be lent by trust payment. */
  creditMinor: bigint
  currency: string
  answerCode?: string
  /** What to answer by SMS: the product's own keyword, else its place in this offer. */
  keyword: string
}

export type RefusedProduct = {
  productId: string
  reason: RefusalReason
  keyword?: string
  priceMinor?: bigint
}

export type OfferChoice = { items: OfferItem[]; refused: RefusedProduct[] }

/**
 * What one subscriber can be offered of a menu: every product whose price balance plus approved credit covers,
 * the largest first (equal sizes: the cheaper, then by id). `creditMinor` = max(0, price − balance). Whatever is
 * left out has its reason. Pure: the same menu and the same means give the same offer.
 */
export function chooseOffer(
  menu: Menu,
  products: ReadonlyMap<string, Product>,
  means: Affordability,
): OfferChoice {
  const items: OfferItem[] = []
  const refused: RefusedProduct[] = []
  const known: Product[] = []
  for (const productId of menu.products) {
    const product = products.get(productId)
    if (product) known.push(product)
    else refused.push({ productId, reason: 'unknown_product' })
  }
  for (const product of known.sort(largestFirst)) {
    const priceMinor = BigInt(product.priceMinor)
    const creditMinor = priceMinor > means.balanceMinor ? priceMinor - means.balanceMinor : 0n
    const reason = reasonAgainst(product, creditMinor, means, items.length >= (menu.atMost ?? Infinity))
    if (reason) {
      refused.push({
        productId: product.id,
        reason,
        priceMinor,
        ...(product.keyword === undefined ? {} : { keyword: product.keyword }),
      })
      continue
    }
    items.push({
      productId: product.id,
      name: product.name,
      volumeMb: product.volumeMb,
      priceMinor,
      creditMinor,
      currency: product.currency,
      ...(product.answerCode === undefined ? {} : { answerCode: product.answerCode }),
      keyword: product.keyword ?? String(items.length + 1),
    })
  }
  return { items, refused }
}

function reasonAgainst(
  product: Product,
  creditMinor: bigint,
  means: Affordability,
  full: boolean,
): RefusalReason | undefined {
  if (product.currency !== means.currency) return 'other_currency'
  if (creditMinor > 0n && creditMinor > means.creditMinor) return 'beyond_balance_and_credit'
  return full ? 'menu_full' : undefined
}

function largestFirst(a: Product, b: Product): number {
  if (a.volumeMb !== b.volumeMb) return b.volumeMb - a.volumeMb
  const byPrice = BigInt(a.priceMinor) - BigInt(b.priceMinor)
  if (byPrice !== 0n) return byPrice < 0n ? -1 : 1
  return a.id < b.id ? -1 : 1
}

/**
 * The item that an answer names: by product id (a choice of a pop-up), USSD code, keyword, size in megabytes or,
 * last, its place in the offer counted from 1. Spaces do not matter, nor case, nor a missing closing `#`. The
 * keyword of a product that was left out names nothing: it must not buy whatever stands at that place.
 */
export function findItemByAnswer(offer: OfferChoice, answer: string): OfferItem | undefined {
  const said = normal(answer)
  if (said === '') return undefined
  const { items, refused } = offer
  const code = said.replace(/#$/, '')
  const named =
    items.find((item) => item.productId.toLowerCase() === said) ??
    items.find(
      (item) => item.answerCode !== undefined && normal(item.answerCode).replace(/#$/, '') === code,
    ) ??
    items.find((item) => normal(item.keyword) === said)
  if (named) return named
  if (refused.some((product) => product.keyword !== undefined && normal(product.keyword) === said)) {
    return undefined
  }
  const number = /^(\d{1,9})(mb|мб)?$/.exec(said)
  if (!number) return undefined
  const bySize = items.find((item) => item.volumeMb === Number(number[1]))
  return bySize ?? (number[2] === undefined ? items[Number(number[1]) - 1] : undefined)
}

const normal = (text: string): string => text.replaceAll(/\s+/gu, '').toLowerCase()
