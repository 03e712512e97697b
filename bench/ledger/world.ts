import type { TransferRequest } from '../../src/ledger/index.ts'

export const TENANT = 'bench'
export const LIABILITY = 'liability:points'

/** Spends among the transfers: a third; the others are awards, each with a lot of its own. */
const SPEND_EVERY = 3
const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-03-01T00:00:00Z')
const expiries = Array.from({ length: 180 }, (_, i) =>
  Temporal.Instant.fromEpochMilliseconds(START_MS + (180 + i) * DAY_MS),
)
const moments = Array.from({ length: 180 }, (_, i) =>
  Temporal.Instant.fromEpochMilliseconds(START_MS + i * 60_000),
)

/** Spends take effect after all awards, so that everything earned is available. */
const AFTER = Temporal.Instant.fromEpochMilliseconds(START_MS + DAY_MS)

export const memberAccount = (member: number): string => `member:${member}:points`

/** Without spends; one member after the other instead of at random. */
export type Draw = { onlyAwards?: boolean; inTurn?: boolean }

/** Awards to members, and spends by those that were awarded a moment ago: all have the liability on one side. */
export class Transfers {
  readonly #name: string
  readonly #members: number
  #next = 0

  constructor(name: string, members: number) {
    this.#name = name
    this.#members = members
  }

  next({ onlyAwards = false, inTurn = false }: Draw = {}): TransferRequest {
    const n = this.#next++
    const member = memberAccount(
      inTurn ? 1 + (n % this.#members) : 1 + Math.floor(Math.random() * this.#members),
    )
    const isSpend = !onlyAwards && n % SPEND_EVERY === SPEND_EVERY - 1
    return {
      key: `${this.#name}:${n}`,
      kind: 'post',
      debitAccount: isSpend ? member : LIABILITY,
      creditAccount: isSpend ? LIABILITY : member,
      // What everybody is given at first, in turn, is more than chance takes from anybody.
      amountMinor: isSpend ? 10n : BigInt((inTurn ? 10_000 : 100) + (n % 50)),
      currency: 'points',
      at: isSpend ? AFTER : moments[n % moments.length]!,
      ...(isSpend ? {} : { lot: { expiresAt: expiries[n % expiries.length]! } }),
    }
  }

  batch(size: number, draw: Draw = {}): TransferRequest[] {
    return Array.from({ length: size }, () => this.next(draw))
  }
}
