import { type CompiledFunction, compileExpression, type Scope } from '../../expressions/index.ts'
import type { Book } from '../book.ts'
import { type Ready, readyDocuments } from '../ready-documents.ts'
import type { RewardRefusal } from './errors.ts'
import { applicantDeclarations } from './reward-kind.ts'
import { priceFor, type Reward } from './reward.ts'

export type ReadyReward = Ready<Reward> & {
  audience: CompiledFunction | null
  validFromMs: number
  validToMs: number
}

const owner = {}

/** The rewards of a book by id, compiled once. */
export function rewardsOf(book: Book): ReadonlyMap<string, ReadyReward> {
  return book.once(owner, () =>
    readyDocuments<Reward, ReadyReward>(
      book,
      'Reward',
      ({ programme }) => programme,
      (ready) => {
        const { audience, validFrom, validTo } = ready.document
        const declarations = applicantDeclarations(book.reader)
        return {
          ...ready,
          audience:
            audience === undefined ? null : compileExpression(audience, declarations, 'bool').toFunction(),
          validFromMs: validFrom === undefined ? -Infinity : Date.parse(validFrom),
          validToMs: validTo === undefined ? Infinity : Date.parse(validTo),
        }
      },
    ),
  )
}

/** What a member is judged by for a reward. */
export type Asked = {
  atMs: number
  scope: Scope
  tier: string | null
  availableMinor: bigint
  /** How many there were in the period of each limit, in their order. */
  counts: number[]
  /** Codes or pieces left; null where none are kept. */
  left: number | null
  isGift: boolean
}

/** The price for the member, and the first thing that speaks against it; null: they may have it. */
export function judgeReward(
  { document, audience, validFromMs, validToMs }: ReadyReward,
  asked: Asked,
): { points: bigint; refusal: RewardRefusal | null } {
  const points = priceFor(document, asked.tier)
  const refusal = ((): RewardRefusal | null => {
    if (asked.atMs < validFromMs || asked.atMs >= validToMs) return 'reward_not_open'
    if (audience && audience(asked.scope) !== true) return 'reward_not_for_member'
    if (asked.isGift && !document.giftable) return 'reward_not_giftable'
    if (document.limits.some(({ times }, i) => asked.counts[i]! >= times)) return 'reward_limit_reached'
    if (asked.left !== null && asked.left <= 0) return 'reward_out_of_stock'
    return asked.availableMinor < points ? 'reward_points_insufficient' : null
  })()
  return { points, refusal }
}
