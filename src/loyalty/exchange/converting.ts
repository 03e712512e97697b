import type { AccountOpening, TransferRequest } from '../../ledger/index.ts'
import { decimalText, instantOf, newId, type Tx } from '../../platform/index.ts'
import { refuseAbuse, type Subject } from '../abuse/gate.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { type ActionJudgement, carryOut } from '../action.ts'
import { type Applicant, applicantOf } from '../applicant.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { expiryMs, localDay } from '../local-time.ts'
import { ownerOf } from '../members.ts'
import { lockLoyalty, selectMember } from '../members-store.ts'
import { activeMember } from '../play/member-at-play.ts'
import type { Programme } from '../programmes.ts'
import type { Exchange, ExchangeSide } from './documents.ts'
import { exchangesOf, judgeAmount, type Ready, spansOf } from './plan.ts'
import { partsTaken } from './lots-taken.ts'
import { amountsOf, type PartOfLot, sharesOf } from './quote.ts'
import { finishQuote, insertQuote, type Quote, selectQuote, usedByExchange } from './store.ts'
import { EXCHANGE, fail, refuse } from './transferring.ts'

const MINUTE_MS = 60_000

/** Accounts of a partner in a currency: what either owes the other, and what stands with the partner's players. */
export const partnerAccount = (partner: string, purpose: 'clearing' | 'wallets', currency: string): string =>
  `partner:${partner}:${purpose}:${currency}`

/** The opening of a partner's account. */
export const partnerOpening = (
  partner: string,
  purpose: 'clearing' | 'wallets',
  currency: string,
): AccountOpening => ({
  accountId: partnerAccount(partner, purpose, currency),
  owner: `partner:${partner}`,
  purpose: purpose === 'clearing' ? 'clearing' : 'partner',
  currency,
  mayGoNegative: true,
})

/** The programme of a side as it is now; undefined: the side is a partner's. */
export const programmeOf = (book: Book, side: ExchangeSide): Programme | undefined =>
  'programme' in side ? book.programmes.get(side.programme) : undefined

/** Decimals of a side's currency. */
export const decimalsOf = (book: Book, side: ExchangeSide): number =>
  programmeOf(book, side)?.decimals ?? ('decimals' in side ? side.decimals : 0)

/** Currency of a side. */
export const currencyOf = (book: Book, side: ExchangeSide): string =>
  programmeOf(book, side)?.currency ?? ('currency' in side ? side.currency : '')

/** Promises what an amount comes to, for some minutes. Throws an `ExchangeRefusal`. */
export async function quote(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  exchange: Ready<Exchange>,
  subscriberId: number,
  amountMinor: bigint,
): Promise<Quote> {
  const { document, version, programme } = exchange
  const at = parts.clock.now()
  const atMs = at.epochMilliseconds
  if (isOver(document, atMs)) return refuse('exchange_not_open', { field: 'exchange', found: document.id })
  const decimals = { from: decimalsOf(book, document.from), to: decimalsOf(book, document.to) }
  const amounts = amountsOf(document, amountMinor, decimals)
  if (!amounts) return refuse('exchange_too_small', { field: 'amount', found: amountMinor.toString() })
  const applicant = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
  await judge(tx, exchange, applicant, amounts.fromMinor, atMs)
  const promised: Quote = {
    ...amounts,
    quoteId: newId(),
    exchangeId: document.id,
    exchangeVersion: version,
    programmeId: programme.id,
    subscriberId: applicant.member.subscriberId,
    terms: document,
    at,
    expiresAt: instantOf(atMs + document.quoteMinutes * MINUTE_MS),
    doneAt: null,
  }
  await insertQuote(tx, promised)
  return promised
}

/** Whether the time of an exchange has not come or has passed. */
export const isOver = ({ validFrom, validTo }: Exchange, atMs: number): boolean =>
  (validFrom !== undefined && atMs < Date.parse(validFrom)) ||
  (validTo !== undefined && atMs >= Date.parse(validTo))

/**
 * Takes a quote: books it at the promised rate, once. Limits and balance are looked at again. Throws an
 * `ExchangeRefusal`, `quote_not_found`, and what the gate against abuse throws.
 */
