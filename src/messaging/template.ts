import { DomainError } from '../platform/index.ts'
import type { Appointment, Content } from './channel.ts'
import { compileLiquid, type Filled, htmlLiquid, plainLiquid, type Speech } from './liquid.ts'
import { laidOutHtml, layOut } from './mjml.ts'
import { type Language, type Localised, type Template, wordsIn } from './template-contract.ts'
import { momentMs, type Values, valuesOf } from './template-values.ts'

/** What a text knows beside its variables. */
export type RenderOptions = {
  /** Of the subscriber; UTC where it is absent. */
  timeZone?: string
  /** Makes a link short and remembers where it leads; links stay as they are where it is absent. */
  shorten?: (url: string) => string
  /** Shown as `{{ unsubscribeUrl }}`, and handed on to the channel. */
  unsubscribeUrl?: string
}

/** A template in one language, ready to be filled. */
type Plan = {
  values: Values
  link: Filled | undefined
  text: Filled
  subject: Filled | undefined
  html: Filled | undefined
  amp: Filled | undefined
  media: { url: Filled; contentType: string } | undefined
  choices: { id: Filled; label: Filled }[] | undefined
  appointment: AppointmentPlan | undefined
}
type AppointmentPlan = {
  uid: Filled
  sequence: Filled
  method: Appointment['method']
  startsAt: Filled
  duration: Filled
  timeZone: Filled | undefined
  location: Filled | undefined
}

/** Documents never change, so a plan lives as long as its document. */
const plans = new WeakMap<Template, Partial<Record<Language, Plan>>>()
/** Where nothing is said of the subscriber. */
const noSpeech: Speech = { language: 'en', timeZone: 'UTC' }

/**
 * The template's words for one subscriber. Throws `template_failed` that names the template and the variable. Liquid as
 * in the reference implementation (Shopify), through liquidjs. A template with MJML must have been through
 * `prepareTemplate`.
 */
export function renderTemplate(
  template: Template,
  language: Language,
  variables: object,
  options?: RenderOptions,
): Content {
  try {
    const plan = (plans.get(template)?.[language] ?? planOf(template, language)) as Plan
    const speech = speechFor(language, options)
    const values = plan.values(variables, language)
    // Almost every SMS is a text and nothing else.
    if (isTextAlone(plan) && options?.unsubscribeUrl === undefined)
      return { text: filledText(plan.text, values, speech) }
    return contentOf(plan, values, speech, options)
  } catch (error) {
    if (error instanceof DomainError) throw error
    const message = `template ${template.id}: ${(error as Error).message}`
    throw new DomainError('template_failed', message, { field: template.id })
  }
}

/** Lays out the MJML of a template, once; nothing to wait for where there is none. Throws `template_invalid`. */
export async function prepareTemplate(template: Template): Promise<void> {
  for (const source of Object.values(template.html ?? {})) if (source !== undefined) await layOut(source)
}

function speechFor(language: Language, options: RenderOptions | undefined): Speech {
  if (options === undefined) return language === 'en' ? noSpeech : { language, timeZone: 'UTC' }
  return { language, timeZone: options.timeZone ?? 'UTC', shorten: options.shorten }
}

const isTextAlone = (plan: Plan): boolean =>
  !plan.link && !plan.choices && !plan.subject && !plan.html && !plan.media && !plan.appointment && !plan.amp

function filledText(filled: Filled, values: object, speech: Speech): string {
  const text = filled(values, speech).trim()
  if (text === '') throw new Error('the text is empty')
  return text
}

function contentOf(plan: Plan, given: object, speech: Speech, options: RenderOptions | undefined): Content {
  const unsubscribeUrl = options?.unsubscribeUrl
  const content: Partial<Content> = {}
  const values: Record<string, unknown> = { ...given }
  if (unsubscribeUrl !== undefined) values['unsubscribeUrl'] = content.unsubscribeUrl = unsubscribeUrl
  if (plan.link) {
    const link = plan.link(values, speech).trim()
    values['link'] = content.link = speech.shorten?.(link) ?? link
  }
  const fill = (filled: Filled): string => filled(values, speech).trim()
  content.text = filledText(plan.text, values, speech)
  if (plan.choices)
    content.choices = plan.choices.map(({ id, label }) => ({ id: fill(id), label: fill(label) }))
  if (plan.subject) content.subject = fill(plan.subject)
  if (plan.html) content.html = fill(plan.html)
  if (plan.amp) content.amp = fill(plan.amp)
  if (plan.media) content.media = { url: fill(plan.media.url), contentType: plan.media.contentType }
  if (plan.appointment) content.appointment = appointmentOf(plan.appointment, fill, speech.timeZone)
  return content as Content
}

function appointmentOf(
  plan: AppointmentPlan,
  fill: (filled: Filled) => string,
  ownZone: string,
): Appointment {
  const timeZone = plan.timeZone ? fill(plan.timeZone) : ownZone
  const startsAtMs = momentMs(fill(plan.startsAt), timeZone)
  if (startsAtMs === undefined) throw new Error('appointment.startsAt is no moment')
  const sequence = Number(fill(plan.sequence))
  if (!Number.isSafeInteger(sequence) || sequence < 0)
    throw new Error('appointment.sequence is no whole number')
  const startsAt = Temporal.Instant.fromEpochMilliseconds(startsAtMs).toZonedDateTimeISO(timeZone)
  const endsAtMs = startsAt.add(Temporal.Duration.from(fill(plan.duration))).epochMilliseconds
  return {
    uid: fill(plan.uid),
    sequence,
    method: plan.method,
    startsAtMs,
    endsAtMs,
    timeZone,
    ...(plan.location ? { location: fill(plan.location) } : {}),
  }
}

function planOf(template: Template, language: Language): Plan {
  const { appointment, media } = template
  const words = (text: Localised): string => {
    const found = wordsIn(text, language, template.fallback)
    if (found === undefined) throw new Error(`no words in language ${language}`)
    return found
  }
  const optional = (text: Localised | undefined): Filled | undefined => text && compileLiquid(words(text))
  const plan: Plan = {
    values: valuesOf(template),
    link: template.link === undefined ? undefined : compileLiquid(template.link),
    text: compileLiquid(words(template.text)),
    subject: optional(template.subject),
    html: template.html && compileLiquid(htmlOf(words(template.html)), htmlLiquid),
    amp: template.amp && compileLiquid(words(template.amp), htmlLiquid),
    media: media && { url: compileLiquid(media.url, plainLiquid), contentType: media.contentType },
    choices: template.choices?.map(({ id, label }) => {
      return { id: compileLiquid(id), label: compileLiquid(words(label)) }
    }),
    appointment: appointment && {
      uid: compileLiquid(appointment.uid),
      sequence: compileLiquid(appointment.sequence),
      method: appointment.method,
      startsAt: compileLiquid(appointment.startsAt),
      duration: compileLiquid(appointment.duration),
      timeZone: optional(
        appointment.timeZone === undefined ? undefined : { [language]: appointment.timeZone },
      ),
      location: optional(appointment.location),
    },
  }
  const known = plans.get(template) ?? {}
  known[language] = plan
  plans.set(template, known)
  return plan
}

function htmlOf(source: string): string {
  const html = laidOutHtml(source)
  if (html === undefined) throw new Error('its MJML was not prepared')
  return html
}
