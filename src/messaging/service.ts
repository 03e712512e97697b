import { createHash, timingSafeEqual } from 'node:crypto'
import {
  type Clock,
  type Database,
  type Documents,
  DomainError,
  ManualClock,
  newId,
  type Stage,
  type Tx,
} from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { isAdHoc } from './catalogue.ts'
import type { Callback, CallbackReply, Channel, ChannelEvents, SubmitOutcome } from './channel.ts'
import type { ChannelSettings } from './channels/kinds.ts'
import { type Clicks, createClicks } from './clicks.ts'
import { Gateways, type MakeChannel } from './gateways.ts'
import { inboundOf } from './inbound.ts'
import type { SendingState } from './inbox.ts'
import type { Links } from './links/links.ts'
import { type SendAnswer, type SendRequest, startRequested } from './requests.ts'
import { Runner } from './runner.ts'
import { Sender, type SenderDependencies } from './sender.ts'
import { insertStarts, type StartCascade } from './start-store.ts'
import { Tables } from './tables.ts'
import type { SendTest } from './template-preview.ts'

export type MessagingDependencies = {
  database: Database
  clock: Clock
  documents: Documents
  profiles: Profiles
  /** Called when somebody else has work: journeys that wait for answers, or this module's own stage. */
  wake(tenantId: string, stage: 'messaging' | 'answers'): void
  /** Makes links short; absent where nothing does. */
  links?: Links
  /** Where this server is reached from outside: for providers' calls, and for links to unsubscribe. */
  publicUrl?: string
  /** Told of channels that could not be started. */
  onError?(error: unknown): void
  /** Another way to make channels, for peers that are none of the kinds. */
  makeChannel?: MakeChannel
  /** Up to so many changed runs a tick writes their rows itself; beyond that it writes the journal. */
  inlineRuns?: number
  /** How many runs are kept in memory, about. */
  capacityRuns?: number
}

export type Messaging = {
  stage: Stage
  gateways: Gateways
  /** Starts cascades within the caller's transaction; a run id seen before changes nothing. */
  startCascades(tx: Tx, tenantId: string, starts: StartCascade[]): Promise<void>
  /** Where a gateway's callback is handed in over HTTP. */
  inbound(tenantId: string, channel: string): ChannelEvents
  /** The tenant's sender: what is in memory, and controls. */
  senderOf(tenantId: string): Sender
  /** Looks for starts that were handed over in a transaction that is committed now. */
  startsCommitted(tenantId: string): void
  /** Starts what a request over the API asks for, once an idempotency key. */
  send(tenantId: string, request: SendRequest): Promise<SendAnswer>
  /** Sends one text to an address of the sender's own, past the contact policy and every queue. */
  sendTest: SendTest
  /** What short links ask and tell. */
  clicks: Clicks
  /** Pauses, resumes or cancels a campaign's sending; nothing is marked against it once this has resolved. */
  control(tenantId: string, campaignId: string, state: SendingState): Promise<void>
  /**
   * Hands a provider's call to its channel. Throws `callback_not_found` unless the channel takes calls and the secret is
   * that of its document.
   */
  callback(tenantId: string, channelId: string, secret: string, call: Callback): Promise<CallbackReply>
  stop(): Promise<void>
}

/** With simulated time the tables are asked between any two moments, so every tick writes them itself. */
const DRIVEN_INLINE_RUNS = Number.POSITIVE_INFINITY
const INLINE_RUNS = 200
const CAPACITY_RUNS = 200_000

type Sending = { sender: Sender; runner: Runner }

type SendersDependencies = Omit<SenderDependencies, 'inlineRuns' | 'capacityRuns'> &
  MessagingDependencies & { onSuperseded(tenantId: string): void }

/** The senders of the tenants, made when they are first asked for. */
class Senders {
  readonly #senders = new Map<string, Sending>()
  readonly #dependencies: SendersDependencies
  readonly #isDriven: boolean

  constructor(dependencies: SendersDependencies, isDriven: boolean) {
    this.#dependencies = dependencies
    this.#isDriven = isDriven
  }

