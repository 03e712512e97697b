import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { type Menu, menu, type Product, product } from './contract.ts'

export const productKind: DocumentKind = { kind: 'Product', schema: product }

/** A menu must name products that exist, of one currency, whose answers cannot be taken for each other. */
export const menuKind: DocumentKind = { kind: 'Menu', schema: menu, check: checkMenu }

function checkMenu(document: Menu, reader: DocumentReader): Problem[] {
  const problems: Problem[] = []
  const taken = new Map<string, string>()
  const currencies = new Set<string>()
  for (const [at, id] of document.products.entries()) {
    const field = `products.${at}`
    if (document.products.indexOf(id) !== at) {
      problems.push({
        code: 'menu_product_repeated',
        message: `product "${id}" stands twice`,
        field,
        found: id,
      })
      continue
    }
    const found = reader.get('Product', id) as Product | undefined
    if (!found) {
      problems.push({
        code: 'menu_product_unknown',
        message: `no product "${id}"`,
        field,
        found: id,
        expected: 'id of a Product',
      })
      continue
    }
    currencies.add(found.currency)
    for (const answer of answersOf(found)) {
      const other = taken.get(answer)
      if (other !== undefined) {
        problems.push({
          code: 'menu_answer_ambiguous',
          message: `the answer "${answer}" would buy both "${other}" and "${id}"`,
          field,
          found: answer,
          expected: 'answers that differ',
        })
      }
      taken.set(answer, id)
    }
  }
  if (currencies.size > 1) {
    problems.push({
      code: 'menu_currencies_differ',
      message: 'the products of one menu must have one currency',
      field: 'products',
      found: [...currencies],
    })
  }
  return problems
}

/** Everything that would buy the product: its code, its keyword, its size. */
function answersOf(found: Product): Set<string> {
  const answers = [found.answerCode, found.keyword?.toLowerCase(), String(found.volumeMb)]
  return new Set(answers.filter((answer) => answer !== undefined))
}
