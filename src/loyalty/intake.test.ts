import { expect, test } from 'vitest'
import { orderTypes, paid, programme } from '../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../test/loyalty-worlds.ts'
import { memberAccount, programmeAccount } from './accounts.ts'
import { type Action, carryOut } from './action.ts'
import type { Deficit } from '../ledger/index.ts'

const { openWorld } = loyaltyWorlds()

test('a line says what the ledger made of its transfer, and nothing that was forgiven', async () => {
  const world = await openWorld()
  const main = programme({ id: 'main', currency: 'points' })
  await world.apply(...orderTypes, main, {
    kind: 'EarnRule',
    id: 'one',
    on: 'order.paid',
    points: { perMajorUnit: '1' },
  })
  const [ann] = (await world.subscribers('ann')) as [number]
  await world.append(paid(ann, 'x', 3_000))
  await world.run()
  const account = memberAccount('main', ann, 'points')
  const taking = (key: string, deficit: Deficit): Action => ({
    part: 'corrections',
    key,
    programmeId: 'main',
    subscriberId: ann,
    atMs: world.clock.nowMs(),
    transfers: [
      {
        key,
        kind: 'post',
        debitAccount: account,
        creditAccount: programmeAccount({ id: 'main', currency: 'points' }, 'liability'),
        amountMinor: 50n,
        currency: 'points',
        deficit,
      },
    ],
    judgements: [
      {
        rule: 'corrections',
        ruleVersion: 0,
        reason: 'taken_by_hand',
        points: -50n,
        transferKey: key,
        saw: { reason: key },
      },
    ],
  })
  const take = (action: Action) => world.tx((tx) => carryOut(world.loyalty, tx, world.tenantId, [action]))
  await expect(take(taking('refused', 'refuse'))).rejects.toThrow('not enough')
  await take(taking('forgiven', 'forgive'))
  expect(await world.toldAndHeld(ann, account)).toEqual({ told: 0n, held: 0n })
  const lines = (await world.history(ann)).map(({ reason, points }) => `${reason} ${points}`)
  expect(lines.toSorted()).toEqual(['credited 30', 'taken_by_hand -30'])
})
