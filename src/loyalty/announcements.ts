import type { CelType } from '../expressions/index.ts'
import { decimalText, type DocumentReader } from '../platform/index.ts'
import { eventDeclarations } from '../events/index.ts'

type SimpleField = 'string' | 'integer' | 'boolean' | 'date-time'
/** `points`: an amount of the programme's, which stands in `data` twice; see `withPointsAsText`. */
type Field = SimpleField | 'points'

/**
 * What loyalty announces, by event type, with the fields of `data`. Each stands on the tenant's log as a CloudEvent of
 * the source `/loyalty`, for trigger rules and campaigns; the consumers of loyalty itself take it at once, in the
 * transaction of its cause. `programme` and `happenedAt` (the time of the cause) stand in every one.
 */
export const loyaltyEventTypes: Record<string, Record<string, Field>> = {
  'loyalty.member_enrolled': { by: 'string', isReturning: 'boolean', referralCode: 'string' },
  'loyalty.member_left': { points: 'points', forfeited: 'boolean' },
  'loyalty.members_merged': { from: 'integer' },
  'loyalty.points_earned': {
    rule: 'string',
    points: 'points',
    isPending: 'boolean',
    eventType: 'string',
    availableFrom: 'date-time',
    expiresAt: 'date-time',
  },
  'loyalty.points_released': { rule: 'string', points: 'points', expiresAt: 'date-time' },
  'loyalty.points_returned': {
    rule: 'string',
    points: 'points',
    forgiven: 'points',
    isPending: 'boolean',
    /** When they had been earned or released. */
    earnedAt: 'date-time',
  },
  'loyalty.quest_step_done': { quest: 'string', run: 'integer', step: 'string' },
  'loyalty.quest_completed': { quest: 'string', run: 'integer', times: 'integer' },
  'loyalty.achievement_reached': { achievement: 'string', level: 'integer' },
  'loyalty.streak_milestone': { streak: 'string', length: 'integer' },
  'loyalty.streak_lost': { streak: 'string', length: 'integer' },
  'loyalty.badge_awarded': { badge: 'string', cause: 'string' },
  'loyalty.play_right_earned': { kind: 'string', game: 'string', rounds: 'integer' },
  'loyalty.prize_won': {
    game: 'string',
    round: 'string',
    drawn: 'string',
    prize: 'string',
    reason: 'string',
    points: 'points',
  },
  'loyalty.quiz_finished': { game: 'string', round: 'string', correct: 'integer', questions: 'integer' },
  'loyalty.game_turn': {
    game: 'string',
    doors: 'integer',
    /** `choose`, `won`, `lost`, `no_right`, `past_round` or `not_open`. */
    turn: 'string',
    /** For the buttons of the doors: `play:GAME:STEP:1` and so on. */
    step: 'string',
    round: 'string',
    door: 'integer',
    winningDoor: 'integer',
    seedHash: 'string',
    serverSeed: 'string',
  },
  'loyalty.referral_linked': { referral: 'string', referee: 'integer' },
  'loyalty.referral_rewarded': {
    referral: 'string',
    reward: 'string',
    side: 'string',
    referee: 'integer',
    what: 'string',
    points: 'points',
  },
  'loyalty.tier_changed': {
    ladder: 'string',
    tier: 'string',
    former: 'string',
    direction: 'string',
    reason: 'string',
    isPrimary: 'boolean',
  },
  'loyalty.tier_at_risk': {
    ladder: 'string',
    tier: 'string',
    missing: 'string',
    missingMinor: 'integer',
    until: 'date-time',
    on: 'string',
  },
  'loyalty.benefit_granted': { ladder: 'string', tier: 'string', benefit: 'string', productId: 'string' },
  'loyalty.benefit_ended': { ladder: 'string', tier: 'string', benefit: 'string', productId: 'string' },
  'loyalty.points_expiring': {
    points: 'points',
    expiresAt: 'date-time',
    on: 'string',
    daysLeft: 'integer',
    daysBefore: 'integer',
  },
  'loyalty.points_burned': { points: 'points', reason: 'string' },
  'loyalty.abuse_suspected': { case: 'string', level: 'string', score: 'integer', reasons: 'string' },
  'loyalty.abuse_confirmed': { case: 'string', points: 'points' },
  'loyalty.abuse_released': { case: 'string', points: 'points' },
  'loyalty.abuse_lapsed': { case: 'string', points: 'points' },
  'loyalty.points_corrected': { points: 'points', reason: 'string' },
  'loyalty.reward_redeemed': {
    reward: 'string',
    redemption: 'string',
    kind: 'string',
    recipient: 'integer',
    points: 'points',
    /** For whoever it is for alone: a gift's code is told with the gift. */
    code: 'string',
  },
  'loyalty.gift_received': {
    reward: 'string',
    redemption: 'string',
    kind: 'string',
    recipient: 'integer',
    points: 'points',
    from: 'integer',
    code: 'string',
  },
  'loyalty.redemption_cancelled': {
    reward: 'string',
    redemption: 'string',
    kind: 'string',
    recipient: 'integer',
    points: 'points',
    reason: 'string',
  },
  'loyalty.redemption_refunded': {
    reward: 'string',
    redemption: 'string',
    kind: 'string',
    recipient: 'integer',
    points: 'points',
    reason: 'string',
  },
  'loyalty.reward_low_stock': { reward: 'string', left: 'integer', threshold: 'integer' },
  'loyalty.points_transferred': { transfer: 'string', to: 'integer', points: 'points', fee: 'points' },
  'loyalty.points_received': {
    transfer: 'string',
    from: 'integer',
    points: 'points',
    /** How many of them expire first, and when; absent where none does. */
    expiring: 'points',
    expiresAt: 'date-time',
  },
  'loyalty.points_converted': {
    exchange: 'string',
    quote: 'string',
    fromCurrency: 'string',
    /** In the decimals of either currency, which may be a partner's. */
    points: 'string',
    pointsMinor: 'integer',
    toCurrency: 'string',
    got: 'string',
    gotMinor: 'integer',
  },
  'loyalty.club_joined': { club: 'string', isReturning: 'boolean' },
  'loyalty.club_renewed': { club: 'string', until: 'date-time' },
  'loyalty.club_due': { club: 'string', points: 'points', until: 'date-time' },
  /** A fee in money that lets nobody in, with the id and source of the event that told of it. */
  'loyalty.club_fee_refused': { club: 'string', reason: 'string', payment: 'string', source: 'string' },
  'loyalty.club_left': { club: 'string', reason: 'string' },
  'loyalty.club_lapsed': { club: 'string', reason: 'string' },
  'loyalty.points_expired': { points: 'points', expiredAt: 'date-time' },
}

