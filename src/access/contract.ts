import { z } from 'zod'

/** What a key may do; see the table in README.md. */
export const role = z.enum(['admin', 'ingest', 'read', 'partner'])
export type Role = z.infer<typeof role>

const timeZone = z.string().refine(isTimeZone, { error: 'an IANA time zone such as Europe/Kyiv' })

export const tenant = z.strictObject({
  /** Slug: lower-case letters, digits and hyphens. */
  tenantId: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  name: z.string().min(1).max(200),
  /** ISO 4217 code, and how many decimals its minor unit has. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  currencyDecimals: z.int().min(0).max(4),
  timeZone,
  language: z.enum(['en', 'ru', 'uk']),
  /** ISO 3166 alpha-2 country that national phone numbers are read in; without it only E.164 is understood. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
})
export type Tenant = z.infer<typeof tenant>

/** `POST /v1/keys` */
export const newKey = z.strictObject({ name: z.string().min(1).max(200), role })

/** `GET /v1/tenant`: whom the key speaks for and which server answers. */
export const whoAmI = z.object({ tenant, role, keyId: z.string(), version: z.string() })
export type WhoAmI = z.infer<typeof whoAmI>

/** Whether the name is a time zone that calendars can run in. */
export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
