import { type Documents, type Database, DomainError, parseInput, type Problem } from '../platform/index.ts'
import type { Profiles, Subscriber } from '../profiles/index.ts'
import type { ChannelTraits, Content, SubmitOutcome } from './channel.ts'
import { isGsm } from './channels/sms/alphabet.ts'
import { channelKinds, type ChannelSettings } from './channels/kinds.ts'
import { prepareTemplate, renderTemplate } from './template.ts'
import { checkTemplate } from './template-check.ts'
import {
  type Language,
  type PreviewAnswer,
  previewRequest,
  type Template,
  template as templateSchema,
  testSendRequest,
} from './template-contract.ts'
import { contentWarnings, templateWarnings } from './template-warnings.ts'

/** One message to an address of the sender's own, past the contact policy. `messageId` is made by whoever sends. */
export type SendTest = (
  tenantId: string,
  test: { templateId: string; channel: string; address: string; content: Content; language: Language },
) => Promise<{ messageId: string; outcome: SubmitOutcome }>

export type TemplateDependencies = {
  database: Database
  documents: Documents
  profiles: Profiles
  /** Absent where nothing can be sent. */
  sendTest?: SendTest
}

export type TestSendAnswer = { sent: { messageId: string; outcome: SubmitOutcome }[] }

/** Templates before anybody sees them. */
export type Templates = {
  /**
   * A saved template or one that is not saved as its channels would show it. Throws `template_not_found`,
   * `template_invalid` with every problem, `template_failed` where the variables do not fit.
   */
  preview(tenantId: string, request: unknown): Promise<PreviewAnswer>
  /** Sends a saved template to addresses as a test; throws as `preview`, and `channel_not_found`. */
  testSend(tenantId: string, templateId: string, request: unknown): Promise<TestSendAnswer>
}

/** What stands before the text of a test, so that nobody takes it for an offer. */
const TEST_MARK: Record<Language, string> = { en: '[test] ', ru: '[тест] ', uk: '[тест] ' }

/** Builds the service. */
export function createTemplates(dependencies: TemplateDependencies): Templates {
  const { documents, sendTest } = dependencies
  const saved = async (tenantId: string, id: string): Promise<Template> => {
    const found = await documents.get<Template>(tenantId, 'Template', id)
    if (!found)
      throw new DomainError('template_not_found', `no template "${id}"`, { field: 'templateId', found: id })
    return found
  }
  return {
    async preview(tenantId, given) {
      const request = parseInput(previewRequest, given)
      const template =
        request.templateId === undefined
          ? checked(request.document)
          : await saved(tenantId, request.templateId)
      await prepareTemplate(template)
      const { subscriber, variables, language } = await speakTo(dependencies, tenantId, template, request)
      const content = renderTemplate(template, language, variables, {
        timeZone: subscriber?.timeZone ?? 'UTC',
        // As long as a real one, so that parts and price are those of the message.
        ...(await exampleLinks(documents, tenantId)),
      })
      const ofTemplate = templateWarnings(template)
      const channels = await Promise.all(
        (request.channels ?? [template.channel]).map(async (channel) => {
          const settings = await documents.get<ChannelSettings>(tenantId, 'Channel', channel)
          const shown = shownBy(content, channel, settings)
          return { ...shown, warnings: [...shown.warnings, ...ofTemplate] }
        }),
      )
      return { language, channels }
    },
    async testSend(tenantId, templateId, given) {
      const request = parseInput(testSendRequest, given)
      const template = await saved(tenantId, templateId)
      const { channel } = template
      if (!sendTest || !(await documents.get(tenantId, 'Channel', channel)))
        throw new DomainError('channel_not_found', `this tenant has no channel ${channel}`, {
          found: channel,
        })
      await prepareTemplate(template)
      const { subscriber, variables, language } = await speakTo(dependencies, tenantId, template, request)
      const content = renderTemplate(template, language, variables, {
        timeZone: subscriber?.timeZone ?? 'UTC',
      })
      const mark = TEST_MARK[language]
      const marked = {
        ...content,
        text: mark + content.text,
        ...(content.subject === undefined ? {} : { subject: mark + content.subject }),
      }
      const test = { templateId, channel, content: marked, language }
      const sent = await Promise.all(
        request.addresses.map((address) => sendTest(tenantId, { ...test, address })),
      )
      return { sent }
    },
  }
}

/** A template that is not saved, as strictly as if it were. */
function checked(document: unknown): Template {
  const template = parseInput(templateSchema, document)
  const problems = checkTemplate(template)
  if (problems.length > 0) throw invalid(problems)
  return template
}

function invalid(problems: Problem[]): DomainError {
  const { code: _code, message, ...first } = problems[0]!
  return new DomainError('template_invalid', message, { ...first, problems })
}

type Spoken = {
  language?: Language | undefined
  subscriberId?: number | undefined
  variables: Record<string, unknown>
}

/** Variables that nobody gave are the examples, or the subscriber's attribute of that name. */
async function speakTo(
  { database, profiles }: TemplateDependencies,
  tenantId: string,
  template: Template,
  { subscriberId, language, variables }: Spoken,
): Promise<{ subscriber: Subscriber | undefined; variables: object; language: Language }> {
  const subscriber =
    subscriberId === undefined
      ? undefined
      : await database.tx(tenantId, async (tx) =>
          (await profiles.subscribersByIds(tx, [subscriberId])).get(subscriberId),
        )
  if (subscriberId !== undefined && !subscriber) {
    const details = { field: 'subscriberId', found: subscriberId }
    throw new DomainError('subscriber_not_found', `no subscriber ${subscriberId}`, details)
  }
  const examples = Object.entries(template.variables ?? {}).flatMap(
    ([name, { example, default: fallback }]) => {
      const value = example ?? fallback
      return value === undefined ? [] : [[name, value] as const]
    },
  )
  return {
    subscriber,
    language: language ?? subscriber?.language ?? 'en',
    variables: { attributes: subscriber?.attributes ?? {}, ...Object.fromEntries(examples), ...variables },
  }
}

async function exampleLinks(
  documents: Documents,
  tenantId: string,
): Promise<{ shorten?: (url: string) => string }> {
  const domain = await documents.get<{ baseUrl: string }>(tenantId, 'LinkDomain', 'default')
  return domain ? { shorten: () => `${domain.baseUrl}/l/Example1` } : {}
}

function shownBy(
  content: Content,
  channel: string,
  settings: ChannelSettings | undefined,
): PreviewAnswer['channels'][number] {
  const traits: ChannelTraits | undefined = channelKinds.get(channel)?.traits
  if (!traits)
    throw new DomainError('channel_not_found', `no kind of channel "${channel}"`, { found: channel })
  const shown = Object.entries(content).filter(
    ([part]) => part === 'text' || traits.shows.includes(part as keyof Content),
  )
  const units = traits.unitsOf?.(content, settings) ?? 1
  const priceMinor = settings?.priceMinor
  return {
    channel,
    content: Object.fromEntries(shown),
    length: [...content.text].length,
    units,
    ...(channel === 'sms' ? { alphabet: isGsm(content.text) ? ('gsm7' as const) : ('ucs2' as const) } : {}),
    ...(priceMinor === undefined ? {} : { priceMinor: String(BigInt(priceMinor) * BigInt(units)) }),
    warnings: contentWarnings(content, channel, traits),
  }
}
