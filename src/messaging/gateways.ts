import type { Clock, Database, Documents } from '../platform/index.ts'
import type { Channel, ChannelContext, ChannelEvents } from './channel.ts'
import { channelKinds, type ChannelSettings } from './channels/kinds.ts'
import { insertEntries } from './inbox-store.ts'
import { UnstartedChannel } from './unstarted.ts'

/** Makes the channel that a `Channel` document describes; undefined leaves it to its kind. */
export type MakeChannel = (settings: ChannelSettings, context: ChannelContext) => Channel | undefined

export type GatewaysDependencies = {
  database: Database
  documents: Documents
  clock: Clock
  /** Where this server is reached from outside, for the addresses that providers call. */
  publicUrl?: string
  makeChannel?: MakeChannel
  /** Told of channels that could not be started. */
  onError?(error: unknown): void
}

/** The running channels of every tenant, made from their `Channel` documents and remade when these change. */
export class Gateways {
  readonly #dependencies: GatewaysDependencies
  readonly #inbound: (tenantId: string, channel: string) => ChannelEvents
  readonly #channels = new Map<string, Promise<Map<string, Channel>>>()

  constructor(
    dependencies: GatewaysDependencies,
    inbound: (tenantId: string, channel: string) => ChannelEvents,
  ) {
    this.#dependencies = dependencies
    this.#inbound = inbound
    dependencies.documents.onChange((tenantId, kinds) => {
      if (!kinds.has('Channel')) return
      // A start that failed is not lost: whoever asks for a channel next tries again and hears why.
      this.#restart(tenantId).catch(() => undefined)
    })
  }

  /** The tenant's channels by name; started on first use. */
  channelsOf(tenantId: string): Promise<Map<string, Channel>> {
    let started = this.#channels.get(tenantId)
    if (!started) {
      this.#channels.set(tenantId, (started = this.#start(tenantId)))
      // A start that failed is made again by whoever asks next.
      started.catch(() => this.#channels.delete(tenantId))
    }
    return started
  }

  async channelOf(tenantId: string, name: string): Promise<Channel | undefined> {
    return (await this.channelsOf(tenantId)).get(name)
  }

  /** Resolves when every channel of the tenant can submit: simulated time must not run ahead of a connection. */
  async whenReady(tenantId: string): Promise<void> {
    await Promise.all([...(await this.channelsOf(tenantId)).values()].map((channel) => channel.whenReady()))
  }

  /** Takes the tenant's channels down: what providers bring is for the process that sends for it now. */
  async leave(tenantId: string): Promise<void> {
    const old = this.#channels.get(tenantId)
    this.#channels.delete(tenantId)
    const running = await old?.catch(() => undefined)
    await Promise.all([...(running?.values() ?? [])].map((channel) => channel.stop()))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#channels.keys()].map((tenantId) => this.leave(tenantId)))
  }

  async #restart(tenantId: string): Promise<void> {
    await this.leave(tenantId)
    await this.channelsOf(tenantId)
  }

  /** One that cannot be started holds back no other: its messages wait for it. */
  async #start(tenantId: string): Promise<Map<string, Channel>> {
    const { documents } = this.#dependencies
    const onError = (error: unknown): void => this.#dependencies.onError?.(error)
    const channels = new Map<string, Channel>()
    const shared = new Map<string, unknown>()
    for (const settings of await documents.list<ChannelSettings>(tenantId, 'Channel')) {
      const { id } = settings
      const start = async (): Promise<Channel> => {
        const channel = this.#make(tenantId, settings, shared)
        await channel.start(this.#inbound(tenantId, id))
        return channel
      }
      try {
        channels.set(id, await start())
      } catch (error) {
        onError(error)
        const unstarted = new UnstartedChannel(start, onError)
        channels.set(id, unstarted)
        unstarted.tryAgain((channel) => channels.set(id, channel))
      }
    }
    return channels
  }

  #make(tenantId: string, settings: ChannelSettings, shared: Map<string, unknown>): Channel {
    const { database, clock, publicUrl, makeChannel } = this.#dependencies
    const { id, callbackSecret } = settings
    const context: ChannelContext = {
      clock,
      shared,
      inbox: {
        put: (messages) => database.tx(tenantId, (tx) => insertEntries(tx, messages, clock.now())),
      },
    }
    if (publicUrl !== undefined && callbackSecret !== undefined)
      context.callbackUrl = `${publicUrl}/callbacks/${[tenantId, id, callbackSecret].map(encodeURIComponent).join('/')}`
    return makeChannel?.(settings, context) ?? channelKinds.get(id)!.create(settings, context)
  }
}
