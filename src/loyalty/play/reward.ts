import { instantOf } from '../../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { extendByActivity } from '../activity.ts'
import type { Book } from '../book.ts'
import type { Effects } from '../consumer.ts'
import { expiryMs } from '../local-time.ts'
import { type Member, ownerOf } from '../members.ts'
import { type Expiry, keepsExpiry, type Programme } from '../programmes.ts'

/** Points that something else than an earn rule gives. */
export type Gift = {
  programme: Programme
  member: Member
  points: bigint
  expiry?: Expiry | undefined
  /** What gives them, such as `quest:first-steps`; stands as the transfer's memo and as `rule` in what is announced. */
  rule: string
  /** The transfer's idempotency key. */
  key: string
  atMs: number
}

/** A fact's quantity is a 32-bit count; the exact points stand beside it. */
const LARGEST_QUANTITY = 2_147_483_647n

/** Gives points to a member at once and announces them as earned. */
export function givePoints(book: Book, effects: Effects, gift: Gift): void {
  const { programme, member, points, rule, key, atMs } = gift
  const owner = ownerOf(member)
  const at = instantOf(atMs)
  const expiresAtMs = expiryMs(gift.expiry ?? programme.expiry, atMs, book.timeZoneOf(programme))
  effects.openAccount(programmeOpening(programme, 'liability'))
  effects.openAccount(ownerOpening(owner, programme.currency))
  effects.post(
    {
      key,
      kind: 'post',
      debitAccount: programmeAccount(programme, 'liability'),
      creditAccount: accountOf(owner, programme.currency),
      amountMinor: points,
      currency: programme.currency,
      at,
      memo: rule,
      lot: {
        earnedAt: at,
        ...(expiresAtMs === null ? {} : { expiresAt: instantOf(expiresAtMs) }),
        ...(keepsExpiry(gift.expiry) ? { keepsExpiry: true } : {}),
      },
    },
    [
      {
        kind: 'awarded',
        at,
        subscriberId: member.subscriberId,
        ref: key,
        quantity: Number(points < LARGEST_QUANTITY ? points : LARGEST_QUANTITY),
        attributes: { ruleId: rule, programmeId: programme.id, currency: programme.currency, points },
      },
    ],
  )
  extendByActivity(book, programme, accountOf(owner, programme.currency), effects)
  effects.announce({
    type: 'loyalty.points_earned',
    programmeId: programme.id,
    subscriberId: member.subscriberId,
    key,
    atMs,
    data: {
      rule,
      pointsMinor: Number(points),
      isPending: false,
      eventType: effects.event.type,
      availableFrom: atMs,
      ...(expiresAtMs === null ? {} : { expiresAt: expiresAtMs }),
    },
  })
}
