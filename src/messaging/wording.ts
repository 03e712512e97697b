import type { Database, Tx } from '../platform/index.ts'
import type { Step } from './catalogue.ts'
import type { LinkBatch, Links } from './links/links.ts'
import type { Run } from './message.ts'
import type { Purpose } from './contract.ts'
import type { RenderOptions } from './template.ts'
import { unsubscribeLinks } from './unsubscribe-http.ts'

/** How many links one tick makes at most, and how many one message may have. */
const TICK_LINKS = 16_384
const MESSAGE_LINKS = 64

export type WordingDependencies = {
  database: Database
  /** Absent where nothing makes links short. */
  links?: Links
  /** Where this server is reached from outside; without it no message says how to unsubscribe by link. */
  publicUrl?: string
}

type UnsubscribeUrl = Awaited<ReturnType<typeof unsubscribeLinks>>

/**
 * What texts get beside their variables: short links, made in memory for all messages of a tick and stored by it in one
 * row, and links to unsubscribe.
 */
export class Wording {
  readonly #tenantId: string
  readonly #dependencies: WordingDependencies
  #unsubscribeUrl: UnsubscribeUrl | undefined
  #batch: LinkBatch | undefined
  #wantsLinks = false
  /** It was asked in this tick whether links can be made. */
  #isAsked = false

  constructor(tenantId: string, dependencies: WordingDependencies) {
    this.#tenantId = tenantId
    this.#dependencies = dependencies
  }

  /** Fetches what the next tick will need; nothing to wait for where no text has links. */
  async prepare(): Promise<void> {
    const { database, links, publicUrl } = this.#dependencies
    if (publicUrl !== undefined) this.#unsubscribeUrl ??= await unsubscribeLinks(database, publicUrl)
    if (!this.#wantsLinks || this.#isAsked) return
    this.#batch = await links?.open(this.#tenantId, TICK_LINKS)
    this.#isAsked = true
  }

  /** Whether a step's message can be made now; else its links are asked for, and it must come again next tick. */
  isReadyFor({ hasLinks }: Step): boolean {
    if (!hasLinks || this.#dependencies.links === undefined) return true
    this.#wantsLinks = true
    return this.#isAsked && (this.#batch === undefined || this.#batch.room() >= MESSAGE_LINKS)
  }

  /** What a message's text is rendered with. `subscriber` gives the time zone. */
  optionsFor(
    { channel, hasLinks, wantsUnsubscribing }: Step,
    run: Run,
    messageId: string,
    purpose: Purpose,
    subscriber: { timeZone: string },
  ): RenderOptions {
    if (!hasLinks && !wantsUnsubscribing) return subscriber
    const options: RenderOptions = { timeZone: subscriber.timeZone }
    const { campaignId, subscriberId } = run
    const { erid } = run.variables as { erid?: unknown }
    if (hasLinks && this.#batch)
      options.shorten = this.#batch.shortener({
        messageId,
        channel,
        campaignId,
        ...(typeof erid === 'string' ? { erid } : {}),
      })
    if (wantsUnsubscribing && this.#unsubscribeUrl && purpose !== 'transactional') {
      const tenantId = this.#tenantId
      options.unsubscribeUrl = this.#unsubscribeUrl({ tenantId, subscriberId, messageId, channel, purpose })
    }
    return options
  }

  /** The same for a text that nobody will get and whose price alone is asked for. */
  optionsForPrice({ hasLinks }: Step, subscriber: { timeZone: string }): RenderOptions {
    const example = this.#batch?.example
    if (!hasLinks || example === undefined) return subscriber
    return { timeZone: subscriber.timeZone, shorten: () => example }
  }

  /** What stores the links that this tick has made. */
  takeWrites(): ((tx: Tx) => Promise<void>)[] {
    const batch = this.#batch
    const isUsed = batch !== undefined && batch.room() < TICK_LINKS
    // Whoever made links in this tick will make some in the next one.
    if (this.#isAsked) this.#wantsLinks = isUsed
    this.#batch = undefined
    this.#isAsked = false
    return isUsed ? [(tx) => batch.store(tx)] : []
  }
}
