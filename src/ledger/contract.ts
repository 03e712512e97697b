import { z } from 'zod'
import type { Problem } from '../platform/index.ts'

export const accountPurposes = [
  'member',
  'liability',
  'expense',
  'revenue',
  'breakage',
  'partner',
  'clearing',
] as const
export type AccountPurpose = (typeof accountPurposes)[number]

/** An account to be opened. Its balance is credits less debits, in minor units of its one currency. */
export type AccountOpening = {
  /** Readable and unique within the tenant, such as `member:123:points`. */
  accountId: string
  owner: string
  purpose: AccountPurpose
  currency: string
  /** Liability and clearing accounts are the other side of what members hold, so they go below zero without end. */
  mayGoNegative: boolean
  /**
   * How far below zero a transfer that says so (`deficit: 'debt'`) may bring an account that may not go negative
   * otherwise; absent: not at all.
   */
  debtLimitMinor?: bigint
  /** Whether its value lies in lots with an expiry each; absent: member accounts do, others do not. */
  keepsLots?: boolean
}

/** What becomes of a credit to an account with lots: the properties of the lot that it makes. */
export type LotTerms = {
  /** Absent: the transfer's `at`. */
  earnedAt?: Temporal.Instant
  /** From when it can be spent; absent: at once. */
  availableFrom?: Temporal.Instant
  /** From this moment on it cannot be spent any more, see `expiryAfter`; absent: never. */
  expiresAt?: Temporal.Instant
  /** Whether `extend` leaves this expiry as it is; it stays with the value, whatever account it comes to. */
  keepsExpiry?: boolean
}

/**
 * What happens when less is there than is to be taken:
 * `refuse` (the default) refuses the transfer; `debt` takes what is there and carries the rest as a debt, and
 * refuses beyond the account's limit; `debt_to_limit` forgives what lies beyond the limit; `forgive` takes what is
 * there and forgives the rest.
 */
export type Deficit = 'refuse' | 'debt' | 'debt_to_limit' | 'forgive'

type Common = {
  /** Idempotency key, unique within the tenant: the same key with the same input gives the same answer. */
  key: string
  /**
   * When it takes effect, apart from when it is booked: lots are available or expired as of this moment. Absent: the
   * moment of booking.
   */
  at?: Temporal.Instant
  memo?: string
  /**
   * Requests that stand behind each other in one batch with the same group succeed together or not at all; those
   * that were hindered by another are refused with `ledger_group_refused`.
   */
  group?: string
}

/** Moves an amount from the debited to the credited account, now (`post`) or by reserving it (`pending`). */
export type MoveRequest = Common & {
  kind: 'post' | 'pending'
  debitAccount: string
  creditAccount: string
  amountMinor: bigint
  currency: string
  /**
   * The lot that the credit makes. From one account with lots to another, without terms, the lots keep their own:
   * earned, available and expiring as they were.
   */
  lot?: LotTerms
  /** For `post` alone; a reservation is always of what is there. */
  deficit?: Deficit
  /** For `pending`: `timeOutPending` voids it when it is still open at this moment. */
  timeoutAt?: Temporal.Instant
}

/** What goes back to lots and would expire before this moment comes as a lot of its own that expires then. */
type ExpiresNotBefore = Temporal.Instant

/** Settles a pending transfer: posts it, wholly or in part (the rest is released), or voids it. */
export type SettleRequest = Common & {
  kind: 'post_pending' | 'void_pending'
  pendingKey: string
  /** For `post_pending`: how much of it; absent = all. */
  amountMinor?: bigint
  /** For `post_pending`: the lot that the credit makes, instead of what was promised. */
  lot?: LotTerms
  expiresNotBefore?: ExpiresNotBefore
}

/**
 * Takes a posted transfer back, wholly or in part, never more than it moved in all. What it took from lots goes back
 * into them with their old expiry, each its share; what it gave is taken out of the lots it made, each its share; what
 * is gone from there is taken from the account's other lots, and what is missing then is a deficit.
 */