export async function convert(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  subscriberId: number,
  quoteId: string,
): Promise<Quote> {
  lockLoyalty(tx)
  const found = { field: 'quoteId', found: quoteId }
  const promised = await selectQuote(tx, quoteId)
  if (promised && promised.doneAt !== null) {
    const owner = await selectMember(tx, promised.programmeId, subscriberId)
    // What was done is told whatever has become of the member since.
    if (owner?.subscriberId === promised.subscriberId) return promised
  }
  const present = promised && exchangesOf(book).get(promised.exchangeId)
  const programme = promised && book.programmes.get(promised.programmeId)
  if (!promised || !present || !programme) return fail('quote_not_found', 'no such quote', found)
  const now = parts.clock.now()
  const atMs = now.epochMilliseconds
  const applicant = await applicantOf(parts, tx, book, programme, subscriberId, atMs)
  const id = applicant.member.subscriberId
  if (id !== promised.subscriberId) return fail('quote_not_found', 'the quote is not the member’s', found)
  if (Temporal.Instant.compare(promised.expiresAt, now) <= 0) {
    return refuse('quote_expired', { ...found, expected: `until ${promised.expiresAt.toString()}` })
  }
  const { terms, fromMinor } = promised
  const exchange = { ...present, document: terms, version: promised.exchangeVersion }
  await judge(tx, exchange, applicant, fromMinor, atMs)
  const isOwnSource = 'programme' in terms.from
  const source = sourceOf(book, promised, applicant.accountId, now)
  const parted = isOwnSource ? await partsTaken(tx, applicant.accountId, fromMinor, atMs) : []
  const target = await targetOf(tx, book, promised, parted, subscriberId, now)
  const giving: Subject = { programmeId: programme.id, subscriberId: id, doing: 'send', points: fromMinor }
  await refuseAbuse(tx, [...(isOwnSource ? [giving] : []), ...target.receiving], now)
  await finishQuote(tx, promised, now, localDay(atMs, exchange.timeZone))
  await tell(parts, tx, book, exchange, promised, {
    accounts: [...source.accounts, ...target.accounts],
    transfers: [...source.transfers, ...target.transfers],
    receiverId: target.receiving[0]?.subscriberId ?? id,
    atMs,
  })
  return { ...promised, doneAt: now }
}

/** Refuses an amount for which the member's conditions, limits or points are not enough. */
async function judge(
  tx: Tx,
  exchange: Ready<Exchange>,
  { member, scope, availableMinor }: Applicant,
  fromMinor: bigint,
  atMs: number,
): Promise<void> {
  const asked = { field: 'amount', found: fromMinor.toString() }
  const used = await usedByExchange(tx, exchange.document.id, spansOf(exchange, member.subscriberId, atMs))
  const refusal = judgeAmount(exchange, scope, fromMinor, used)
  if (refusal !== null) refuse(refusal, asked)
  if ('programme' in exchange.document.from && availableMinor < fromMinor) {
    refuse('exchange_points_insufficient', { ...asked, expected: `up to ${availableMinor}` })
  }
}

type Bookings = { accounts: AccountOpening[]; transfers: TransferRequest[] }
const keyOf = ({ quoteId }: Quote): string => `exchange:${quoteId}`

/** The currency that is given: from the member, or from the partner's players, onto a clearing account. */
function sourceOf(book: Book, one: Quote, accountId: string, at: Temporal.Instant): Bookings {
  const key = keyOf(one)
  const { from, to, id } = one.terms
  const currency = currencyOf(book, from)
  const common = {
    key,
    kind: 'post' as const,
    group: key,
    amountMinor: one.fromMinor,
    currency,
    at,
    memo: id,
  }
  const programme = programmeOf(book, from)
  if (programme) {
    const clearing = clearingOf(programme, to)
    return {
      accounts: [clearing],
      transfers: [{ ...common, debitAccount: accountId, creditAccount: clearing.accountId }],
    }
  }
  const { partner } = from as { partner: string }
  const wallets = partnerOpening(partner, 'wallets', currency)
  const clearing = partnerOpening(partner, 'clearing', currency)
  return {
    accounts: [wallets, clearing],
    transfers: [{ ...common, debitAccount: wallets.accountId, creditAccount: clearing.accountId }],
  }
}

