import type { ExtendRequest } from '../ledger/index.ts'
import { instantOf } from '../platform/index.ts'
import type { Book } from './book.ts'
import type { Effects } from './consumer.ts'
import { expiryMs } from './local-time.ts'
import type { Programme } from './programmes.ts'

/**
 * The request by which what lies on an account lives on from the moment at which points were last earned, where the
 * programme says so and any were. The ledger refuses it where nothing there ends earlier.
 */
export function extensionsFrom(
  book: Book,
  programme: Programme,
  {
    key,
    account,
    earnedAtMs,
    atMs,
  }: { key: string; account: string; earnedAtMs: number | undefined; atMs: number },
): ExtendRequest[] {
  const { expiry } = programme
  if (expiry === 'never' || expiry.after !== 'activity' || earnedAtMs === undefined) return []
  const expiresAt = instantOf(expiryMs(expiry, earnedAtMs, book.timeZoneOf(programme))!)
  return [{ key: `extend:${account}:${key}`, kind: 'extend', account, expiresAt, at: instantOf(atMs) }]
}

/** Gives all points of an account a new life, because an event has earned some. */
export function extendByActivity(book: Book, programme: Programme, account: string, effects: Effects): void {
  const { eventId, atMs } = effects.event
  const about = { key: eventId, account, earnedAtMs: atMs, atMs }
  for (const request of extensionsFrom(book, programme, about)) effects.post(request)
}
