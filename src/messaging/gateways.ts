import type { Clock, Documents } from '../platform/index.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { DstkChannel } from './channels/dstk.ts'
import { createSmsChannel } from './channels/sms/sms-channel.ts'
import type { ChannelSettings } from './contract.ts'

/** Makes the channel that a `Channel` document describes. */
export type MakeChannel = (settings: ChannelSettings, clock: Clock) => Channel

/** The running channels of every tenant, made from their `Channel` documents and remade when these change. */
export class Gateways {
  readonly #documents: Documents
  readonly #clock: Clock
  readonly #inbound: (tenantId: string, channel: string) => ChannelEvents
  readonly #make: MakeChannel
  readonly #channels = new Map<string, Promise<Map<string, Channel>>>()

  constructor(
    documents: Documents,
    clock: Clock,
    inbound: (tenantId: string, channel: string) => ChannelEvents,
    makeChannel: MakeChannel = make,
  ) {
    this.#documents = documents
    this.#clock = clock
    this.#inbound = inbound
    this.#make = makeChannel
    documents.onChange((tenantId, kinds) => {
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

  async stop(): Promise<void> {
    const all = await Promise.allSettled(this.#channels.values())
    this.#channels.clear()
    const channels = all.flatMap((each) => (each.status === 'fulfilled' ? [...each.value.values()] : []))
    await Promise.all(channels.map((channel) => channel.stop()))
  }

  async #restart(tenantId: string): Promise<void> {
    const old = this.#channels.get(tenantId)
    this.#channels.delete(tenantId)
    const running = await old?.catch(() => undefined)
    for (const channel of running?.values() ?? []) await channel.stop()
    await this.channelsOf(tenantId)
  }

  async #start(tenantId: string): Promise<Map<string, Channel>> {
    const channels = new Map<string, Channel>()
    for (const settings of await this.#documents.list<ChannelSettings>(tenantId, 'Channel')) {
      const channel = this.#make(settings, this.#clock)
      await channel.start(this.#inbound(tenantId, settings.id))
      channels.set(settings.id, channel)
    }
    return channels
  }
}

function make(settings: ChannelSettings, clock: Clock): Channel {
  if (settings.id === 'dstk') return new DstkChannel({ gatewayUrl: settings.url }, clock)
  const { host, port, systemId, password, window, sourceAddress } = settings
  return createSmsChannel(
    {
      host,
      port,
      systemId,
      password,
      window,
      throttleMinMs: 5,
      source: { ton: 5, npi: 0, address: sourceAddress },
    },
    clock,
  )
}
