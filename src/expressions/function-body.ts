import * as runtime from './runtime.ts'
import type { FieldNode } from './typed-tree.ts'

/** One function body under way: its own temporaries, so that the predicate of `exists` keeps its own. */
export type Body = {
  temporaries: string[]
  /** Literals, sets and patterns: the text only names them, so conditions of one shape have one text. */
  constants: unknown[]
  counter: { next: number }
  /** How the body reaches the raw value of a field. */
  field(node: FieldNode): string
}

/** An empty body that reads its fields by the code that `field` gives. */
export function emptyBody(field: Body['field']): Body {
  return { temporaries: [], constants: [], counter: { next: 0 }, field }
}

/** A new name that the body declares. */
export function temporary(body: Body): string {
  const name = `t${body.counter.next++}`
  body.temporaries.push(name)
  return name
}

/** The name of a value that is made once, outside of the function. */
export function constant(body: Body, value: unknown): string {
  return `c${body.constants.push(value) - 1}`
}

/** The declaration of the body's temporaries. */
export function declared(body: Body): string {
  return body.temporaries.length === 0 ? '' : `let ${body.temporaries.join(', ')}; `
}

type Maker = (constants: unknown[]) => unknown
const makers = new Map<string, Maker>()
/** Beyond so many shapes the memory of them starts anew, so that it stays small however many documents are saved. */
const maxMakers = 2000

/**
 * Makes the function whose body was written. Conditions of the same shape share one text and so one piece of machine
 * code: a thousand rules made from one template stay in the processor's cache and are optimized together.
 */
export function functionOf(body: Body, parameters: string, result: string): unknown {
  const names = body.constants.map((_, index) => `c${index}`)
  const source = [
    '"use strict"',
    `const { ${Object.keys(runtime).join(', ')} } = runtime`,
    `return function make([${names.join(', ')}]) {`,
    `return function condition(${parameters}) { ${declared(body)}return ${result} } }`,
  ].join('\n')
  const maker = makers.get(source) ?? (new Function('runtime', source) as (from: unknown) => Maker)(runtime)
  if (makers.size >= maxMakers) makers.clear()
  makers.set(source, maker)
  return maker(body.constants)
}
