import { type Documents, DomainError } from '../platform/index.ts'
import type { ChannelTraits, Content } from './channel.ts'
import { channelKinds, type ChannelSettings } from './channels/kinds.ts'
import { type Cascade, cascade, type ContactPolicy, durationMs, type Template } from './contract.ts'
import type { Until } from './message.ts'
import { prepareTemplate } from './template.ts'
import { localisedParts } from './template-contract.ts'

type UnitsOf = (content: Content) => number

/** A step of a cascade with everything looked up that does not depend on the subscriber. */
export type Step = {
  channel: string
  template: Template | undefined
  /** Undefined where the tenant has no such channel. */
  priceMinor: bigint | undefined
  /** Units that a content is paid for as. */
  unitsOf: UnitsOf | undefined
  until: Until
  waitMs: number
  validForMs: number
  /** Its text has links to be made short. */
  hasLinks: boolean
  /** Its text, or its channel, says how to unsubscribe by link. */
  wantsUnsubscribing: boolean
}

export type Plan = {
  cascade: Cascade
  steps: Step[]
  /** Whose text and price tell what the contact would have cost as SMS: its own SMS step, else the first one. */
  asSms: Step
  smsCostOf: ((content: Content) => bigint) | undefined
  /** What subscribers did before decides about their order of steps or their hour. */
  needsHabits: boolean
}

/** Without a policy document nothing is limited but consent. */
const openPolicy: ContactPolicy = { kind: 'ContactPolicy', id: 'default', consentRequired: true, caps: [] }

/** The id of a cascade of one step that is no document: a single message that somebody asked for. */
export function adHocId(channel: string, template: string): string {
  return `~${channel}~${template}`
}

/** Whether a cascade is such a single message: it has no document and no version. */
export const isAdHoc = (cascadeId: string): boolean => cascadeId.startsWith('~')

/** The id of the template whose text is the variable `text`: what is said back to a word such as "STOP". */
export const REPLY = 'tenure.reply'
const replyText = { en: '{{ text }}', ru: '{{ text }}', uk: '{{ text }}' }

function adHoc(id: string): Cascade | undefined {
  const [mark, channel, template] = id.split('~')
  if (mark !== '' || channel === undefined || template === undefined) return undefined
  const step = { channel, template, until: 'delivered', wait: 'P1D' }
  return cascade.parse({ kind: 'Cascade', id: 'single', steps: [step] })
}

/**
 * The documents that sending needs, without waiting: what a batch names is fetched before it (`prepare`) and kept until
 * documents change. A version of a cascade never changes; its templates and prices are those that hold now.
 */
export class Catalogue {
  readonly #documents: Documents
  readonly #tenantId: string
  #plans = new Map<string, Plan | null>()
  /** A batch mostly asks for one plan many times. */
  #last: { plans: object; cascadeId: string; cascadeVersion: number; plan: Plan } | undefined
  #policy: ContactPolicy | undefined

  constructor(documents: Documents, tenantId: string) {
    this.#documents = documents
    this.#tenantId = tenantId
  }

  /** Forgets everything: documents have changed. */
  forget(): void {
    this.#plans = new Map()
    this.#policy = undefined
  }

  /** The policy, read by `prepare`. */
  get policy(): ContactPolicy {
    return this.#policy ?? openPolicy
  }

  traits(channel: string): ChannelTraits | undefined {
    return channelKinds.get(channel)?.traits
  }

  /** Fetches the policy and the cascades that these name. */
  async prepare(wanted: Iterable<{ cascadeId: string; cascadeVersion: number }>): Promise<void> {
    this.#policy ??=
      (await this.#documents.get<ContactPolicy>(this.#tenantId, 'ContactPolicy', 'default')) ?? openPolicy
    const plans = this.#plans
    for (const { cascadeId, cascadeVersion } of wanted) {
      const key = `${cascadeId}@${cascadeVersion}`
      if (plans.has(key)) continue
      const found =
        adHoc(cascadeId) ??
        (await this.#documents.get<Cascade>(this.#tenantId, 'Cascade', cascadeId, cascadeVersion))
      plans.set(key, found ? await this.#planOf(found) : null)
    }
  }

  /** The plan of a cascade; null when there is no such document, undefined when it was not prepared. */
  plan(run: { cascadeId: string; cascadeVersion: number }): Plan | null | undefined {
    const { cascadeId, cascadeVersion } = run
    const last = this.#last
    if (last?.plans === this.#plans && last.cascadeId === cascadeId && last.cascadeVersion === cascadeVersion)
      return last.plan
    const plan = this.#plans.get(`${cascadeId}@${cascadeVersion}`)
    if (plan) this.#last = { plans: this.#plans, cascadeId, cascadeVersion, plan }
    return plan
  }

  async #planOf(found: Cascade): Promise<Plan> {
    const get = <T>(kind: string, id: string): Promise<T | undefined> =>
      this.#documents.get<T>(this.#tenantId, kind, id)
    const steps: Step[] = []
    for (const { channel, template, until, wait, validFor } of found.steps) {
      const settings = await get<ChannelSettings>('Channel', channel)
      const traits = channelKinds.get(channel)?.traits
      const words = await this.#templateOf(template, channel)
      const texts = words ? [...localisedParts(words)].flatMap(([, text]) => Object.values(text)) : []
      const mentions = (pattern: RegExp): boolean => texts.some((text) => pattern.test(text ?? ''))
      steps.push({
        channel,
        template: words,
        priceMinor: settings && BigInt(settings.priceMinor),
        unitsOf: unitsOf(channel, settings),
        hasLinks: words?.link !== undefined || mentions(/\|\s*short\b/),
        wantsUnsubscribing:
          traits?.shows.includes('unsubscribeUrl') === true || mentions(/\bunsubscribeUrl\b/),
        until,
        waitMs: durationMs(wait),
        validForMs: durationMs(validFor),
      })
    }
    const sms = await get<ChannelSettings>('Channel', 'sms')
    const asSms = steps.find(({ channel }) => channel === 'sms') ?? steps[0]!
    const smsUnitsOf = unitsOf('sms', sms)!
    const smsCostOf =
      sms && ((content: Content): bigint => BigInt(sms.priceMinor) * BigInt(smsUnitsOf(content)))
    const needsHabits = found.timing === 'best_hour' || found.order === 'expected_cost'
    return { cascade: found, steps, asSms, smsCostOf, needsHabits }
  }

  /** A template that is ready to be rendered; one whose MJML cannot be laid out fails its messages and not the batch. */
  async #templateOf(id: string, channel: string): Promise<Template | undefined> {
    if (id === REPLY) return { kind: 'Template', id, channel, text: replyText, missing: 'fail' }
    const template = await this.#documents.get<Template>(this.#tenantId, 'Template', id)
    if (!template) return undefined
    try {
      await prepareTemplate(template)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
    }
    return template
  }
}

/** What a kind counts as units under the tenant's settings; undefined where each message is one. */
function unitsOf(channel: string, settings: ChannelSettings | undefined): UnitsOf | undefined {
  const traits = channelKinds.get(channel)?.traits
  return traits?.unitsOf && ((content) => traits.unitsOf!(content, settings))
}
