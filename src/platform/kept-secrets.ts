import type { Problem } from './errors.ts'

/** Stands where a secret would in what is exported; applied again it means the one that is saved. */
export const KEPT_SECRET = '(kept)'

/** The value at a place; undefined where nothing stands. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value)

/** The document as it may be told; `secrets` are places with dots. */
export const withoutSecrets = (document: object, secrets: readonly string[]): object =>
  eachReplaced(document, secrets, () => KEPT_SECRET)

/** The document with the secrets of the saved one where it says that they are kept. */
export const withKeptSecrets = (document: object, secrets: readonly string[], saved: unknown): object =>
  eachReplaced(document, secrets, (value, path) =>
    value === KEPT_SECRET ? (valueAt(saved, path) ?? value) : value,
  )

/** What is said to be kept where none is saved, such as on another server. */
export const missingSecrets = (document: unknown, secrets: readonly string[]): Problem[] =>
  secrets
    .filter((place) => valueAt(document, place.split('.')) === KEPT_SECRET)
    .map((field) => ({
      code: 'secret_missing',
      message: 'no secret is saved here that could be kept',
      field,
      found: KEPT_SECRET,
      expected: 'the secret itself',
    }))

type Replacement = (value: unknown, path: readonly string[]) => unknown

const eachReplaced = (document: object, places: readonly string[], by: Replacement): object =>
  places.reduce((done, place) => replaced(done, place.split('.'), by), document)

/** The object with another value at a place, if something stands there. */
function replaced(object: object, path: readonly string[], by: Replacement, depth = 0): object {
  const key = path[depth]!
  const value = (object as Record<string, unknown>)[key]
  if (value === undefined) return object
  if (depth === path.length - 1) return { ...object, [key]: by(value, path) }
  const isObject = typeof value === 'object' && value !== null
  return isObject ? { ...object, [key]: replaced(value, path, by, depth + 1) } : object
}
