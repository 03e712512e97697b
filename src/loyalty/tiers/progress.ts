import { decimalText, isoOf } from '../../platform/index.ts'
import type { Member } from '../members.ts'
import { moneyCurrency, type Words } from '../programmes.ts'
import { dateOf, type Day, nextYearStart, plus } from './days.ts'
import { amountDecimalsOf, type ReadyLadder } from './ladder.ts'
import { countedOn, lookAt, newStanding, type Standing } from './standing.ts'
import type { Tier } from './tier-ladder.ts'

/** A tier as a member sees it on the ladder. */
export type TierView = {
  id: string
  name: Words
  description?: Words
  /** Minor units, or the length of time that it asks for. */
  at?: string
  after?: { months: number; days: number }
  /** For tenure: the local day on which the member reached it or will. */
  on?: string
  state: 'done' | 'present' | 'ahead'
  benefits: { id: string; name: Words; description?: Words }[]
}

/** What is missing for something, and the last local day on which it can be made good. */
export type Missing = { tier: string; missing: bigint | null; by: string | null; text: Words }

/** A member's place on a ladder and what lies ahead, ready to be shown. */
export type LadderView = {
  ladder: string
  programme: string
  name: Words
  measure: 'spend' | 'points' | 'tenure'
  tier: string | null
  since: string | null
  /** What counts today, minor units; null where time counts, and while the ladder is being filled with the past. */
  counted: bigint | null
  /** The last local day on which the tier is kept if nothing more happens; null: for ever. */
  keptUntil: string | null
  override: { reason: string; until: string | null } | null
  /** Towards the next tier; null on the highest. */
  next: Missing | null
  /** For keeping the present one; null where nothing is needed. */
  keep: Missing | null
  /** From the lowest up. */
  tiers: TierView[]
}

/** Shows where a member stands at a moment. */
export function viewOf(
  ladder: ReadyLadder,
  member: Member,
  stored: Standing | undefined,
  nowMs: number,
  isFilling: boolean,
): LadderView {
  const { document, days, programme } = ladder
  const standing = stored ?? newStanding(ladder, member.subscriberId, nowMs)
  const today = days.dayOf(nowMs)
  const { index, merit, isOverridden } = lookAt(ladder, standing, nowMs, isFilling)
  const isTenure = document.by.measure === 'tenure'
  const counted = isTenure || isFilling ? null : countedOn(ladder, standing, today)
  const ends = isOverridden
    ? standing.override!.untilMs
    : Number.isFinite(merit.until)
      ? days.startMs(merit.until)
      : null
  const present = document.tiers[index]
  const ahead = member.state === 'active' ? document.tiers[index + 1] : undefined
  return {
    ladder: document.id,
    programme: programme.id,
    name: document.name,
    measure: document.by.measure,
    tier: present?.id ?? null,
    since: present ? new Temporal.Instant(BigInt(standing.sinceMs) * 1_000_000n).toString() : null,
    counted,
    keptUntil: ends === null ? null : dateOf(days.dayOf(ends - 1)).toString(),
    override: isOverridden
      ? {
          reason: standing.override!.reason,
          until: ends === null ? null : isoOf(ends),
        }
      : null,
    next: ahead && !isFilling ? towards(ladder, standing, ahead, today, counted) : null,
    keep: present && !isTenure && !isOverridden ? keeping(ladder, standing, present, today, merit) : null,
    tiers: document.tiers.map((tier, i) =>
      tierView(tier, standing, i === index ? 'present' : i < index ? 'done' : 'ahead'),
    ),
  }
}

function tierView(tier: Tier, { startDay }: Standing, state: TierView['state']): TierView {
  const { id, name, description, at, after, benefits } = tier
  return {
    id,
    name,
    ...(description ? { description } : {}),
    ...(at === undefined ? {} : { at }),
    ...(after ? { after } : {}),
    ...(after && startDay !== null ? { on: dateOf(plus(startDay, after)).toString() } : {}),
    state,
    benefits: benefits.map(({ id: benefit, name: called, description: about }) => ({
      id: benefit,
      name: called,
      ...(about ? { description: about } : {}),
    })),
  }
}

