import { z } from 'zod'
import { DomainError } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LocalTimes } from '../local-time.ts'
import { impliedProgramme } from '../programmes.ts'
import type { TryAnswer } from '../rehearsal-contract.ts'
import { type Audience, rehearse, type Span, type Trial } from '../rehearsal.ts'
import { playKinds } from './document-kinds.ts'
import { achievement, quest, streak } from './documents.ts'
import type { PlayErrorCode, PlayReason } from './errors.ts'
import { emptyMemory } from './memory.ts'
import { planFrom } from './plan.ts'
import { playSession } from './session.ts'

/** A quest, an achievement or a streak to be tried, saved or not. */
export type PlayTrial = Span & { document: unknown }

const tried = z.discriminatedUnion('kind', [quest, achievement, streak])

/** Reasons of judgements that give what the document promises. */
const awards: readonly string[] = [
  'quest_completed',
  'achievement_level_reached',
  'streak_milestone',
] satisfies PlayReason[]

/** Tries a quest, an achievement or a streak on history. Throws `play_document_invalid`. */
export const tryPlay = (parts: LoyaltyParts, { document, ...span }: PlayTrial): Promise<TryAnswer> =>
  rehearse(parts, span, (audience) => trialOf(document, audience))

function trialOf(given: unknown, audience: Audience): Trial {
  const { book } = audience
  const document = checked(given, audience)
  const { kind, id } = document
  const programme = book.programmes.get(document.programme) ?? impliedProgramme
  // As if it had been there all the time, and everybody had joined who could.
  const { validFrom: _from, validTo: _to, ...always } = document
  const open = kind === 'Quest' ? { ...always, join: 'first_step' } : always
  const plan = planFrom(book, (of) => (of === kind ? [open] : []))
  return {
    types: plan.types,
    session: playSession({ batch: audience, plan, memory: emptyMemory(), local: new LocalTimes() }),
    counted: {
      rule: `${kind.toLowerCase()}:${id}`,
      programme,
      timeZone: book.timeZoneOf(programme),
      isAward: ({ reason }) => awards.includes(reason),
    },
  }
}

function checked(given: unknown, { book }: Audience): z.infer<typeof tried> {
  const code: PlayErrorCode = 'play_document_invalid'
  const parsed = tried.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new DomainError(code, issue!.message, { field: ['document', ...issue!.path].join('.') })
  }
  const kind = playKinds.find((one) => one.kind === parsed.data.kind)!
  // A kind checks its own documents alone, which the list of kinds does not tell.
  const problems = kind.check!(parsed.data as never, book.reader)
  const [first] = problems
  if (first) throw new DomainError(code, first.message, { field: `document.${first.field}`, problems })
  return parsed.data
}