  of(tenantId: string): Sending {
    let found = this.#senders.get(tenantId)
    if (!found) {
      const { clock, wake, onSuperseded } = this.#dependencies
      const isDriven = this.#isDriven
      const inlineRuns = this.#dependencies.inlineRuns ?? (isDriven ? DRIVEN_INLINE_RUNS : INLINE_RUNS)
      const capacityRuns = this.#dependencies.capacityRuns ?? CAPACITY_RUNS
      const sender = new Sender(tenantId, { ...this.#dependencies, inlineRuns, capacityRuns })
      const runner = new Runner(sender, {
        clock,
        isDriven,
        wake: () => wake(tenantId, 'messaging'),
        onSuperseded: () => onSuperseded(tenantId),
      })
      this.#senders.set(tenantId, (found = { sender, runner }))
    }
    return found
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#senders.values()].map(({ runner }) => runner.stop()))
  }
}

/** Puts the module together: the sender of each tenant, the channels, and what comes back through them. */
export function createMessaging(dependencies: MessagingDependencies): Messaging {
  const { database, clock, documents, profiles, wake } = dependencies
  const isDriven = clock instanceof ManualClock
  const inbound = (tenantId: string, channel: string): ChannelEvents =>
    inboundOf(profiles, (id) => senders.of(id).sender, tenantId, channel)
  const gateways = new Gateways(dependencies, inbound)
  const channelsOf = (tenantId: string) => gateways.channelsOf(tenantId)
  const onSuperseded = (tenantId: string): void => {
    gateways.leave(tenantId).catch((error: unknown) => dependencies.onError?.(error))
  }
  const tables = new Tables(database.url)
  const senders = new Senders({ ...dependencies, tables, channelsOf, onSuperseded }, isDriven)
  const startsCommitted = (tenantId: string): void => {
    senders.of(tenantId).sender.expectStarts()
    wake(tenantId, 'messaging')
  }
  const startCascades: Messaging['startCascades'] = async (tx, tenantId, starts) => {
    if (starts.length === 0) return
    const versions = new Map<string, number>()
    for (const { cascadeId } of starts) {
      // A single message has no document, and whoever holds a lock does not wait for one to be read.
      if (isAdHoc(cascadeId)) versions.set(cascadeId, 0)
      else if (!versions.has(cascadeId))
        versions.set(cascadeId, await documents.versionOf(tenantId, 'Cascade', cascadeId))
    }
    await insertStarts(tx, starts, (id) => versions.get(id)!, clock.nowMs())
    wake(tenantId, 'messaging')
  }
  return {
    gateways,
    inbound,
    senderOf: (tenantId) => senders.of(tenantId).sender,
    startsCommitted,
    stage: {
      name: 'messaging',
      async run(tenantId) {
        const { sender, runner } = senders.of(tenantId)
        sender.expectStarts()
        if (isDriven) return { more: false, nextDueMs: await runner.settle() }
        runner.kick()
        return { more: false, nextDueMs: null }
      },
    },
    startCascades,
    sendTest: (tenantId, test) => sendTest(gateways, clock, tenantId, test),
    clicks: createClicks({ database, senderOf: (id) => senders.of(id).sender, inbound }),
    async send(tenantId, request) {
      const own = { database, clock, documents, profiles, startCascades }
      const answer = await startRequested(own, tenantId, request)
      startsCommitted(tenantId)
      return answer
    },
    control: (tenantId, campaignId, state) =>
      new Promise((resolve, reject) => {
        senders.of(tenantId).sender.addControl({ campaignId, state, resolve, reject })
      }),
    async callback(tenantId, channelId, secret, call) {
      const channel = await calledChannel(documents, gateways, tenantId, channelId, secret)
      return channel.callback!(call)
    },
    async stop() {
      await gateways.stop()
      await senders.stop()
      await tables.stop()
    },
  }
}

/** How long somebody waits for a test, ms. */
const TEST_MS = 60_000

async function sendTest(
  gateways: Gateways,
  clock: Clock,
  tenantId: string,
  { channel: id, address, content }: Parameters<SendTest>[1],
): ReturnType<SendTest> {
  const channel = await gateways.channelOf(tenantId, id)
  if (!channel) throw new DomainError('channel_not_found', `this tenant has no channel ${id}`, { found: id })
  const messageId = newId()
  const expiresAtMs = clock.nowMs() + TEST_MS
  const outcome = await new Promise<SubmitOutcome>((resolve) => {
    channel.submit([{ ...content, messageId, address, reference: 0, expiresAtMs }], (_, told) =>
      resolve(told),
    )
  })
  return { messageId, outcome }
}

/** Compares without telling by its time how much of a guess was right. */
function isSame(secret: string, guess: string): boolean {
  const [a, b] = [secret, guess].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a!, b!)
}

async function calledChannel(
  documents: Documents,
  gateways: Gateways,
  tenantId: string,
  channelId: string,
  secret: string,
): Promise<Channel> {
  const settings = await documents.get<ChannelSettings>(tenantId, 'Channel', channelId)
  const isRight = settings?.callbackSecret !== undefined && isSame(settings.callbackSecret, secret)
  const channel = isRight ? await gateways.channelOf(tenantId, channelId) : undefined
  if (channel?.callback) return channel
  throw new DomainError('callback_not_found', 'no channel takes calls under this address')
}
