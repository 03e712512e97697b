import { decimalText, DomainError, type Tx } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { selectHistory, selectJudgedEvents, selectPersons, type StoredEvent } from '../judgements-store.ts'
import { impliedProgramme, type Words } from '../programmes.ts'
import type { Award } from './award.ts'
import type { ExplainedEvent, HistoryPage, JudgementView, Language } from './contract.ts'
import { selectAwardsOfEvents } from './store.ts'
import { earnWords, filled } from './words.ts'

export type ExplainRequest = {
  tenantId: string
  subscriberId: number
  programmeId?: string | undefined
  language: Language
}

/**
 * What every rule made of an event of a member, with the values that decided. Throws `loyalty_event_not_found` when
 * no rule judged an event of that id.
 */
export async function explainEvent(
  parts: LoyaltyParts,
  request: ExplainRequest & { event: string },
): Promise<ExplainedEvent[]> {
  const { tenantId, subscriberId, event } = request
  const book = await parts.books.of(tenantId)
  return parts.database.tx(tenantId, async (tx) => {
    const events = await selectJudgedEvents(tx, await selectPersons(tx, subscriberId), event)
    if (events.length > 0) return viewsOf(parts, tx, book, events, request)
    throw new DomainError('loyalty_event_not_found', 'no rule has judged such an event of this member', {
      field: 'event',
      found: event,
      expected: 'the id of an event of a type that a rule of the programme is on',
    })
  })
}

/** The member's events with what came of each, the latest first. */
export async function pointsHistory(
  parts: LoyaltyParts,
  request: ExplainRequest & { limit: number; before?: string | undefined },
): Promise<HistoryPage> {
  const { tenantId, subscriberId, limit } = request
  const book = await parts.books.of(tenantId)
  return parts.database.tx(tenantId, async (tx) => {
    const subscriberIds = await selectPersons(tx, subscriberId)
    const stored = await selectHistory(tx, { subscriberIds, before: placeOf(request.before), limit })
    const last = stored.at(-1)
    const events = await viewsOf(parts, tx, book, stored, request)
    const next = stored.length < limit || !last ? null : `${last.at.toString()} ${last.eventId}`
    return { events: events.filter(({ judgements }) => judgements.length > 0), next }
  })
}

function placeOf(before: string | undefined): { at: Temporal.Instant; eventId: string } | null {
  if (before === undefined) return null
  const [at = '', eventId = ''] = before.split(' ')
  try {
    return { at: Temporal.Instant.from(at), eventId }
  } catch {
    throw new DomainError('request_invalid', 'no such place in the history', {
      field: 'before',
      found: before,
    })
  }
}

async function viewsOf(
  { consumers }: LoyaltyParts,
  tx: Tx,
  book: Book,
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
      .map((one): JudgementView => {
        const { decimals } = book.programmes.get(one.programmeId) ?? impliedProgramme
        const points = one.points ?? '0'
        return {
          consumer: one.consumer,
          programme: one.programmeId,
          rule: one.rule,
          ruleName: nameOf(book, one),
          ruleVersion: one.ruleVersion,
          reason: one.reason,
          points,
          decimals,
          text: filled(
            words[one.reason]?.[language] ?? one.reason,
            decimalText(BigInt(points), decimals),
            one.saw,
          ),
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
  wheel: 'Wheel',
  quiz: 'Quiz',
  botgame: 'BotGame',
}

/** What the document is called by which something was judged; null where it has no name, or is gone. */
function nameOf(book: Book, { consumer, rule }: { consumer: string; rule: string }): Words | null {
  const [before = '', id] = rule.split(':')
  const kind = id === undefined ? (consumer === 'tiers' ? 'TierLadder' : 'EarnRule') : KINDS[before]
  const document = kind === undefined ? undefined : book.reader.get(kind, id ?? rule)
  return (document as { name?: Words } | undefined)?.name ?? null
}

function viewOf(award: Award | undefined): JudgementView['award'] {
  if (!award) return null
  const { state, points, returnedPoints, forgivenPoints, availableFromMs, expiresAtMs } = award
  return {
    state,
    points: points.toString(),
    returned: returnedPoints.toString(),
    forgiven: forgivenPoints.toString(),
    availableFrom: iso(availableFromMs),
    expiresAt: expiresAtMs === null ? null : iso(expiresAtMs),
  }
}

const iso = (ms: number): string => Temporal.Instant.fromEpochMilliseconds(ms).toString()
