import { z } from 'zod'

const slug = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,99}$/)
const localised = z.strictObject({ en: z.string().min(1), ru: z.string().min(1), uk: z.string().min(1) })
const duration = z.string().refine(isLength, 'an ISO 8601 duration of days or less, such as PT24H or P2D')
const share = z.int().min(0).max(100)

const stepId = slug

/** The typed steps of a journey. Every way out is written down; there is no fall-through. */
export const step = z.discriminatedUnion('type', [
  /** Chooses what this subscriber can pay for, by balance and approved credit; `empty` when that is nothing. */
  z.strictObject({ id: stepId, type: z.literal('offer'), menu: slug, next: stepId, empty: stepId }),
  /** Starts a cascade with the present offer and goes on at once. */
  z.strictObject({ id: stepId, type: z.literal('send'), cascade: slug, next: stepId }),
  /** Waits for an answer that names an item of the offer; `else` when the time is over. */
  z.strictObject({ id: stepId, type: z.literal('wait'), timeout: duration, next: stepId, else: stepId }),
  /** Waits and goes on. */
  z.strictObject({ id: stepId, type: z.literal('delay'), time: duration, next: stepId }),
  /** Activates the chosen product in the operator's systems, on credit where the balance is short. */
  z.strictObject({ id: stepId, type: z.literal('activate'), next: stepId, else: stepId }),
  /** Gives points for the purchase by the programme's earn rules. */
  z.strictObject({ id: stepId, type: z.literal('award'), next: stepId }),
  /** First case whose condition (CEL over `subscriber`, `offer`, `answer`) holds. */
  z.strictObject({
    id: stepId,
    type: z.literal('branch'),
    cases: z.array(z.strictObject({ when: z.string(), next: stepId })).min(1),
    else: stepId,
  }),
  /** By chance, stable for a subscriber; shares in percent sum to 100. */
  z.strictObject({
    id: stepId,
    type: z.literal('split'),
    parts: z.array(z.strictObject({ share, next: stepId })).min(2),
  }),
  z.strictObject({ id: stepId, type: z.literal('exit'), reason: slug }),
])

const arm = z.strictObject({
  id: slug,
  name: localised,
  share,
  /** The trigger whose firing begins the journey, for enrolled subscribers of this arm; `delay` puts it off. */
  entry: z.strictObject({ trigger: slug, delay: duration.optional() }),
  journey: z.strictObject({ start: stepId, steps: z.array(step).min(1) }),
})

/**
 * An experiment of arms and a control group over one population. The population's trigger is the same for
 * everybody and comes before any contact, so arms stay comparable however their entries differ.
 */
export const campaign = z.strictObject({
  kind: z.literal('Campaign'),
  id: slug,
  name: localised,
  state: z.enum(['live', 'stopped']),
  population: z.strictObject({
    trigger: slug,
    /** CEL over `subscriber`. */
    where: z.string().optional(),
  }),
  /** Changes who is in which arm; the same salt in two campaigns gives the same split. */
  salt: z.string().optional(),
  control: z.strictObject({ name: localised, share }),
  arms: z.array(arm).min(1),
})

export type Campaign = z.infer<typeof campaign>
export type Arm = Campaign['arms'][number]
export type Step = z.infer<typeof step>

/** Months and years have no length of their own, and a journey's waits are lengths. */
function isLength(text: string): boolean {
  try {
    const { years, months, weeks, sign } = Temporal.Duration.from(text)
    return years === 0 && months === 0 && weeks === 0 && sign > 0
  } catch {
    return false
  }
}

/** The arm that nobody contacts. */
export const CONTROL = 'control'

/** `GET /v1/campaigns` */
export const campaignList = z.array(
  z.object({ campaignId: z.string(), version: z.int(), state: z.string(), name: localised }),
)
