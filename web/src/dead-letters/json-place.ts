/** Where something stands in a text, as offsets. */
export type Place = { start: number; end: number; missing: boolean }

/**
 * Where the value of a path such as `data.items.0.price` stands in a JSON text, from its name to its end. When
 * there is no such value, the nearest object around it, with `missing` set. Undefined when the text is no JSON.
 */
export function placeOf(text: string, path: string): Place | undefined {
  const wanted = path.split(/[.[\]/]+/).filter((part) => part !== '' && part !== '$')
  let best: { depth: number; start: number; end: number } | undefined
  try {
    JSON.parse(text)
    const end = walk(text, 0, 0, (depth, name, start, last) => {
      if (wanted[depth - 1] !== name) return false
      if (last !== null && (best === undefined || depth > best.depth)) best = { depth, start, end: last }
      return true
    })
    best ??= { depth: 0, start: text.search(/\S/), end }
  } catch {
    return undefined
  }
  return { start: best.start, end: best.end, missing: best.depth < wanted.length }
}

/**
 * Called with each member on the way: first with `end` null, where the answer says whether to look inside, then with
 * the end of its value.
 */
type Visit = (depth: number, name: string, start: number, end: number | null) => boolean

const behindSpace = (text: string, at: number): number => {
  let next = at
  while (/\s/.test(text[next] ?? '')) next++
  return next
}

function behindString(text: string, at: number): number {
  let next = at + 1
  while (text[next] !== '"') next += text[next] === '\\' ? 2 : 1
  return next + 1
}

/** Walks over the value at an offset of a text that is JSON; returns the offset behind it. */
function walk(text: string, at: number, depth: number, visit: Visit | null): number {
  let next = behindSpace(text, at)
  const opener = text[next]
  if (opener === '"') return behindString(text, next)
  if (opener !== '{' && opener !== '[') {
    while (next < text.length && !/[\s,}\]]/.test(text[next]!)) next++
    return next
  }
  next = behindSpace(text, next + 1)
  for (let index = 0; text[next] !== '}' && text[next] !== ']'; index++) {
    const start = next
    let name = String(index)
    if (opener === '{') {
      const behind = behindString(text, next)
      name = JSON.parse(text.slice(next, behind)) as string
      next = behindSpace(text, behind) + 1
    }
    const inside = visit?.(depth + 1, name, start, null) ? visit : null
    next = walk(text, next, depth + 1, inside)
    inside?.(depth + 1, name, start, next)
    next = behindSpace(text, next)
    if (text[next] === ',') next = behindSpace(text, next + 1)
  }
  return next + 1
}

/** Deeper than this, indentation would make the text many times longer than what it says. */
const DEEPEST_INDENTED = 40

/** An event as a text to be read and mended. */
export function readable(event: unknown): string {
  const text = JSON.stringify(event) ?? 'null'
  let depth = 0
  let deepest = 0
  for (const [bracket] of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '{' || bracket === '[' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest > DEEPEST_INDENTED ? text : JSON.stringify(event, null, 2)
}
