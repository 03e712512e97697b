import { instantOf } from '../../platform/index.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { expiryMs } from '../local-time.ts'
import { MIGRATION } from '../members.ts'
import { keepsExpiry } from '../programmes.ts'
import { type Award, WELCOME, welcomeKey } from './award.ts'
import { blankAward, credit } from './crediting.ts'
import type { Desk } from './desk.ts'

/** Gives the welcome bonus to whoever became a member, once for ever. */
export function giveWelcome(desk: Desk, event: TakenEvent, effects: Effects): void {
  const { batch, memory } = desk
  const programme = batch.book.programmes.get(String(event.data['programme']))
  const member = programme && batch.memberOf(programme.id, event.subscriberId)
  // Who comes over from a former programme is no newcomer.
  if (!programme?.welcome || !member || event.data['by'] === MIGRATION) return
  const transferKey = welcomeKey(programme.id, member.subscriberId)
  const about = { consumer: 'earning', programmeId: programme.id, rule: WELCOME, ruleVersion: 0 }
  if (memory.welcomed.has(transferKey)) {
    effects.judge({ ...about, reason: 'welcome_given_before', points: 0n, saw: {} })
    return
  }
  memory.welcomed.add(transferKey)
  const expiry = programme.welcome.expiry ?? programme.expiry
  const expiresAtMs = expiryMs(expiry, event.atMs, batch.book.timeZoneOf(programme))
  const award: Award = {
    ...blankAward(programme, member, event),
    transferKey,
    postedKey: transferKey,
    ruleId: WELCOME,
    ruleVersion: batch.book.versionOf('Programme', programme.id),
    points: BigInt(programme.welcome.points),
    state: 'posted',
    expiresAtMs,
  }
  credit(desk, award, programme, member, effects, {
    reason: 'welcome',
    keeps: keepsExpiry(programme.welcome.expiry),
    saw: expiresAtMs === null ? {} : { expiresAt: instantOf(expiresAtMs).toString() },
  })
}
