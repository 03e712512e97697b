import { z } from 'zod'
import type { Problem } from '../platform/index.ts'

export const accountPurposes = ['member', 'liability', 'expense', 'revenue', 'clearing'] as const

/** An account to be opened. Its balance is credits less debits, in minor units of its one currency. */
export type AccountOpening = {
  /** Readable and unique within the tenant, such as `member:123:points`. */
  accountId: string
  owner: string
  purpose: (typeof accountPurposes)[number]
  currency: string
  /** Liability and clearing accounts are the other side of what members hold, so they go below zero. */
  mayGoNegative: boolean
}

type Common = {
  /** Idempotency key, unique within the tenant: the same key with the same input gives the same answer. */
  key: string
  /** When it takes effect, apart from when it is booked. */
  at: Temporal.Instant
  memo?: string
}

/** Moves an amount from the debited to the credited account, now (`post`) or by reserving it (`pending`). */
export type MoveRequest = Common & {
  kind: 'post' | 'pending'
  debitAccount: string
  creditAccount: string
  amountMinor: bigint
  currency: string
}

/** Settles a pending transfer: posts it, wholly or in part (the rest is released), or voids it. */
export type SettleRequest = Common & {
  kind: 'post_pending' | 'void_pending'
  pendingKey: string
  /** For `post_pending`: how much of it; absent = all. */
  amountMinor?: bigint
}

export type TransferRequest = MoveRequest | SettleRequest

export type TransferState = 'posted' | 'pending' | 'voided'

/** The answer to one request, at the request's place in the batch. */
export type TransferResult =
  | {
      key: string
      /** `repeated`: it had been booked under this key before; nothing was moved again. */
      outcome: 'booked' | 'repeated'
      transferId: string
      state: TransferState
      amountMinor: bigint
    }
  | { key: string; outcome: 'refused'; problem: Problem }

export type AccountBalance = {
  accountId: string
  owner: string
  purpose: string
  currency: string
  balanceMinor: bigint
  pendingDebitsMinor: bigint
  pendingCreditsMinor: bigint
}

/** One line of an account's statement. */
export type Entry = {
  transferId: string
  /** Positive = credited. */
  amountMinor: bigint
  balanceAfter: bigint
  effectiveAt: Temporal.Instant
  bookedAt: Temporal.Instant
  memo?: string
}

/** The first place where what is kept differs from what the journal says. */
export type Difference = {
  check: string
  /** Account, transfer or currency. */
  subject: string
  kept: string | null
  expected: string | null
}

export type Verification = {
  ok: boolean
  accounts: number
  transfers: number
  entries: number
  difference?: Difference
}

const minor = z.string().regex(/^-?\d+$/)

/** `GET /v1/ledger/accounts/:accountId` */
export const accountView = z.object({
  accountId: z.string(),
  owner: z.string(),
  purpose: z.enum(accountPurposes),
  currency: z.string(),
  balanceMinor: minor,
  pendingDebitsMinor: minor,
  pendingCreditsMinor: minor,
  entries: z.array(
    z.object({
      transferId: z.string(),
      amountMinor: minor,
      balanceAfter: minor,
      effectiveAt: z.string(),
      bookedAt: z.string(),
      memo: z.string().optional(),
    }),
  ),
})

/** `GET /v1/ledger/verify` */
export const verificationView = z.object({
  ok: z.boolean(),
  accounts: z.int(),
  transfers: z.int(),
  entries: z.int(),
  difference: z
    .object({
      check: z.string(),
      subject: z.string(),
      kept: z.string().nullable(),
      expected: z.string().nullable(),
    })
    .optional(),
})
