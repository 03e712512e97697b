import type { Stage } from '../platform/index.ts'
import { Books } from './book.ts'
import type { Consumer } from './consumer.ts'
import type { LoyaltyDependencies, LoyaltyParts, Take } from './dependencies.ts'
import { abuseConsumer } from './abuse/consumer.ts'
import { type Abuse, createAbuse } from './abuse/service.ts'
import { abuseStage } from './abuse/stage.ts'
import { correctionConsumer, type Corrections, createCorrections } from './corrections/service.ts'
import { type Burning, burningConsumer, createBurning } from './burning/service.ts'
import { dueConsumer } from './earning/due.ts'
import { createEarning, type Earning } from './earning/service.ts'
import { enrolmentConsumer } from './enrolment.ts'
import { readerStage } from './event-reader.ts'
import { takeEvents } from './intake.ts'
import { migrationConsumer } from './migration/consumer.ts'
import { createMigrations, type Migrations } from './migration/service.ts'
import { createMembers, type Members } from './members-service.ts'
import { membershipConsumer } from './membership.ts'
import { directConsumer } from './liability/direct.ts'
import { liabilityConsumer } from './liability/consumer.ts'
import { createLiability, type Liability } from './liability/service.ts'
import { createTiers, type Tiers } from './tiers/service.ts'
import { playConsumer } from './play/consumer.ts'
import { playRightConsumer } from './play/games.ts'
import { createPlay, type Play } from './play/service.ts'
import { referralConsumer } from './referrals/consumer.ts'
import { createReferrals, type Referrals } from './referrals/service.ts'
import { type Clubs, createClubs } from './clubs/service.ts'
import { createExchanges, type Exchanges } from './exchange/service.ts'
import { createRewards, type Rewards } from './rewards/service.ts'
import { referralStage } from './referrals/stage.ts'

/** Programmes, members, and what they earn. */
export type Loyalty = Earning & {
  /** Stages of the loop, in its order; `loyalty` is to be woken when the log has grown. */
  stages: Stage[]
  members: Members
  migrations: Migrations
  play: Play
  referrals: Referrals
  tiers: Tiers
  liability: Liability
  rewards: Rewards
  exchanges: Exchanges
  clubs: Clubs
  corrections: Corrections
  abuse: Abuse
  burning: Burning
  take: Take
}

/** Puts the module together: what follows events, in the order in which each event is taken. */
export function createLoyalty(dependencies: LoyaltyDependencies): Loyalty {
  const consumers: Consumer[] = []
  const books = new Books({
    ...dependencies,
    kinds: () => consumers.flatMap((consumer) => consumer.kinds ?? []),
  })
  const take: Take = async (tx, tenantId, events) => {
    const taken = await takeEvents(parts, tx, await books.of(tenantId, tx), events, dependencies.clock.now())
    // What was announced waits for the reader to bring it onto the log, and what was decided may fall due.
    if (taken.events.length > 0) tx.afterCommit(() => dependencies.wakeStages(tenantId))
    return taken
  }
  const parts: LoyaltyParts = { ...dependencies, consumers, books, take }
  const earning = createEarning(parts)
  const tiers = createTiers(parts, dependencies.operator)
  const liability = createLiability(parts)
  const rewards = createRewards(parts)
  const exchanges = createExchanges(parts)
  const clubs = createClubs(parts)
  consumers.push(
    enrolmentConsumer,
    membershipConsumer(consumers),
    tiers.consumer,
    clubs.consumer,
    earning.consumer,
    migrationConsumer,
  )
  consumers.push(dueConsumer, playConsumer(), playRightConsumer, referralConsumer(dependencies.profiles))
  consumers.push(liabilityConsumer, directConsumer, correctionConsumer, burningConsumer, abuseConsumer)
  consumers.push(rewards.consumer, exchanges.consumer)
  const reader = readerStage(parts)
  return {
    ...earning.service,
    stages: [
      reader,
      earning.stageBehind(reader),
      tiers.stageBehind(reader),
      ...liability.stagesBehind(reader),
      referralStage(parts, reader.isBehind),
      abuseStage(parts),
      rewards.stage,
      clubs.stageBehind(reader),
    ],
    members: createMembers(parts),
    migrations: createMigrations(parts),
    play: createPlay(parts),
    referrals: createReferrals(parts),
    tiers: tiers.service,
    liability: liability.service,
    rewards: rewards.service,
    exchanges: exchanges.service,
    clubs: clubs.service,
    corrections: createCorrections(parts),
    abuse: createAbuse(parts),
    burning: createBurning(parts),
    take,
  }
}
