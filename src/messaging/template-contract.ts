import { z } from 'zod'

/** An id of a document: lower-case words, digits, dots and hyphens. */
export const slug = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/)
const languages = ['en', 'ru', 'uk'] as const
export type Language = (typeof languages)[number]

const words = z.string().min(1).optional()
/** What is said, by language, in Liquid. */
const localised = z.strictObject({ en: words, ru: words, uk: words })
export type Localised = z.infer<typeof localised>

/** A name that Liquid can read. */
const variableName = z.string().regex(/^[A-Za-z_][\w]{0,60}$/, 'a name of letters, digits and _')

/**
 * What a template may speak of. A money value is `{amountMinor: "14990", currency: "RUB", decimals: 2}` and is shown
 * in the language's way; a date is `2026-05-21` or an instant with offset; a decimal may be a text of digits.
 */
const variable = z.strictObject({
  type: z.enum(['string', 'integer', 'decimal', 'date', 'money', 'url', 'list', 'boolean', 'object']),
  /** A variable that is not required is empty where it is missing. */
  required: z.boolean().default(true),
  /** For previews where nobody gives a value. */
  example: z.unknown().optional(),
  /** Taken where the variable is missing and the template's policy is `default`. */
  default: z.unknown().optional(),
})
export type TemplateVariable = z.infer<typeof variable>

/**
 * The words of one channel. Every text is Liquid. `html` may be MJML, which is laid out once, before Liquid fills it
 * for each subscriber; there and in `amp` values are escaped unless `| raw` says otherwise.
 */
export const template = z
  .strictObject({
    kind: z.literal('Template'),
    id: slug,
    channel: slug,
    text: localised,
    subject: localised.optional(),
    html: localised.optional(),
    amp: localised.optional(),
    media: z.strictObject({ url: z.string().min(1), contentType: z.string().min(3) }).optional(),
    /** Where a tap leads; a text names it as `{{ link }}`, and it is made short where the tenant has a domain. */
    link: z.string().min(1).optional(),
    choices: z.array(z.strictObject({ id: z.string().min(1), label: localised })).optional(),
    appointment: z
      .strictObject({
        /** The same for invite, change and cancellation. */
        uid: z.string().min(1),
        sequence: z.string().default('0'),
        method: z.enum(['request', 'cancel']).default('request'),
        /** An instant with offset, epoch ms, or a local date and time in `timeZone`. */
        startsAt: z.string().min(1),
        /** ISO 8601, such as PT30M. */
        duration: z.string().min(1),
        /** The subscriber's own zone where it is absent. */
        timeZone: z.string().optional(),
        location: localised.optional(),
      })
      .optional(),
    /** Once any is declared, each that a text names must be. */
    variables: z.record(variableName, variable).optional(),
    missing: z.enum(['fail', 'default']).default('fail'),
    /** Whose words a language takes that has none of its own, in this order; each text in all languages without it. */
    fallback: z.array(z.enum(languages)).min(1).optional(),
  })
  .superRefine((document, context) => {
    for (const [path, text] of localisedParts(document)) {
      for (const language of languages) {
        if (wordsIn(text, language, document.fallback) !== undefined) continue
        const message = `no ${language} words, and no fallback has any`
        context.addIssue({ code: 'custom', message, path: [...path, language] })
      }
    }
  })
export type Template = z.infer<typeof template>

/** Every text of a template that has languages, with its path. */
export function localisedParts(
  document: Pick<Template, 'text' | 'subject' | 'html' | 'amp' | 'choices' | 'appointment'>,
): [path: (string | number)[], text: Localised][] {
  const parts: [(string | number)[], Localised | undefined][] = [
    [['text'], document.text],
    [['subject'], document.subject],
    [['html'], document.html],
    [['amp'], document.amp],
    [['appointment', 'location'], document.appointment?.location],
    ...(document.choices ?? []).map(
      (choice, i) => [['choices', i, 'label'], choice.label] as [(string | number)[], Localised],
    ),
  ]
  return parts.filter((part): part is [(string | number)[], Localised] => part[1] !== undefined)
}

/** The words in a language, else those of the first language of the chain that has any. */
export function wordsIn(
  text: Localised,
  language: Language,
  fallback: readonly Language[] | undefined,
): string | undefined {
  if (text[language] !== undefined) return text[language]
  return fallback?.map((other) => text[other]).find((found) => found !== undefined)
}

/** `POST /v1/templates/preview`: a saved template or one that is not saved, for a subscriber or for the examples. */
export const previewRequest = z
  .strictObject({
    templateId: z.string().optional(),
    document: z.unknown().optional(),
    subscriberId: z.int().positive().optional(),
    /** The subscriber's own where it is absent. */
    language: z.enum(languages).optional(),
    variables: z.record(z.string(), z.unknown()).default({}),
    /** The template's own channel where it is absent. */
    channels: z.array(slug).min(1).max(20).optional(),
  })
  .refine(
    ({ templateId, document }) => (templateId === undefined) !== (document === undefined),
    'either templateId or document',
  )

/** Something that will not stop a message and should be looked at. */
export const templateWarning = z.object({
  code: z.enum([
    'emoji_in_sms',
    'not_gsm',
    'many_parts',
    'too_long',
    'part_not_shown',
    'date_without_filter',
    'variable_unused',
  ]),
  message: z.string(),
  field: z.string().optional(),
})
export type TemplateWarning = z.infer<typeof templateWarning>

/** What one channel shows of a template, and what it costs. */
export const channelPreview = z.object({
  channel: z.string(),
  /** As the channel shows it. */
  content: z.record(z.string(), z.unknown()),
  /** Of the text, in characters. */
  length: z.int(),
  /** Units paid for: parts of an SMS. */
  units: z.int(),
  /** Of an SMS. */
  alphabet: z.enum(['gsm7', 'ucs2']).optional(),
  /** Undefined where the tenant has no such channel. */
  priceMinor: z.string().optional(),
  warnings: z.array(templateWarning),
})

/** Answer of `POST /v1/templates/preview`. */
export const previewAnswer = z.object({
  language: z.enum(languages),
  channels: z.array(channelPreview),
})
export type PreviewAnswer = z.infer<typeof previewAnswer>

/** What a kind of channel carries of a template. */
const channelCapabilities = z.object({
  channel: z.string(),
  /** Parts of the content that it shows: `text`, `subject`, `choices` and so on. */
  shows: z.array(z.string()),
  /** In characters; absent where it splits a text or takes one of any length. */
  maxTextLength: z.int().optional(),
})
export type ChannelCapabilities = z.infer<typeof channelCapabilities>

/** Answer of `GET /v1/channels/capabilities`: every kind of channel. */
export const channelCapabilitiesList = z.array(channelCapabilities)

/** `POST /v1/templates/:templateId/test-send`: to addresses of the sender's own, marked as a test. */
export const testSendRequest = z.strictObject({
  addresses: z.array(z.string().min(1).max(2_048)).min(1).max(20),
  subscriberId: z.int().positive().optional(),
  language: z.enum(languages).optional(),
  variables: z.record(z.string(), z.unknown()).default({}),
})
