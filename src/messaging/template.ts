import { Liquid, type Template as ParsedLiquid } from 'liquidjs'
import { DomainError, type Problem } from '../platform/index.ts'
import type { Language, Template } from './contract.ts'

// A missing variable is an error and not an empty word: "buy for  roubles" must never reach a phone.
const liquid = new Liquid({ strictVariables: true, strictFilters: true, ownPropertyOnly: true })
const parsed = new Map<string, ParsedLiquid[]>()

export type Rendered = { text: string; choices?: { id: string; label: string }[] }

/**
 * The template's words for one subscriber. Throws `template_failed` that names the template and the variable.
 * Liquid as in the reference implementation (Shopify), through liquidjs.
 */
export function renderTemplate(template: Template, language: Language, variables: object): Rendered {
  try {
    const text = render(template.text[language], variables).trim()
    if (text === '') throw new Error('the text is empty')
    if (!template.choices) return { text }
    const choices = template.choices.map((choice) => ({
      id: render(choice.id, variables).trim(),
      label: render(choice.label[language], variables).trim(),
    }))
    return { text, choices }
  } catch (error) {
    throw new DomainError('template_failed', `template ${template.id}: ${(error as Error).message}`, {
      field: template.id,
    })
  }
}

/** Syntax errors of a template, with the language and Liquid's own line and column. */
export function checkTemplate(template: Template): Problem[] {
  const sources = [
    ...Object.entries(template.text).map(([language, text]) => [`text.${language}`, text] as const),
    ...(template.choices ?? []).flatMap((choice, i) => [
      [`choices.${i}.id`, choice.id] as const,
      ...Object.entries(choice.label).map(
        ([language, text]) => [`choices.${i}.label.${language}`, text] as const,
      ),
    ]),
  ]
  return sources.flatMap(([field, source]): Problem[] => {
    try {
      liquid.parse(source)
      return []
    } catch (error) {
      return [
        {
          code: 'template_invalid',
          message: (error as Error).message,
          field,
          found: source,
          expected: 'Liquid',
        },
      ]
    }
  })
}

function render(source: string, variables: object): string {
  let ready = parsed.get(source)
  if (!ready) parsed.set(source, (ready = liquid.parse(source)))
  return liquid.renderSync(ready, variables) as string
}
