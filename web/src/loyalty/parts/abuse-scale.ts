import type { AbusePolicy } from '../../../../src/loyalty/contract.ts'

export type Zone = { level: 'free' | 'hold' | 'limit' | 'refuse'; from: number; to: number }

/** Scores add up without end; what is done does not change any more from here on. */
const END = 100

/** What is done at which scores; a level that begins where the next one does has no place of its own. */
export function zonesOf({ hold, limit, refuse }: Pick<AbusePolicy, 'hold' | 'limit' | 'refuse'>): Zone[] {
  const begins: [Zone['level'], number | undefined][] = [
    ['free', 0],
    ['hold', hold],
    ['limit', limit?.from],
    ['refuse', refuse],
  ]
  const set = begins.flatMap(([level, from]) => (from === undefined ? [] : [{ level, from }]))
  return set
    .map((one, i) => ({ ...one, to: Math.max(one.from, set[i + 1]?.from ?? END) }))
    .filter(({ from, to }, i) => to > from || i === set.length - 1)
}

export type Sign = {
  id: string
  sign: 'velocity' | 'manyToOne' | 'oneToMany' | 'freshReceiver' | 'shared'
  /** Which deed or instrument it is about. */
  of?: 'earned' | 'received' | 'sent' | 'redeemed' | 'device' | 'payment'
  score: number
}

/** Every sign that a policy looks for, the heaviest first. */
export function signsOf({ signals }: Pick<AbusePolicy, 'signals'>): Sign[] {
  const { velocity = [], shared = [], ...single } = signals
  const alone = (['manyToOne', 'oneToMany', 'freshReceiver'] as const).flatMap((sign): Sign[] => {
    const one = single[sign]
    return one === undefined ? [] : [{ id: sign, sign, score: one.score }]
  })
  return [
    ...velocity.map(({ of, score }, i): Sign => ({ id: `velocity-${i}`, sign: 'velocity', of, score })),
    ...alone,
    ...shared.map(({ kind, score }, i): Sign => ({ id: `shared-${i}`, sign: 'shared', of: kind, score })),
  ].toSorted((a, b) => b.score - a.score)
}
