import { randomBytes } from 'node:crypto'
import type { LoggedEvent } from '../../events/index.ts'
import { type Clock, type Database, derivedId, isoOf, newId } from '../../platform/index.ts'
import { announcedFields } from '../../loyalty/index.ts'
import { fieldsOf } from '../webhooks/cloud-event.ts'
import { deleteTarget } from '../webhooks/store.ts'
import type { Letter, Target } from '../webhooks/target.ts'
import { deleteHub, type Hub, insertHub, selectHubs } from './hub-store.ts'
import { hrefOf } from './resources.ts'

/** Listeners of the façade. */
export type Hubs = {
  /** `query` is `eventType=A,B` or empty for all. */
  register(tenantId: string, asked: { callback: string; query: string }): Promise<Hub>
  /** False when there is none. */
  unregister(tenantId: string, hubId: string): Promise<boolean>
  /** Each listener as somebody whom the sender of webhooks tells. */
  targetsOf(tenantId: string): Promise<Target[]>
}

const TIMEOUT_MS = 10_000
const GIVE_UP_MS = 72 * 3_600_000

/** Builds the listeners of the façade. */
export function createHubs({ database, clock }: { database: Database; clock: Clock }): Hubs {
  return {
    async register(tenantId, asked) {
      const hub = { hubId: newId(), ...asked, secret: `whsec_${randomBytes(32).toString('base64')}` }
      await database.tx(tenantId, (tx) => insertHub(tx, hub, clock.now()))
      return hub
    },
    unregister: (tenantId, hubId) =>
      database.tx(tenantId, async (tx) => {
        if (!(await deleteHub(tx, hubId))) return false
        await deleteTarget(tx, targetId(hubId))
        return true
      }),
    async targetsOf(tenantId) {
      return (await database.tx(tenantId, selectHubs)).map(targetOf)
    },
  }
}

const targetId = (hubId: string): string => `hub:${hubId}`

function targetOf({ hubId, callback, query, secret }: Hub): Target {
  const wanted = wantedBy(query)
  return {
    id: targetId(hubId),
    url: callback,
    secrets: [secret],
    concurrency: 4,
    timeoutMs: TIMEOUT_MS,
    giveUpMs: GIVE_UP_MS,
    wants: (type) => type.startsWith('loyalty.'),
    letterOf(event) {
      const told = notificationOf(event)
      return wanted.size === 0 || wanted.has(told.eventType) ? letterOf(told) : undefined
    },
    version: JSON.stringify([callback, query, secret]),
  }
}

/** Event types of a query such as `eventType=A,B&eventType=C`; none: all. */
export function wantedBy(query: string): Set<string> {
  const values = new URLSearchParams(query).getAll('eventType')
  return new Set(
    values.flatMap((value) => value.split(',').map((one) => one.trim())).filter((one) => one !== ''),
  )
}

type Notification = { eventId: string; eventTime: string; eventType: string; event: object }

const memberships: Record<string, string> = {
  'loyalty.member_enrolled': 'LoyaltyProgramProductCreateEvent',
  'loyalty.member_left': 'LoyaltyProgramProductAttributeValueChangeEvent',
  'loyalty.members_merged': 'LoyaltyProgramProductAttributeValueChangeEvent',
}

/** Of these the balance is another one afterwards. */
const balances = new Set([
  'loyalty.points_earned',
  'loyalty.points_released',
  'loyalty.points_returned',
  'loyalty.points_expired',
  'loyalty.points_transferred',
  'loyalty.points_received',
  'loyalty.points_converted',
  'loyalty.points_corrected',
  'loyalty.points_burned',
  'loyalty.reward_redeemed',
  'loyalty.redemption_cancelled',
  'loyalty.redemption_refunded',
  'loyalty.prize_won',
])

/** All that is neither is a `LoyaltyEvent` of the type that loyalty announced. */
export function notificationOf({ id, source, type, atMs, subscriberId, data }: LoggedEvent): Notification {
  const about = `${String(data['programme'])}:${subscriberId}`
  const kind = memberships[type]
  const base = {
    eventId: derivedId(source, id),
    eventTime: isoOf(atMs),
  }
  if (kind) {
    const product = { id: about, href: hrefOf('loyaltyProgramProduct', about) }
    return { ...base, eventType: kind, event: { loyaltyProgramProduct: product } }
  }
  if (balances.has(type)) {
    const loyaltyBalance = { id: about, href: hrefOf('loyaltyBalance', about) }
    return {
      ...base,
      eventType: 'LoyaltyBalanceAttributeValueChangeEvent',
      event: { loyaltyBalance, cause: type },
    }
  }
  const event = fieldsOf(data, announcedFields(type) ?? {})
  const loyaltyEvent = { eventType: type, memberId: about, event }
  return { ...base, eventType: 'LoyaltyEventCreateEvent', event: { loyaltyEvent } }
}

const letterOf = (told: Notification): Letter => ({
  contentType: 'application/json',
  body: JSON.stringify({ ...told, '@type': told.eventType }),
})
