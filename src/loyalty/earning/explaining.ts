import { selectUnsettledOfEvent } from '../../events/index.ts'
import { decimalText, DomainError, isoOf, type Tx } from '../../platform/index.ts'
import { accountOf, memberAccount } from '../accounts.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import {
  selectHistory,
  selectJudgedEvents,
  selectPersons,
  type StoredEvent,
  type StoredJudgement,
} from '../judgements-store.ts'
import { ownerOf } from '../members.ts'
import { selectMembers } from '../members-store.ts'
import { nextPlace } from '../pages.ts'
import { impliedProgramme, type Words } from '../programmes.ts'
import { type Award, WELCOME } from './award.ts'
import type { ExplainAnswer, ExplainedEvent, HistoryPage, JudgementView, Language } from './contract.ts'
import { selectAwardsOfEvents } from './store.ts'
import { consumerNames, earnWords, filled, refusedWords, welcomeName } from './words.ts'

export type ExplainRequest = {
  tenantId: string
  subscriberId: number
  programmeId?: string | undefined
  language: Language
}

/**
 * What every rule made of an event of a member, with the values that decided; of an event that was refused when it came
 * in, why. Throws `loyalty_event_not_found` when there is neither.
 */
export async function explainEvent(
  parts: LoyaltyParts,
  request: ExplainRequest & { event: string },
): Promise<ExplainAnswer> {
  const { tenantId, subscriberId, event } = request
  const book = await parts.books.of(tenantId)
  const { events, letters } = await parts.database.tx(tenantId, async (tx) => {
    const whose = await whoseHistory(tx, book, subscriberId)
    const found = await selectJudgedEvents(tx, whose.subscriberIds, event)
    return {
      events: await viewsOf(parts, tx, book, whose, found, request),
      letters: await selectUnsettledOfEvent(tx, event),
    }
  })
  const refused = await ownLetters(parts, request, letters)
  if (events.length + refused.length > 0) return { events, refused }
  throw new DomainError('loyalty_event_not_found', 'no rule has judged such an event of this member', {
    field: 'event',
    found: event,
    expected: 'the id of an event of a type that a rule of the programme is on',
  })
}

type Letter = Awaited<ReturnType<typeof selectUnsettledOfEvent>>[number]

/** The letters that name the member, or somebody whom nobody knows; told without what the source sent. */
async function ownLetters(
  { profiles }: LoyaltyParts,
  { tenantId, subscriberId, language }: ExplainRequest,
  letters: Letter[],
): Promise<ExplainAnswer['refused']> {
  const subjects = letters.map(({ event }) => String((event as { subject?: unknown } | null)?.subject ?? ''))
  const ids = letters.length === 0 ? [] : await profiles.resolveIdentities(tenantId, subjects)
  return letters
    .filter((_, i) => ids[i] === undefined || ids[i] === subscriberId)
    .map(({ deadLetterId, receivedAt, problem: { code, field = null } }) => ({
      deadLetterId,
      receivedAt: receivedAt.toString(),
      code,
      field,
      text: filled(refusedWords[language], 0n, String, { code }),
    }))
}

/** The member's events with what came of each, the latest first; of a shared balance those of all who share it. */
export async function pointsHistory(
  parts: LoyaltyParts,
  request: ExplainRequest & { limit: number; before?: string | undefined },
): Promise<HistoryPage> {
  const { tenantId, subscriberId, limit } = request
  const book = await parts.books.of(tenantId)
  return parts.database.tx(tenantId, async (tx) => {
    const whose = await whoseHistory(tx, book, subscriberId)
    const stored = await selectHistory(tx, { ...whose, before: request.before ?? null, limit })
    const events = await viewsOf(parts, tx, book, whose, stored, request)
    const next = nextPlace(stored, limit, ({ at, eventId: id }) => ({ at: at.toString(), id }))
    return { events: events.filter(({ judgements }) => judgements.length > 0), next }
  })
}

/** Whose events make up a member's history. */
type Whose = {
  subscriberIds: number[]
  /** Accounts that the member shares with others now. */
  accounts: string[]
  /** Whether a judgement of somebody's event belongs to it. */
  has(subscriberId: number, judgement: StoredJudgement): boolean
}

