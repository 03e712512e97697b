/** How often a channel was tried for somebody, and how often it reached them. */
export type Attempts = { tried: number; reached: number }

/** What is believed of a channel before anything is known of the subscriber. */
export type Prior = { mean: number; weight: number }

/** Nothing known at all: even odds, given up at the first few attempts. */
const BLANK: Prior = { mean: 0.5, weight: 1 }

/**
 * The prior from everybody's attempts: the mean share of subscribers, and how many attempts of one's own it takes to
 * weigh as much, by the method of moments for the beta-binomial distribution (Kleinman, "Proportions with extraneous
 * variance", JASA 68 (1973)). People who differ much give a light prior, people who are alike a heavy one.
 */
export function priorOf(everybody: Attempts[]): Prior {
  const known = everybody.filter(({ tried }) => tried > 0)
  const tried = sum(known, (each) => each.tried)
  if (tried === 0) return BLANK
  const mean = sum(known, (each) => each.reached) / tried
  const spread = mean * (1 - mean)
  if (known.length < 2 || spread === 0) return { mean, weight: Math.max(1, Math.min(tried, HEAVIEST)) }
  const deviation = sum(known, ({ tried: n, reached }) => n * (reached / n - mean) ** 2)
  const trials = tried - sum(known, (each) => each.tried ** 2) / tried
  // The share of the variance that is between people; 0 when they are as alike as chance lets them look.
  const between = (deviation - (known.length - 1) * spread) / (trials - (known.length - 1)) / spread
  const weight = between > 0 && Number.isFinite(between) ? 1 / between - 1 : HEAVIEST
  return { mean, weight: Math.max(1, Math.min(weight, HEAVIEST)) }
}

const HEAVIEST = 1_000

/** The chance that a channel reaches a subscriber: the mean of the beta posterior. */
export function reachability({ tried, reached }: Attempts, prior: Prior): number {
  return (reached + prior.mean * prior.weight) / (tried + prior.weight)
}

/** A step of a cascade as the order sees it. */
export type OrderedStep = { priceMinor: bigint; reach: number }

/**
 * The order of steps that reaches as many for the least expected cost: by cost per reached subscriber, price over
 * chance, the lowest first. Each step costs only when all before it failed, so by exchange of neighbours no other order
 * is cheaper (Smith's ratio rule; Mitten, "An analytic solution to the least cost testing sequence problem", Journal of
 * Industrial Engineering 11 (1960)). Steps that cannot reach come last; equals stay in their order. Returns places.
 */
export function cheapestOrder(steps: OrderedStep[]): number[] {
  const ratio = ({ priceMinor, reach }: OrderedStep): number =>
    reach <= 0 ? Number.POSITIVE_INFINITY : Number(priceMinor) / reach
  const ratios = steps.map(ratio)
  return steps.map((_, place) => place).sort((a, b) => ratios[a]! - ratios[b]! || a - b)
}

const sum = <T>(items: T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
