import { derivedId } from '../platform/index.ts'
import { catalogue } from './catalogue.ts'
import { choose, type Option } from './decision.ts'
import { purpose } from './draw.ts'
import { assess, grant } from './lending.ts'
import { sell } from './sales.ts'
import { situationOf } from './situation.ts'
import type { World } from './world.ts'

/** An interrupted session makes some think of buying by themselves, with nobody having written to them. */
export function considerBuying(world: World, subscriber: number, session: number, atMs: number): void {
  const { draws, b, schedule } = world
  if (!draws.chance(b.selfService.considerShare, subscriber, purpose.considers, session)) return
  const minutes = draws.exponential(subscriber, purpose.selfServiceDelay, session) * b.selfService.meanMinutes
  const decideAtMs = Math.round(atMs + 30_000 + minutes * 60_000)
  schedule.act(decideAtMs, subscriber, () => buyBySelf(world, subscriber, session, decideAtMs))
}

function buyBySelf(world: World, subscriber: number, session: number, atMs: number): void {
  const { state, people, draws, b } = world
  if (atMs < state.decidedUntilMs[subscriber]! || state.exhaustedAtMs[subscriber] === 0) return
  const balanceMinor = state.balanceMinor[subscriber]!
  const approvedMinor = people.knowsPromisedPayment[subscriber] ? assess(world, subscriber).approvedMinor : 0
  const within = catalogue.filter((product) => product.priceMinor <= balanceMinor + approvedMinor)
  const options = within.map((product): Option => {
    const onCredit = product.priceMinor > balanceMinor
    const keyPresses = onCredit ? b.keyPresses.selfServiceOnCredit : b.keyPresses.selfService
    const { volumeMb: sizeMb, priceMinor } = product
    return { sizeMb, priceMinor, onCredit, keyPresses, byMessage: false }
  })
  const chosen = choose(
    options,
    situationOf(world, subscriber, atMs),
    (index) => draws.gumbel(subscriber, purpose.selfServiceTaste, session * 8 + index),
    b,
  )
  const product = chosen === undefined ? undefined : within[chosen]
  if (!product) return
  const order = derivedId('self-service', people.keys[subscriber]!, world.startMs, session)
  if (product.priceMinor > balanceMinor) {
    const missingMinor = Math.ceil((product.priceMinor - balanceMinor) / 100) * 100
    grant(world, subscriber, missingMinor, `${order}-loan`, atMs)
  }
  sell(world, subscriber, product, order, order, 'self-service', atMs)
}
