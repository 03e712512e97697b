/** JSON text in which a bigint becomes a string of digits; money never passes through a float. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))
}