async function whoseHistory(tx: Tx, book: Book, subscriberId: number): Promise<Whose> {
  const persons = await selectPersons(tx, subscriberId)
  const members = await selectMembers(
    tx,
    persons.map(({ goesOnAs }) => goesOnAs),
  )
  const accounts = persons.flatMap(({ programmeId, goesOnAs }) => {
    const programme = book.programmes.get(programmeId)
    const member = members.find((one) => one.subscriberId === goesOnAs && one.programmeId === programmeId)
    const isSharing = programme && member?.sharesBalance && member.householdId !== null
    return isSharing ? [accountOf(ownerOf(member), programme.currency)] : []
  })
  const own = new Map(persons.map(({ programmeId, subscriberIds }) => [programmeId, subscriberIds]))
  return {
    subscriberIds: [...new Set([subscriberId, ...persons.flatMap(({ subscriberIds }) => subscriberIds)])],
    accounts,
    has: (id, { programmeId, account }) =>
      id === subscriberId ||
      own.get(programmeId)?.includes(id) === true ||
      (account !== undefined && accounts.includes(account)),
  }
}

async function viewsOf(
  { consumers }: LoyaltyParts,
  tx: Tx,
  book: Book,
  whose: Whose,
  events: StoredEvent[],
  { programmeId, language }: ExplainRequest,
): Promise<ExplainedEvent[]> {
  const words: Record<string, Words> = Object.assign(
    {},
    ...consumers.map((one) => one.words ?? {}),
    earnWords,
  )
  const awards = new Map(
    (
      await selectAwardsOfEvents(
        tx,
        events.map(({ eventId }) => eventId),
      )
    ).map((award) => [`${award.eventId}\n${award.ruleId}`, award]),
  )
  return events.map(({ judgements, at, ...event }) => ({
    ...event,
    at: at.toString(),
    judgements: judgements
      .filter((one) => programmeId === undefined || one.programmeId === programmeId)
      .filter((one) => whose.has(event.subscriberId, one))
      .map((one): JudgementView => {
        const { id, currency, decimals } = book.programmes.get(one.programmeId) ?? impliedProgramme
        const inPoints = (minor: bigint): string => decimalText(minor, decimals)
        const points = one.points ?? '0'
        const own = memberAccount(id, event.subscriberId, currency)
        return {
          consumer: one.consumer,
          programme: one.programmeId,
          rule: one.rule,
          ruleName: nameOf(book, one),
          ruleVersion: one.ruleVersion,
          reason: one.reason,
          points,
          decimals,
          account: points === '0' ? null : (one.account ?? own),
          text: filled(words[one.reason]?.[language] ?? one.reason, BigInt(points), inPoints, {
            ...one.saw,
            ...namesIn(book, one.saw, language),
          }),
          saw: one.saw,
          award: viewOf(awards.get(`${event.eventId}\n${one.rule}`)),
        }
      }),
  }))
}

/** Kinds of documents by what stands before the colon of a judgement's rule. */
const KINDS: Record<string, string> = {
  quest: 'Quest',
  achievement: 'Achievement',
  streak: 'Streak',
  referral: 'Referral',
  reward: 'Reward',
  club: 'Club',
  exchange: 'Exchange',
  wheel: 'Wheel',
  quiz: 'Quiz',
  botgame: 'BotGame',
}

/** What is called by which something was judged; null where it has no name, or is gone. */
function nameOf(book: Book, { consumer, rule }: { consumer: string; rule: string }): Words | null {
  if (rule === WELCOME) return welcomeName
  const [before = '', id] = rule.split(':')
  const kind = id === undefined ? (consumer === 'tiers' ? 'TierLadder' : 'EarnRule') : KINDS[before]
  const document = kind === undefined ? undefined : book.reader.get(kind, id ?? rule)
  return (document as { name?: Words } | undefined)?.name ?? consumerNames[consumer] ?? null
}

type Named = { id: string; name?: Words }

/** Of what was seen, the documents that are named by their id as people call them, and the prizes of a wheel. */
function namesIn(book: Book, saw: Record<string, unknown>, language: Language): Record<string, string> {
  const documentOf = (kind: string, field: string): object | undefined =>
    typeof saw[field] === 'string' ? book.reader.get(kind, saw[field]) : undefined
  const { prizes = [] } = (documentOf('Wheel', 'game') ?? {}) as { prizes?: Named[] }
  const named = [
    ...Object.entries(KINDS).map(([field, kind]) => [field, documentOf(kind, field) as Named | undefined]),
    ...['prize', 'drawn'].map((field) => [field, prizes.find(({ id }) => id === saw[field])]),
  ] as [string, Named | undefined][]
  return Object.fromEntries(
    named.flatMap(([field, one]) => (one?.name === undefined ? [] : [[field, one.name[language]]])),
  )
}

function viewOf(award: Award | undefined): JudgementView['award'] {
  if (!award) return null
  const { state, points, returnedPoints, forgivenPoints, availableFromMs, expiresAtMs } = award
  return {
    state,
    points: points.toString(),
    returned: returnedPoints.toString(),
    forgiven: forgivenPoints.toString(),
    availableFrom: isoOf(availableFromMs),
    expiresAt: isoOf(expiresAtMs),
  }
}