/** The currency that is got: from a clearing account to the member, lot by lot, or to the partner's players. */
async function targetOf(
  tx: Tx,
  book: Book,
  one: Quote,
  parted: PartOfLot[],
  subscriberId: number,
  at: Temporal.Instant,
): Promise<Bookings & { receiving: Subject[] }> {
  const key = keyOf(one)
  const { from, to, id, expiry } = one.terms
  const currency = currencyOf(book, to)
  const common = { kind: 'post' as const, group: key, currency, at, memo: id }
  const programme = programmeOf(book, to)
  if (!programme) {
    const { partner } = to as { partner: string }
    const wallets = partnerOpening(partner, 'wallets', currency)
    const clearing = partnerOpening(partner, 'clearing', currency)
    const accounts = { debitAccount: clearing.accountId, creditAccount: wallets.accountId }
    return {
      accounts: [wallets, clearing],
      transfers: [{ ...common, ...accounts, key: `${key}:to`, amountMinor: one.toMinor }],
      receiving: [],
    }
  }
  const member = await activeMember(tx, programme.id, subscriberId)
  const creditAccount = accountOf(ownerOf(member), currency)
  const clearing = clearingOf(programme, from)
  const freshMs = expiryMs(programme.expiry, at.epochMilliseconds, book.timeZoneOf(programme))
  const fresh = freshMs === null ? undefined : instantOf(freshMs)
  const shares =
    expiry === 'keep' && parted.length > 0
      ? sharesOf(parted, one)
      : [{ amountMinor: one.toMinor, earnedAt: at, expiresAt: fresh, keepsExpiry: false }]
  const receiver = { programmeId: programme.id, subscriberId: member.subscriberId, points: one.toMinor }
  return {
    accounts: [clearing, ownerOpening(ownerOf(member), currency)],
    receiving: [{ ...receiver, doing: 'receive' }],
    transfers: shares.map(({ amountMinor, earnedAt, expiresAt, keepsExpiry }, i) => ({
      ...common,
      key: `${key}:to:${i}`,
      debitAccount: clearing.accountId,
      creditAccount,
      amountMinor,
      lot: { earnedAt, ...(expiresAt === undefined ? {} : { expiresAt }), keepsExpiry },
    })),
  }
}

/** Where a programme's currency waits for settlement with the other side. */
export function clearingOf(programme: Programme, other: ExchangeSide): AccountOpening {
  return 'programme' in other
    ? { ...programmeOpening(programme, 'clearing'), accountId: programmeAccount(programme, 'clearing') }
    : partnerOpening(other.partner, 'clearing', programme.currency)
}

/**
 * Carries a conversion out. Whoever gives may be merged into somebody else in the one programme and not in the other: what
 * is got is then an event of the member whose account it is on.
 */
async function tell(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  { programme, version }: Ready<Exchange>,
  one: Quote,
  { atMs, receiverId, ...bookings }: Bookings & { atMs: number; receiverId: number },
): Promise<void> {
  const { quoteId, subscriberId, terms, fromMinor, toMinor, spreadMinor } = one
  const [fromCurrency, toCurrency] = [currencyOf(book, terms.from), currencyOf(book, terms.to)]
  const { from, to } = terms
  const saw = {
    given: decimalText(fromMinor, decimalsOf(book, from)),
    fromCurrency,
    got: decimalText(toMinor, decimalsOf(book, to)),
    toCurrency,
    spread: spreadMinor,
    quote: quoteId,
  }
  const about = { rule: `exchange:${terms.id}`, ruleVersion: version, reason: 'points_converted', saw }
  const given: ActionJudgement[] =
    'programme' in from ? [{ ...about, programmeId: from.programme, points: -fromMinor }] : []
  const got: ActionJudgement[] =
    'programme' in to ? [{ ...about, programmeId: to.programme, points: toMinor }] : []
  const isOnePerson = receiverId === subscriberId
  const action = { part: EXCHANGE, key: keyOf(one), programmeId: programme.id, subscriberId, atMs }
  await carryOut(parts, tx, book.tenantId, [
    ...(isOnePerson
      ? []
      : [{ ...action, key: `${keyOf(one)}:to`, subscriberId: receiverId, judgements: got }]),
    {
      ...bookings,
      ...action,
      judgements: isOnePerson ? [...given, ...got] : given,
      announcements: [
        {
          type: 'loyalty.points_converted',
          key: quoteId,
          data: {
            exchange: terms.id,
            quote: quoteId,
            fromCurrency,
            points: saw.given,
            pointsMinor: Number(fromMinor),
            toCurrency,
            got: saw.got,
            gotMinor: Number(toMinor),
          },
        },
      ],
    },
  ])
}