function towards(
  ladder: ReadyLadder,
  standing: Standing,
  tier: Tier,
  today: Day,
  counted: bigint | null,
): Missing | null {
  if (counted === null) {
    if (standing.startDay === null) return null
    const day = plus(standing.startDay, tier.after!)
    return { tier: tier.id, missing: null, by: dateOf(day).toString(), text: sayOn(tier, day) }
  }
  const missing = BigInt(tier.at!) - counted
  if (missing <= 0n) return null
  const by = lastDay(ladder, standing, today)
  return {
    tier: tier.id,
    missing,
    by: by === null ? null : dateOf(by).toString(),
    text: say(ladder, tier, missing, by),
  }
}

/** The last day on which all that counts today still counts. */
function lastDay({ document: { period } }: ReadyLadder, { buckets }: Standing, today: Day): Day | null {
  if (period === 'ever') return null
  if (period === 'calendar_year') return nextYearStart(today) - 1
  const leaving = buckets.map(({ day }) => plus(day, { months: period.rollingMonths, days: 0 }))
  const first = leaving.find((day) => day > today)
  return first === undefined ? null : first - 1
}

/** What is needed so that the present tier goes on, in the time that is left for it. */
function keeping(
  ladder: ReadyLadder,
  standing: Standing,
  tier: Tier,
  today: Day,
  { end, until }: { end: Day; until: Day },
): Missing | null {
  if (!Number.isFinite(until)) return null
  const inYear = ladder.document.period === 'calendar_year'
  // What counts in a year that is over counts for the next one no more; within rolling months what is enough is enough.
  if (inYear ? BigInt(tier.at!) <= countedOn(ladder, standing, today) : end > today) return null
  const missing = BigInt(tier.at!) - countedOn(ladder, standing, today)
  const by = inYear ? Math.min(until, nextYearStart(today)) - 1 : until - 1
  return { tier: tier.id, missing, by: dateOf(by).toString(), text: sayKeep(ladder, tier, missing, by) }
}

const languages = { en: 'en-GB', ru: 'ru', uk: 'uk' } as const

function shown(day: Day, language: keyof typeof languages): string {
  const format = { day: 'numeric', month: 'short', year: 'numeric' } as const
  return dateOf(day).toLocaleString(languages[language], format)
}

/** Points in as many forms as a language has for their number. */
const pointForms = {
  en: { one: 'point', other: 'points' },
  ru: { one: 'балл', few: 'балла', many: 'баллов', other: 'балла' },
  uk: { one: 'бал', few: 'бали', many: 'балів', other: 'бала' },
} as const

/** What an amount is of: what the ladder calls it, a currency of money by its code, else points. */
function unitText(ladder: ReadyLadder, amount: string, language: keyof Words): string {
  const { by } = ladder.document
  const own = by.measure === 'spend' ? by.unit?.[language] : undefined
  if (own !== undefined) return own
  if (moneyCurrency.safeParse(ladder.currency).success) return ladder.currency
  const forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string } = pointForms[language]
  return forms[new Intl.PluralRules(language).select(Number(amount))] ?? forms.other
}

function amountText(ladder: ReadyLadder, amountMinor: bigint, language: keyof Words): string {
  const amount = decimalText(amountMinor, amountDecimalsOf(ladder))
  return `${amount} ${unitText(ladder, amount, language)}`
}

function say(ladder: ReadyLadder, { name }: Tier, missing: bigint, by: Day | null): Words {
  const until = (language: keyof Words, word: string): string =>
    by === null ? '' : ` ${word} ${shown(by, language)}`
  return {
    en: `${amountText(ladder, missing, 'en')} more${until('en', 'by')} for ${name.en}`,
    ru: `Ещё ${amountText(ladder, missing, 'ru')}${until('ru', 'до')} до уровня «${name.ru}»`,
    uk: `Ще ${amountText(ladder, missing, 'uk')}${until('uk', 'до')} до рівня «${name.uk}»`,
  }
}

function sayKeep(ladder: ReadyLadder, { name }: Tier, missing: bigint, by: Day): Words {
  return {
    en: `${amountText(ladder, missing, 'en')} more by ${shown(by, 'en')} to keep ${name.en}`,
    ru: `Ещё ${amountText(ladder, missing, 'ru')} до ${shown(by, 'ru')}, чтобы сохранить уровень «${name.ru}»`,
    uk: `Ще ${amountText(ladder, missing, 'uk')} до ${shown(by, 'uk')}, щоб зберегти рівень «${name.uk}»`,
  }
}

function sayOn({ name }: Tier, day: Day): Words {
  return {
    en: `${name.en} from ${shown(day, 'en')}`,
    ru: `«${name.ru}» с ${shown(day, 'ru')}`,
    uk: `«${name.uk}» з ${shown(day, 'uk')}`,
  }
}
