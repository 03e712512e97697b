import { compileExpression, type Declarations } from '../expressions/index.ts'
import { DomainError } from '../platform/index.ts'

/** Whether a condition holds; what is not known makes it not hold. */
export type Condition = (scope: Record<string, Record<string, unknown>>) => boolean

const compiled = new Map<string, Map<string, Condition>>()

/**
 * Compiled conditions over these declarations; two tenants may give one name two types, so the declarations are part
 * of the key. A condition that was valid when its campaign was saved and names an attribute that is gone since does
 * not hold: the people inside go on by the other way instead of stopping everybody.
 */
export function conditionsOf(declarations: Declarations): (source: string) => Condition {
  const key = JSON.stringify(declarations)
  let known = compiled.get(key)
  if (!known) compiled.set(key, (known = new Map()))
  return (source) => {
    let condition = known.get(source)
    if (!condition) known.set(source, (condition = compile(source, declarations)))
    return condition
  }
}

function compile(source: string, declarations: Declarations): Condition {
  try {
    const condition = compileExpression(source, declarations, 'bool').toFunction()
    return (scope) => condition(scope) === true
  } catch (error) {
    if (error instanceof DomainError) return () => false
    throw error
  }
}
