/** JSON text in which a bigint becomes a string of digits; money never passes through a float. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))
}

/**
 * PostgreSQL keeps neither U+0000 nor halves of surrogate pairs. In text of `json`, which escapes no whole pairs, they
 * become U+FFFD, since a value that cannot be kept would take the rest of its batch with it. An escaped backslash is
 * stepped over.
 */
export function storable(text: string): string {
  return text.replace(/\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g, (escape) =>
    escape === '\\\\' ? escape : '\\ufffd',
  )
}
