import type { Template as ParsedLiquid } from 'liquidjs'
import type { Problem } from '../platform/index.ts'
import { channelKinds } from './channels/kinds.ts'
import { htmlLiquid, plainLiquid } from './liquid.ts'
import { checkMjml, isMjml } from './mjml.ts'
import { localisedParts, type Template } from './template-contract.ts'
import { isOfType } from './template-values.ts'

/** Names that every text may use beside the template's own. */
const givenNames = new Set(['attributes', 'unsubscribeUrl', 'link'])

/** One text of a template, with its field. */
export type Source = { field: string; source: string; isHtml: boolean }

/** Every Liquid text of a template. */
export function sourcesOf(template: Template): Source[] {
  const sources: Source[] = []
  const add = (field: string, source: string | undefined): void => {
    if (source !== undefined) sources.push({ field, source, isHtml: /^(html|amp)\b/.test(field) })
  }
  for (const [path, text] of localisedParts(template))
    for (const [language, source] of Object.entries(text)) add([...path, language].join('.'), source)
  template.choices?.forEach((choice, i) => add(`choices.${i}.id`, choice.id))
  add('link', template.link)
  add('media.url', template.media?.url)
  const { uid, sequence, startsAt, duration, timeZone } = template.appointment ?? {}
  for (const [name, source] of Object.entries({ uid, sequence, startsAt, duration, timeZone }))
    add(`appointment.${name}`, source)
  return sources
}

/** Which fields of an object among its variables the texts of a template read, such as `points` of `event.points`. */
export function fieldsRead(template: Template, name: string): string[] {
  const read = sourcesOf(template).flatMap(({ source, isHtml }) => {
    const liquid = isHtml ? htmlLiquid : plainLiquid
    const { globals } = liquid.analyzeSync(liquid.parse(source), { partials: false })
    return (globals[name] ?? []).flatMap(({ segments: [, field] }) =>
      typeof field === 'string' ? [field] : [],
    )
  })
  return [...new Set(read)]
}

/**
 * What is wrong with a template: syntax errors with Liquid's own line and column, undeclared variables, examples and
 * defaults that are not of their type, unclosed MJML, and a text that its channel can never carry.
 */
export function checkTemplate(template: Template): Problem[] {
  const problems = sourcesOf(template).flatMap(({ field, source, isHtml }): Problem[] => {
    const layout = isHtml && isMjml(source) ? checkMjml(source, field) : []
    return [...layout, ...checkSource(template, field, source, isHtml)]
  })
  return [...problems, ...checkValues(template), ...checkLength(template)]
}

function checkSource(template: Template, field: string, source: string, isHtml: boolean): Problem[] {
  const liquid = isHtml ? htmlLiquid : plainLiquid
  let parsed: ParsedLiquid[]
  try {
    parsed = liquid.parse(source)
  } catch (error) {
    const { message } = error as Error
    const [, line, column] = /line:(\d+), col:(\d+)/.exec(message) ?? []
    const place = line === undefined ? {} : { line: Number(line), column: Number(column) }
    return [{ code: 'template_invalid', message, field, found: source, expected: 'Liquid', ...place }]
  }
  if (!template.variables) return []
  const declared = Object.keys(template.variables)
  const { globals } = liquid.analyzeSync(parsed, { partials: false })
  return Object.entries(globals)
    .filter(([name]) => !declared.includes(name) && !givenNames.has(name))
    .flatMap(([name, uses]) => uses.slice(0, 1).map(({ location }) => ({ name, location })))
    .map(({ name, location }) => ({
      code: 'variable_undeclared',
      message: `no variable "${name}" is declared`,
      field,
      found: name,
      expected: [...declared, 'attributes.*'].join(', '),
      line: location.row,
      column: location.col,
    }))
}

function checkValues({ variables = {} }: Template): Problem[] {
  return Object.entries(variables).flatMap(([name, { type, ...given }]) =>
    (['example', 'default'] as const)
      .filter((kind) => given[kind] !== undefined && given[kind] !== null && !isOfType(type, given[kind]))
      .map((kind) => ({
        code: 'variable_type',
        message: `the ${kind} of "${name}" is no ${type}`,
        field: `variables.${name}.${kind}`,
        found: given[kind],
        expected: type,
      })),
  )
}

/** What stands between the variables alone is longer than the channel carries: no values could make it fit. */
function checkLength(template: Template): Problem[] {
  const limit = channelKinds.get(template.channel)?.traits.maxTextLength
  if (limit === undefined) return []
  return Object.entries(template.text).flatMap(([language, source]): Problem[] => {
    const least = [...(source ?? '').replace(/\{[{%][\s\S]*?[%}]\}/g, '').trim()].length
    // Words of a branch may not all be said at once.
    if (least <= limit || (source ?? '').includes('{%')) return []
    const message = `the channel ${template.channel} carries ${limit} characters`
    return [
      {
        code: 'text_too_long',
        message,
        field: `text.${language}`,
        found: least,
        expected: `at most ${limit}`,
      },
    ]
  })
}
