import type { Clock, Database, Documents, Stage, Tx } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { advanceRuns, type CascadeContext } from './cascades.ts'
import type { ChannelEvents } from './channel.ts'
import type { Cascade, ChannelSettings, ContactPolicy, Template } from './contract.ts'
import {
  type DispatchDependencies,
  recoverAbandoned,
  type Recipient,
  submitAll,
  takeThroughGate,
} from './dispatch.ts'
import { Gateways, type MakeChannel } from './gateways.ts'
import { inboundOf, type InboundDependencies } from './inbound.ts'
import type { Message } from './message.ts'
import { insertRuns, nextDue, type NewRun } from './store.ts'

export type MessagingDependencies = {
  database: Database
  clock: Clock
  documents: Documents
  profiles: Profiles
  wake: InboundDependencies['wake']
  /** Another way to make channels, for peers that are no SMSC and no DSTK gateway. */
  makeChannel?: MakeChannel
}

export type StartCascade = Omit<NewRun, 'cascadeVersion'>

/** How many messages or runs one transaction takes. */
const BATCH = 2_000

/** Without a policy document nothing is limited but consent. */
const openPolicy: ContactPolicy = { kind: 'ContactPolicy', id: 'default', consentRequired: true, caps: [] }

export type Messaging = {
  stage: Stage
  gateways: Gateways
  /** Starts cascades within the caller's transaction; a run id seen before changes nothing. */
  startCascades(tx: Tx, tenantId: string, starts: StartCascade[]): Promise<void>
  /** Where a gateway's callback is handed in over HTTP. */
  inbound(tenantId: string, channel: string): ChannelEvents
}

/** Puts the module together: cascades, the gate, the channels and what comes back through them. */
export function createMessaging(dependencies: MessagingDependencies): Messaging {
  const { database, clock, documents, profiles, wake } = dependencies
  const cascadeOf = (tenantId: string, id: string, version: number): Promise<Cascade | undefined> =>
    documents.get<Cascade>(tenantId, 'Cascade', id, version)
  const inbound = (tenantId: string, channel: string): ChannelEvents =>
    inboundOf(
      {
        database,
        clock,
        wake,
        resolveAddresses: (id, addresses) => profiles.resolveIdentities(id, addresses),
      },
      tenantId,
      channel,
    )
  const gateways = new Gateways(documents, clock, inbound, dependencies.makeChannel)
  const dispatching: DispatchDependencies = {
    database,
    clock,
    recipientsOf: (tx, messages) => recipientsOf(profiles, tx, messages),
    channelOf: (tenantId, name) => gateways.channelOf(tenantId, name),
    policyOf: async (tenantId) =>
      (await documents.get<ContactPolicy>(tenantId, 'ContactPolicy', 'default')) ?? openPolicy,
  }
  return {
    gateways,
    inbound,
    stage: stageOf(dependencies, dispatching, cascadeOf),
    async startCascades(tx, tenantId, starts) {
      if (starts.length === 0) return
      const versions = new Map<string, number>()
      for (const { cascadeId } of starts) {
        if (!versions.has(cascadeId))
          versions.set(cascadeId, await documents.versionOf(tenantId, 'Cascade', cascadeId))
      }
      await insertRuns(
        tx,
        starts.map((start) => ({ ...start, cascadeVersion: versions.get(start.cascadeId)! })),
        clock.now(),
      )
      wake(tenantId, 'messaging')
    },
  }
}

function stageOf(
  { database, clock, documents, profiles }: MessagingDependencies,
  dispatching: DispatchDependencies,
  cascadeOf: (tenantId: string, id: string, version: number) => Promise<Cascade | undefined>,
): Stage {
  const recovered = new Set<string>()
  return {
    name: 'messaging',
    async run(tenantId) {
      if (!recovered.has(tenantId)) {
        await recoverAbandoned(dispatching, tenantId)
        recovered.add(tenantId)
      }
      const context: CascadeContext = {
        now: clock.now(),
        cascadeOf: (run) => cascadeOf(tenantId, run.cascadeId, run.cascadeVersion),
        templateOf: (id) => documents.get<Template>(tenantId, 'Template', id),
        settingsOf: (channel) => documents.get<ChannelSettings>(tenantId, 'Channel', channel),
        languagesOf: async (tx, ids) =>
          new Map(
            [...(await profiles.subscribersByIds(tx, ids))].map(([id, subscriber]) => [
              id,
              subscriber.language,
            ]),
          ),
      }
      const { moved, gated, idleDueMs } = await database.tx(tenantId, async (tx) => {
        const advanced = await advanceRuns(tx, context, BATCH)
        const passed = await takeThroughGate(dispatching, tenantId, tx, BATCH)
        const idle = passed.admitted.length === 0
        return { moved: advanced, gated: passed, idleDueMs: idle ? await nextDue(tx) : undefined }
      })
      // Until the outcomes are stored these messages are marked; should that fail, the next run looks at them.
      recovered.delete(tenantId)
      await submitAll(dispatching, tenantId, gated.admitted)
      recovered.add(tenantId)
      const dueMs = idleDueMs === undefined ? await database.tx(tenantId, nextDue) : idleDueMs
      const more = moved === BATCH || gated.taken === BATCH || (dueMs !== null && dueMs <= clock.nowMs())
      return { more, nextDueMs: more ? null : dueMs }
    },
  }
}

/** Address, consents and time zone of each message's subscriber. */
async function recipientsOf(
  profiles: Profiles,
  tx: Tx,
  messages: Message[],
): Promise<Map<number, Recipient>> {
  const ids = [...new Set(messages.map((message) => message.subscriberId))]
  const [subscribers, addresses, consents] = await Promise.all([
    profiles.subscribersByIds(tx, ids),
    profiles.identitiesOf(tx, ids, 'msisdn'),
    profiles.consentsOf(tx, ids),
  ])
  return new Map(
    ids.map((id) => [
      id,
      {
        timeZone: subscribers.get(id)?.timeZone ?? 'UTC',
        address: addresses.get(id),
        consents: consents.get(id) ?? {},
      },
    ]),
  )
}
