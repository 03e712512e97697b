import { createHash, createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import type { RoundView } from '../../../../src/loyalty/contract.ts'
import { recomputed } from './fairness.ts'

const words = { en: 'a', ru: 'б', uk: 'в' }
const weights = [5, 3, 2]
const names = ['a', 'b', 'c']

/** The rule of the documentation, written down once more with another library. */
function drawn(serverSeed: string, clientSeed: string, roundId: string, tickets: number): number {
  const mac = createHmac('sha256', serverSeed).update(`${clientSeed}:${roundId}:0`).digest('hex')
  return Number((BigInt(`0x${mac.slice(0, 16)}`) * BigInt(tickets)) / 2n ** 64n)
}

const prizeOf = (ticket: number): string => (ticket < 5 ? 'a' : ticket < 8 ? 'b' : 'c')

const round = (n: number, rest: Partial<RoundView> = {}): RoundView => {
  const [serverSeed, clientSeed, roundId] = [`server ${n}`, `мой ${n}`, `round-${n}`]
  return {
    roundId,
    kind: 'Wheel',
    game: 'w',
    gameVersion: 1,
    state: 'finished',
    seedHash: createHash('sha256').update(serverSeed).digest('hex'),
    committedAt: '2026-01-01T00:00:00Z',
    clientSeed,
    serverSeed,
    outcome: { drawn: prizeOf(drawn(serverSeed, clientSeed, roundId, 10)) },
    odds: names.map((id, i) => ({ id, name: words, weight: weights[i]! })),
    isVerified: true,
    ...rest,
  }
}

it('draws what the public rule draws, whatever the seeds', async () => {
  const seen = new Set<string>()
  for (let n = 0; n < 50; n++) {
    const found = await recomputed(round(n))
    expect(found).toMatchObject({ isHashRight: true, isOutcomeRight: true, tickets: 10n })
    seen.add(found!.drawn)
  }
  expect([...seen].toSorted()).toEqual(names)
})

it('sees another seed, and another outcome', async () => {
  expect(await recomputed(round(1, { serverSeed: 'other' }))).toMatchObject({ isHashRight: false })
  const fair = round(1)
  const other = names.find((name) => name !== fair.outcome!['drawn'])
  expect(await recomputed({ ...fair, outcome: { drawn: other } })).toMatchObject({
    isHashRight: true,
    isOutcomeRight: false,
  })
})

it('knows the door as well, and says nothing of a round that is not over', async () => {
  const doors = round(2, { kind: 'BotGame', odds: null, clientSeed: '' })
  const winning = 1 + drawn(doors.serverSeed!, '', doors.roundId, 3)
  expect(await recomputed({ ...doors, outcome: { doors: 3, winning } })).toMatchObject({
    drawn: String(winning),
    isOutcomeRight: true,
  })
  expect(await recomputed(round(1, { state: 'open', serverSeed: null, outcome: null }))).toBeUndefined()
})