/** A purchase that a campaign made: taken by loyalty, never on the log. */
export const PURCHASE = 'purchase'

/** An answer to a message that is a move of a game: taken by loyalty, never on the log. */
export const ANSWERED = 'message.answered'

const ownDeclarations: Record<string, Record<string, CelType>> = {
  [ANSWERED]: { channel: 'string', text: 'string', choice: 'string' },
  [PURCHASE]: {
    productId: 'string',
    priceMinor: 'int',
    currency: 'string',
    onCredit: 'bool',
    campaignId: 'string',
    arm: 'string',
  },
}

const celTypes: Record<SimpleField, CelType> = {
  string: 'string',
  integer: 'int',
  boolean: 'bool',
  'date-time': 'timestamp',
}

/** Fields in every announcement. */
const everywhere: Record<string, Field> = { programme: 'string', happenedAt: 'date-time' }

const minorName = (name: string): string => `${name}Minor`

/** Fields of an announcement as they stand in `data`. */
function simpleFieldsOf(type: string): [name: string, field: SimpleField][] {
  return Object.entries({ ...everywhere, ...loyaltyEventTypes[type] }).flatMap(
    ([name, field]): [string, SimpleField][] =>
      field === 'points'
        ? [
            [name, 'string'],
            [minorName(name), 'integer'],
          ]
        : [[name, field]],
  )
}

/**
 * The fields of an announcement, and each amount of points as a text beside its minor units: `pointsMinor: 1250` comes
 * with `points: '12.50'` where the programme has two decimals. Conditions compare and add the former; the latter is what
 * a text says, so that nobody has to know the decimals to write it.
 */
export function withPointsAsText(
  type: string,
  data: Record<string, unknown>,
  decimals: number,
): Record<string, unknown> {
  const told = { ...data }
  for (const [name, field] of Object.entries(loyaltyEventTypes[type] ?? {})) {
    const minor = data[minorName(name)]
    if (field === 'points' && minor !== undefined) told[name] = decimalText(BigInt(minor as number), decimals)
  }
  return told
}

/** Fields of what loyalty announces by themselves; undefined for types of others. */
export function announcedFields(type: string): Record<string, CelType> | undefined {
  if (!loyaltyEventTypes[type]) return undefined
  return Object.fromEntries(simpleFieldsOf(type).map(([name, field]) => [name, celTypes[field]]))
}

/** What conditions may read of `event` for a type: the tenant's own types, and those that loyalty knows by itself. */
export const declarationsOf = (reader: DocumentReader, type: string): Record<string, CelType> =>
  announcedFields(type) ?? ownDeclarations[type] ?? eventDeclarations(reader, type)

/** Whether events of the type can come at all. */
export function isKnownType(reader: DocumentReader, type: string): boolean {
  return type in loyaltyEventTypes || type in ownDeclarations || reader.get('EventType', type) !== undefined
}

/**
 * The documents `EventType` of all announcements. They come with a tenant's first programme, so that trigger rules may
 * speak of what has not happened yet.
 */
export const eventTypeDocuments = (): object[] => Object.keys(loyaltyEventTypes).map(eventTypeDocument)

/** The document `EventType` of an announcement, so that trigger rules may speak of it. */
export function eventTypeDocument(type: string): object {
  const properties = Object.fromEntries(
    simpleFieldsOf(type).map(([name, field]) => [
      name,
      field === 'date-time' ? { type: 'string', format: 'date-time' } : { type: field },
    ]),
  )
  return { kind: 'EventType', id: type, subject: 'subscriber', schema: { type: 'object', properties } }
}