export type ReverseRequest = Common & {
  kind: 'reverse'
  /** Key of a transfer that was posted (by `post`, or by the `post_pending` that posted it). */
  reversedKey: string
  /** Absent = all that has not been taken back before. */
  amountMinor?: bigint
  deficit?: Deficit
  expiresNotBefore?: ExpiresNotBefore
}

/**
 * Gives the account's open lots that expire earlier than `expiresAt` this later expiry; those expired at `at` stay, and
 * so do those whose terms say that they keep theirs.
 */
export type ExtendRequest = Common & { kind: 'extend'; account: string; expiresAt: Temporal.Instant }

export type TransferRequest = MoveRequest | SettleRequest | ReverseRequest | ExtendRequest

export type TransferState = 'posted' | 'pending' | 'voided'

/** The answer to one request, at the request's place in the batch. */
export type TransferResult =
  | {
      key: string
      /** `repeated`: it had been booked under this key before; nothing was moved again. */
      outcome: 'booked' | 'repeated'
      /** A UUID that follows from tenant and key. */
      transferId: string
      state: TransferState
      /** What was moved; less than asked where a deficit was forgiven. For `extend`: what the extended lots hold. */
      amountMinor: bigint
      /** Absent: nothing was forgiven. */
      forgivenMinor?: bigint
    }
  | { key: string; outcome: 'refused'; problem: Problem }

export type AccountBalance = {
  accountId: string
  owner: string
  purpose: AccountPurpose
  currency: string
  /** Credits less debits of what was posted. */
  balanceMinor: bigint
  /** Reserved by pending transfers. */
  pendingDebitsMinor: bigint
  pendingCreditsMinor: bigint
}

/** A balance with what can be done with it at a moment. */
export type BalanceInDetail = AccountBalance & {
  /** What can be spent at that moment: not reserved, available already, not expired. Below zero: a debt. */
  availableMinor: bigint
  /** In lots that become available later. */
  upcomingMinor: bigint
  /** In lots whose expiry is over and that the run has not yet taken. */
  expiredMinor: bigint
  /** What expires when, the earliest first; lots that never expire are not here. */
  expiring: { expiresAt: Temporal.Instant; amountMinor: bigint }[]
}

/** Points that were earned together and expire together; spent, reserved and expired parts are gone from it. */
export type Lot = {
  lotId: string
  accountId: string
  remainingMinor: bigint
  earnedAt: Temporal.Instant
  availableFrom: Temporal.Instant
  /** Absent: never. */
  expiresAt?: Temporal.Instant
  /** Whether `extend` leaves this expiry as it is. */
  keepsExpiry: boolean
  /** Key of the transfer that brought it onto this account. */
  originKey: string
}

/** One line of an account's statement. */
export type Entry = {
  /** Order of booking within the tenant. */
  seq: bigint
  transferId: string
  key: string
  kind: string
  /** The account on the other side. */
  counterAccount: string
  /** Positive = credited. */
  amountMinor: bigint
  balanceAfter: bigint
  effectiveAt: Temporal.Instant
  bookedAt: Temporal.Instant
  memo?: string
}

/** What is outstanding in open lots of one currency, by the months in which it was earned and expires. */
export type Outstanding = {
  /** Local month of a time zone, such as `2026-03`. */
  earnedMonth: string
  /** Absent: never. */
  expiresMonth?: string
  lots: number
  amountMinor: bigint
}

/** The first place where what is kept differs from what the journal says. */
export type Difference = {
  check: string
  /** Account, transfer, lot, batch or currency. */
  subject: string
  kept: string | null
  expected: string | null
}

export type Verification = {
  ok: boolean
  accounts: number
  transfers: number
  entries: number
  lots: number
  batches: number
  difference?: Difference
}

const minor = z.string().regex(/^-?\d+$/)
const positive = z.string().regex(/^[1-9]\d{0,18}$/, 'digits of a whole number above 0')
const moment = z.string().refine(isInstant, { error: 'a moment such as 2026-03-01T10:00:00Z' })
const name = z.string().min(1).max(200)
const deficit = z.enum(['refuse', 'debt', 'debt_to_limit', 'forgive'])
const lot = z.strictObject({
  earnedAt: moment.optional(),
  availableFrom: moment.optional(),
  expiresAt: moment.optional(),
  keepsExpiry: z.boolean().optional(),
})
const common = {
  key: name,
  at: moment.optional(),
  memo: z.string().max(500).optional(),
  group: name.optional(),
}

