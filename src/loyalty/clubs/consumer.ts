import { balancesInDetail } from '../../ledger/index.ts'
import type { Tx } from '../../platform/index.ts'
import { accountOf } from '../accounts.ts'
import type { Batch, Consumer } from '../consumer.ts'
import { LocalTimes } from '../local-time.ts'
import { type Member, ownerOf } from '../members.ts'
import { clubsOf, type ReadyClub } from './plan.ts'
import { CLUB_ASKED, type Desk, placeOf, takeOnClubs } from './session.ts'
import { mergeMemberships, saveMemberships, selectMemberships } from './store.ts'
import { clubWords } from './words.ts'

const LEFT = 'loyalty.member_left'

/** Clubs as a consumer of events: who comes in, who pays, whose time is over. */
export function clubConsumer(): Consumer {
  const local = new LocalTimes()
  return {
    name: 'clubs',
    kinds: ['Club'],
    words: clubWords,
    wants(book) {
      const clubs = [...clubsOf(book).values()]
      if (clubs.length === 0) return new Set()
      const types = clubs.flatMap(({ joinOn, feeOn }) => [joinOn?.on, feeOn?.on])
      return new Set([CLUB_ASKED, LEFT, ...types.filter((type) => type !== undefined)])
    },
    async open(tx, batch) {
      const clubs = clubsOf(batch.book)
      const desk: Desk = {
        batch,
        clubs,
        local,
        memberships: new Map(),
        changed: new Set(),
        available: new Map(),
        charged: [],
      }
      if (clubs.size > 0) await load(tx, batch, desk)
      return {
        take: (event, effects) => takeOnClubs(desk, event, effects),
        async store(tx, resultOf) {
          // Somebody else has booked on the account meanwhile: what was decided does not hold, and is done again.
          if (desk.charged.some((key) => resultOf(key)?.outcome === 'refused')) {
            throw new Error('a club’s fee was decided by a balance that had changed')
          }
          const places = [...desk.changed]
          await saveMemberships(
            tx,
            places.map((place) => desk.memberships.get(place)!),
          )
        },
      }
    },
    describe: async (tx, members) => {
      if (members.length > 0) await describe(tx, members)
    },
    merge: mergeMemberships,
  }
}

async function load(tx: Tx, batch: Batch, desk: Desk): Promise<void> {
  const members = new Set(
    batch.events.flatMap(({ subscriberId, concerns = [] }) =>
      [subscriberId, ...concerns].flatMap((id) => batch.membersOf(id)),
    ),
  )
  for (const one of await describe(tx, [...members]))
    desk.memberships.set(placeOf(one.clubId, one.subscriberId), one)
  const accounts = new Set<string>()
  for (const { type, subscriberId, data } of batch.events) {
    if (type !== CLUB_ASKED) continue
    const club = desk.clubs.get(String(data['club']))
    const member = club && batch.memberOf(club.programme.id, subscriberId)
    if (member && chargesPoints(club)) accounts.add(accountOf(ownerOf(member), club.programme.currency))
  }
  if (accounts.size === 0) return
  for (const { accountId, availableMinor } of (
    await balancesInDetail(tx, [...accounts], batch.now)
  ).values()) {
    desk.available.set(accountId, availableMinor)
  }
}

const chargesPoints = ({ document: { fee } }: ReadyClub): boolean => fee !== undefined && 'points' in fee

/** Sets of members in which clubs they are; answers with all memberships. */
async function describe(tx: Tx, members: Member[]): Promise<Awaited<ReturnType<typeof selectMemberships>>> {
  const ids = [...new Set(members.map(({ subscriberId }) => subscriberId))]
  const memberships = ids.length === 0 ? [] : await selectMemberships(tx, ids)
  for (const member of members) {
    member.clubs = memberships
      .filter(
        (one) =>
          one.subscriberId === member.subscriberId &&
          one.programmeId === member.programmeId &&
          one.state === 'active',
      )
      .map(({ clubId }) => clubId)
  }
  return memberships
}
