import type { RewardGives } from './reward.ts'
import type { CancelReason } from './errors.ts'

/**
 * `reserved`: points are set aside, a piece is held. `ordered`: the operator works on it. `done`: it was
 * handed out and paid. `cancelled`: it came to nothing, nothing was paid. `refunded`: taken back after it was done.
 */
export const redemptionStates = ['reserved', 'ordered', 'done', 'cancelled', 'refunded'] as const
export type RedemptionState = (typeof redemptionStates)[number]

export type Redemption = {
  redemptionId: string
  programmeId: string
  rewardId: string
  rewardVersion: number
  /** Who pays, and who gets it. */
  subscriberId: number
  recipientId: number
  /** The account that paid. */
  accountId: string
  points: bigint
  gives: RewardGives
  state: RedemptionState
  reason: CancelReason | null
  /** An agent's own words. */
  note: string | null
  code: string | null
  codeExpiresAtMs: number | null
  /** When a sister company's till took the code. */
  usedAtMs: number | null
  /** The till's key for that. */
  usedKey: string | null
  /** How often the operator was asked. */
  attempts: number
  nextTryAtMs: number | null
  deadlineAtMs: number
  atMs: number
  settledAtMs: number | null
}

/** Whether it is not at its end. */
export const isOpen = ({ state }: Pick<Redemption, 'state'>): boolean =>
  state === 'reserved' || state === 'ordered'

/** Key of the reservation in the ledger; what voids or gives back has a name behind it. */
export const reservationKey = ({ redemptionId }: Pick<Redemption, 'redemptionId'>): string =>
  `redeem:${redemptionId}`

/** Key of the transfer that takes the points, at once or from the reservation. */
export const paymentKey = (redemption: Pick<Redemption, 'redemptionId'>): string =>
  `${reservationKey(redemption)}:done`

/** How a try to hand it out ended; `later`: nobody knows yet. */
export type Outcome =
  | { outcome: 'done' }
  | { outcome: 'ordered' }
  | { outcome: 'refused'; reason: CancelReason }
  | { outcome: 'later' }

const FIRST_WAIT_MS = 2_000
/** Between two tries at most. */
export const LONGEST_WAIT_MS = 600_000

/** How long to wait after so many tries. */
export const waitMs = (attempts: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 20))

/** Whether the operator has to be asked; everything else is done here, or by hand. */
export const needsOperator = (gives: RewardGives): boolean => 'product' in gives || 'credit' in gives

/** Whether somebody hands it out and says so. */
export const isByHand = (gives: RewardGives): boolean => 'goods' in gives

/** Whether it is done as soon as the points are there. */
export const isInstant = (gives: RewardGives): boolean => !needsOperator(gives) && !isByHand(gives)
