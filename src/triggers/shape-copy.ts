/** Copies by maker and shape. */
const known = new Map<string, unknown>()

/**
 * A copy of a function that makes others, with everything written inside it, for one shape of rule. The engine
 * optimizes a function for what it has seen of all its callers: code that all sorts of rules share is compiled for all
 * of them at once, while such a copy has seen one sort alone. Rules of a shape take the same branches and share their
 * copy: with one for each rule a thousand would be compiled, and most of them would never be warm. The function may
 * read nothing but its parameters, its own names and the language's.
 */
export function shapeCopy<Make extends (...parts: never[]) => unknown>(make: Make, shape: string): Make {
  const key = `${make.name} ${shape}`
  const found = known.get(key) as Make | undefined
  if (found !== undefined) return found
  // Texts that are equal would share what was seen; the key keeps them apart.
  const copy = new Function(`return ${make.toString()} // ${key.replaceAll(/[^\w ]/gu, '')}`)() as Make
  known.set(key, copy)
  return copy
}
