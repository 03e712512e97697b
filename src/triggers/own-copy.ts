let copies = 0

/**
 * A copy of a function that makes others, with everything written inside it. The engine optimizes a function for what
 * it has seen of all its callers: code that fifty rules share is compiled for fifty sorts of rules at once, while a
 * rule with a copy of its own has its numbers as constants and its steps inlined. The function may read nothing but
 * its parameters, its own names and the language's.
 */
export function ownCopy<Make extends (...parts: never[]) => unknown>(make: Make): Make {
  // Texts that are equal would share what was seen; the number keeps them apart.
  return new Function(`return ${make.toString()} // ${copies++}`)() as Make
}
