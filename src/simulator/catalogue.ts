/** A package that the operator sells beside the tariff. */
export type CatalogueProduct = { productId: string; volumeMb: number; priceMinor: number }

/** What is on sale; prices in kopecks. Self-service shows exactly this. */
export const catalogue: readonly CatalogueProduct[] = [
  { productId: 'data-100', volumeMb: 100, priceMinor: 5_000 },
  { productId: 'data-200', volumeMb: 200, priceMinor: 8_000 },
  { productId: 'data-500', volumeMb: 500, priceMinor: 15_000 },
  { productId: 'data-1000', volumeMb: 1000, priceMinor: 25_000 },
]

/** The product of this id, if it is on sale. */
export function productById(productId: string): CatalogueProduct | undefined {
  return catalogue.find((product) => product.productId === productId)
}
