import type { Behaviour } from './behaviour.ts'

/** What a person could do about it. Prices in kopecks. */
export type Option = {
  sizeMb: number
  /** Undefined where nothing stated it. */
  priceMinor: number | undefined
  onCredit: boolean
  keyPresses: number
  /** A message offered it, unasked; otherwise it is the person's own idea. */
  byMessage: boolean
}

/** Who decides, and how much it matters now. */
export type Situation = {
  /** Importance of mobile data, around 1. */
  importance: number
  /** 0 … 1. */
  urgency: number
  wantedMb: number
  pickiness: number
  /** Utility lost per 100 roubles. */
  priceSensitivity: number
  /** Utility lost in debt; Infinity never borrows. */
  debtAversion: number
  effortPerKey: number
  /** Utility lost to earlier messages. */
  annoyance: number
}

/** How far the package has run, for `urgencyOf`. Hours and days are numbers with fractions. */
export type Shortage = {
  /** Hours since the package ended; undefined while it lasts. */
  exhaustedForH: number | undefined
  nearEnd: boolean
  saver: boolean
  wifi: boolean
  halfLifeH: number
  daysToRenewal: number
}

/**
 * Urgency 0 … 1: 1 when the package ends, from there with a half-life down to the wish of one who has come to terms
 * with doing without; less with Wi-Fi or a near renewal.
 */
export function urgencyOf(shortage: Shortage, b: Behaviour): number {
  const e = b.exhaustion
  const wait = 1 - Math.exp(-Math.max(0, shortage.daysToRenewal) / e.waitDays)
  if (shortage.exhaustedForH === undefined) {
    if (!shortage.nearEnd) return e.urgencyWithPlenty
    return (shortage.saver ? e.urgencyOfSaver : e.urgencyNearEnd) * wait
  }
  const faded = 2 ** (-shortage.exhaustedForH / shortage.halfLifeH)
  return (e.urgencyInTheEnd + (1 - e.urgencyInTheEnd) * faded) * wait * (shortage.wifi ? e.wifiFactor : 1)
}

/**
 * How far a size serves the need, 0 … 1: less the more it falls short, 1 from the wanted size on. What is too much
 * does no harm beyond its price, which counts by itself.
 */
export function matchOf(sizeMb: number, wantedMb: number, pickiness: number): number {
  return Math.min(1, (sizeMb / wantedMb) ** pickiness)
}

/** Utility of taking an option, in logits; doing nothing has the behaviour's `inertia`. */
export function utilityOf(option: Option, situation: Situation, b: Behaviour): number {
  const c = b.choice
  const priceMinor = option.priceMinor ?? option.sizeMb * c.supposedMinorPerMb
  const match = matchOf(option.sizeMb, situation.wantedMb, situation.pickiness)
  return (
    c.needWeight * situation.importance * situation.urgency * match -
    (situation.priceSensitivity * priceMinor) / 10_000 -
    situation.effortPerKey * option.keyPresses -
    (option.onCredit ? situation.debtAversion : 0) -
    (option.byMessage ? c.disregard + situation.annoyance : 0)
  )
}

/**
 * The chosen option's index, or undefined for nothing: a nested logit (Williams 1977, McFadden 1978), drawn in two
 * stages. Sizes of one thing are near substitutes, so they share a nest: which size, by utility ÷ `sizesApart` + taste;
 * whether to buy at all, by the nest's inclusive value + taste against inertia + taste. With a plain logit every
 * further size would add a fresh chance of buying, needed or not.
 *
 * `taste(i)` is the keyed Gumbel draw of option i, `taste(options.length)` of doing nothing, the next one of buying.
 */
export function choose(
  options: readonly Option[],
  situation: Situation,
  taste: (index: number) => number,
  b: Behaviour,
): number | undefined {
  const { inertia, sizesApart } = b.choice
  let best = -Infinity
  let chosen: number | undefined
  let sum = 0
  for (const [index, option] of options.entries()) {
    const scaled = utilityOf(option, situation, b) / sizesApart
    sum += Math.exp(scaled)
    if (scaled + taste(index) <= best) continue
    best = scaled + taste(index)
    chosen = index
  }
  if (chosen === undefined) return undefined
  const buying = sizesApart * Math.log(sum) + taste(options.length + 1)
  return buying > inertia + taste(options.length) ? chosen : undefined
}
