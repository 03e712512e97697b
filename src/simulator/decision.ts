import type { Behaviour } from './behaviour.ts'

/** What a person could do about it. Prices in kopecks. */
export type Option = {
  sizeMb: number
  /** Undefined where nothing stated it. */
  priceMinor: number | undefined
  onCredit: boolean
  keyPresses: number
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

/** Urgency 0 … 1: halves with each half-life after the package ended, less with Wi-Fi or a near renewal. */
export function urgencyOf(shortage: Shortage, b: Behaviour): number {
  const e = b.exhaustion
  const wait = 1 - Math.exp(-Math.max(0, shortage.daysToRenewal) / e.waitDays)
  if (shortage.exhaustedForH === undefined) {
    if (!shortage.nearEnd) return e.urgencyWithPlenty
    return (shortage.saver ? e.urgencyOfSaver : e.urgencyNearEnd) * wait
  }
  const faded = 2 ** (-shortage.exhaustedForH / shortage.halfLifeH)
  return faded * wait * (shortage.wifi ? e.wifiFactor : 1)
}

/** Match of a size, 0 … 1: 1 at the wanted size, falling with the distance of the logarithms. */
export function matchOf(sizeMb: number, wantedMb: number, pickiness: number): number {
  return Math.exp(-pickiness * Math.abs(Math.log(sizeMb / wantedMb)))
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
    situation.annoyance
  )
}

/**
 * The chosen option's index, or undefined for nothing: the greatest of utility + taste, where `taste(i)` is the
 * keyed Gumbel draw of option i and `taste(options.length)` that of doing nothing (multinomial logit).
 */
export function choose(
  options: readonly Option[],
  situation: Situation,
  taste: (index: number) => number,
  b: Behaviour,
): number | undefined {
  let best = b.choice.inertia + taste(options.length)
  let chosen: number | undefined
  for (const [index, option] of options.entries()) {
    const value = utilityOf(option, situation, b) + taste(index)
    if (value > best) {
      best = value
      chosen = index
    }
  }
  return chosen
}
