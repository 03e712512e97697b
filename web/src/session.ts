import { useSyncExternalStore } from 'react'

const STORED_AS = 'tenure.key'
const listeners = new Set<() => void>()
let rejected = false

const changed = (): void => {
  for (const listener of listeners) listener()
}

/** The API key of this browser tab, or null. It is gone when the tab is closed. */
export const apiKey = (): string | null => sessionStorage.getItem(STORED_AS)

/** Keeps the key for this tab. */
export function signIn(key: string): void {
  rejected = false
  sessionStorage.setItem(STORED_AS, key)
  changed()
}

/** Forgets the key; `becauseRejected` makes the sign-in card say that the server did not take it. */
export function signOut(becauseRejected = false): void {
  rejected = becauseRejected
  sessionStorage.removeItem(STORED_AS)
  changed()
}

/**
 * Takes the key from `#key=…`, where a printed link carries it: a fragment never reaches a server or its logs.
 * It is removed from the address bar, so that a copied link does not hand the key on.
 */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (!key) return
  history.replaceState(history.state, '', location.pathname + location.search)
  signIn(key)
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The key as a component sees it, and whether the last one was rejected. */
export function useSession(): { key: string | null; rejected: boolean } {
  const key = useSyncExternalStore(subscribe, apiKey)
  const wasRejected = useSyncExternalStore(subscribe, () => rejected)
  return { key, rejected: wasRejected }
}