/** One transfer as it comes over HTTP; `at` is the moment of booking where it is absent. */
export const transferBody = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.enum(['post', 'pending']),
    debitAccount: name,
    creditAccount: name,
    amountMinor: positive,
    currency: name,
    lot: lot.optional(),
    deficit: deficit.optional(),
    timeoutAt: moment.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.enum(['post_pending', 'void_pending']),
    pendingKey: name,
    amountMinor: positive.optional(),
    lot: lot.optional(),
    expiresNotBefore: moment.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('reverse'),
    reversedKey: name,
    amountMinor: positive.optional(),
    deficit: deficit.optional(),
    expiresNotBefore: moment.optional(),
  }),
  z.strictObject({ ...common, kind: z.literal('extend'), account: name, expiresAt: moment }),
])
export type TransferBody = z.infer<typeof transferBody>

/** `POST /v1/ledger/transfers`: one transfer, or a batch. */
export const transfersBody = z.strictObject({ transfers: z.array(transferBody).min(1).max(10_000) })

/** `POST /v1/ledger/accounts` */
export const accountsBody = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        accountId: name,
        owner: name,
        purpose: z.enum(accountPurposes),
        currency: name,
        mayGoNegative: z.boolean().default(false),
        debtLimitMinor: positive.optional(),
        keepsLots: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(10_000),
})

const entryView = z.object({
  seq: minor,
  transferId: z.string(),
  key: z.string(),
  kind: z.string(),
  counterAccount: z.string(),
  amountMinor: minor,
  balanceAfter: minor,
  effectiveAt: z.string(),
  bookedAt: z.string(),
  memo: z.string().optional(),
})

/** `GET /v1/ledger/accounts/:accountId` (`?at=`) */
export const accountView = z.object({
  accountId: z.string(),
  owner: z.string(),
  purpose: z.enum(accountPurposes),
  currency: z.string(),
  balanceMinor: minor,
  pendingDebitsMinor: minor,
  pendingCreditsMinor: minor,
  availableMinor: minor,
  upcomingMinor: minor,
  expiredMinor: minor,
  expiring: z.array(z.object({ expiresAt: z.string(), amountMinor: minor })),
})
export type AccountView = z.infer<typeof accountView>

/** `GET /v1/ledger/accounts/:accountId/statement` (`?from=&to=&by=&after=&limit=`) */
export const statementView = z.object({
  accountId: z.string(),
  currency: z.string(),
  openingMinor: minor,
  closingMinor: minor,
  creditsMinor: minor,
  debitsMinor: minor,
  entryCount: z.int(),
  entries: z.array(entryView),
  next: minor.optional(),
})
export type StatementView = z.infer<typeof statementView>

/** `GET /v1/ledger/accounts/:accountId/lots` */
export const lotsView = z.object({
  lots: z.array(
    z.object({
      lotId: z.string(),
      accountId: z.string(),
      remainingMinor: minor,
      earnedAt: z.string(),
      availableFrom: z.string(),
      expiresAt: z.string().optional(),
      keepsExpiry: z.boolean(),
      originKey: z.string(),
    }),
  ),
})

/** `GET /v1/ledger/verify` */
export const verificationView = z.object({
  ok: z.boolean(),
  accounts: z.int(),
  transfers: z.int(),
  entries: z.int(),
  lots: z.int(),
  batches: z.int(),
  difference: z
    .object({
      check: z.string(),
      subject: z.string(),
      kept: z.string().nullable(),
      expected: z.string().nullable(),
    })
    .optional(),
})
export type VerificationView = z.infer<typeof verificationView>

function isInstant(text: string): boolean {
  try {
    return Boolean(Temporal.Instant.from(text))
  } catch {
    return false
  }
}
