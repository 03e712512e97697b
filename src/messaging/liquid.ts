import { Context, Liquid, type Template as ParsedLiquid } from 'liquidjs'
import type { Language } from './template-contract.ts'
import { dayText, numberText } from './template-values.ts'

/** In whose language and zone a text is spoken, and how its links are made short. */
export type Speech = { language: Language; timeZone: string; shorten?: ((url: string) => string) | undefined }

/** A text ready to be filled: throws liquidjs's errors, which name the variable, the line and the column. */
export type Filled = (variables: object, speech: Speech) => string

/** Where filters find the speech; no name in a template can reach a symbol. */
const speechKey = Symbol('speech')
const speechOf = (context: Context): Speech => (context.globals as { [speechKey]: Speech })[speechKey]

/** As liquidjs's own `escape`, for values that go into HTML. */
const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }
const escapeHtml = (value: unknown): string => text(value).replace(/[&<>"']/g, (sign) => escaped[sign]!)

function liquidOf(outputEscape?: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    // A missing variable is an error and not an empty word: "buy for  roubles" must never reach a phone. Who asks for
    // it by `if` or gives a `default` has thought of that.
    strictVariables: true,
    lenientIf: true,
    strictFilters: true,
    ownPropertyOnly: true,
    ...(outputEscape ? { outputEscape } : {}),
  })
  liquid.registerFilter('day', function (value: unknown) {
    return dayText(value, speechOf(this.context))
  })
  liquid.registerFilter('number', function (value: unknown) {
    return numberText(value, speechOf(this.context).language)
  })
  liquid.registerFilter('short', function (value: unknown) {
    return speechOf(this.context).shorten?.(text(value)) ?? value
  })
  return liquid
}

/** Liquid for texts that are shown as they are. */
export const plainLiquid = liquidOf()
/** Liquid for HTML, where values are escaped. */
export const htmlLiquid = liquidOf(escapeHtml)

/**
 * Makes a text ready to be filled. What consists of words and `{{ path | simple filter }}` becomes closures over
 * liquidjs's own parse, ten times as fast; everything else, and every case that is not plain, goes to liquidjs itself, so
 * that both say the same. Throws liquidjs's `ParseError`.
 */
export function compileLiquid(source: string, liquid: Liquid = plainLiquid): Filled {
  const parsed = liquid.parse(source)
  const throughLiquid: Filled = (variables, speech) =>
    liquid.renderSync(parsed, variables, { globals: { [speechKey]: speech } }) as string
  const context = new Context({}, liquid.options, { sync: true }, { liquid })
  const pieces = parsed.map((node) => pieceOf(node, context, liquid))
  if (pieces.includes(undefined)) return throughLiquid
  const known = pieces as Piece[]
  return (variables, speech) => {
    context.globals = { [speechKey]: speech } as never
    let filled = ''
    try {
      for (const piece of known) filled += typeof piece === 'string' ? piece : piece(variables)
    } catch {
      // Missing, or not as plain as expected: liquidjs decides, and says in its own words what is wrong.
      return throughLiquid(variables, speech)
    }
    return filled
  }
}

type Piece = string | ((variables: object) => string)

/** Filters that look at their value and literal arguments alone. */
const simpleFilters = new Set(
  (
    'default upcase downcase capitalize strip lstrip rstrip strip_newlines append prepend escape escape_once raw ' +
    'url_encode truncate replace remove round plus minus times ceil floor abs date day number short'
  ).split(' '),
)

/** The parts of liquidjs's tree that are read here; its own types keep them to themselves. */
type Argument = { content?: unknown }
type UsedFilter = {
  name: string
  handler: (...values: unknown[]) => unknown
  args: Argument[]
  token: object
}
type OutputNode = {
  str?: string
  value?: {
    initial: { postfix: { variable?: unknown; props?: { content?: unknown }[] }[] }
    filters: UsedFilter[]
  }
}

function pieceOf(parsed: ParsedLiquid, context: Context, liquid: Liquid): Piece | undefined {
  const node = parsed as unknown as OutputNode
  if (parsed.constructor.name === 'HTML' && typeof node.str === 'string') return node.str
  if (parsed.constructor.name !== 'Output' || !node.value) return undefined
  const [operand, ...more] = node.value.initial.postfix
  if (!operand?.props || operand.variable !== undefined || more.length > 0) return undefined
  const path = operand.props.map((prop) => prop.content)
  if (!path.every(isPlainKey)) return undefined
  const filters = node.value.filters
  if (!filters.every((filter) => isSimple(filter, liquid))) return undefined
  const calls = filters.map(({ handler, args, token }) => {
    const self = { context, token, liquid }
    const values = args.map((argument) => argument.content)
    return (value: unknown): unknown => handler.call(self, value, ...values)
  })
  const isLenient = filters[0]?.name === 'default'
  if (path.length === 1 && calls.length === 0) {
    const [name] = path as [string]
    return (variables) => text(read(variables, name))
  }
  return (variables) => {
    let value: unknown = variables
    for (const name of path) {
      if (value === null) break
      value = isLenient ? readLeniently(value, name) : read(value, name)
    }
    for (const call of calls) value = call(value)
    return text(value)
  }
}

/** `size`, `first` and `last` mean more than a property of that name; numbers count from the end as well. */
function isPlainKey(key: unknown): key is string {
  return typeof key === 'string' && key !== 'size' && key !== 'first' && key !== 'last'
}

function isSimple({ name, handler, args }: UsedFilter, liquid: Liquid): boolean {
  if (liquid.options.outputEscape !== undefined && handler === (liquid.options.outputEscape as unknown))
    return true
  return simpleFilters.has(name) && args.every((argument) => !Array.isArray(argument) && isLiteral(argument))
}

const isLiteral = ({ content, ...rest }: Argument & { props?: unknown }): boolean =>
  rest.props === undefined &&
  (typeof content === 'string' || typeof content === 'number' || typeof content === 'boolean')

const notPlain = new Error('not plain')
const owns = Object.prototype.hasOwnProperty

function read(holder: unknown, name: string): unknown {
  if (!owns.call(holder, name)) throw notPlain
  const value = (holder as Record<string, unknown>)[name]
  if (value === undefined || typeof value === 'function') throw notPlain
  if (value !== null && typeof value === 'object' && 'toLiquid' in value) throw notPlain
  return value
}

/** What is missing is nothing, because a default follows. */
function readLeniently(holder: unknown, name: string): unknown {
  return owns.call(holder, name) ? read(holder, name) : null
}

/** As liquidjs writes a value out. */
function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  return Array.isArray(value) ? value.map(text).join('') : String(value)
}
