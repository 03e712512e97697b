import { z } from 'zod'

/**
 * The tenant's own domain for short links, and what is added to every address that one leads to: `{channel}`,
 * `{campaign}` and `{message}` stand for the message's own. A parameter that the address has already is left alone.
 */
export const linkDomain = z.strictObject({
  kind: z.literal('LinkDomain'),
  id: z.literal('default'),
  /** Such as https://go.example.com: `/l/` and the code follow. */
  baseUrl: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  parameters: z.record(z.string().regex(/^[\w-]{1,50}$/), z.string().max(200)).default({}),
})
export type LinkDomain = z.infer<typeof linkDomain>

/** Whose link it is. `erid` is the advertising mark, which must stand in the address as well. */
export type LinkOrigin = { messageId: string; channel: string; campaignId?: string; erid?: string }

/** The address with the tenant's parameters. */
export function withParameters(
  url: string,
  parameters: LinkDomain['parameters'],
  origin: LinkOrigin,
): string {
  const target = new URL(url)
  const words: Record<string, string> = {
    channel: origin.channel,
    campaign: origin.campaignId ?? '',
    message: origin.messageId,
  }
  const wanted = { ...parameters, ...(origin.erid === undefined ? {} : { erid: origin.erid }) }
  for (const [name, pattern] of Object.entries(wanted)) {
    const value = pattern.replace(/\{(channel|campaign|message)\}/g, (_, word: string) => words[word]!)
    if (value !== '' && !target.searchParams.has(name)) target.searchParams.set(name, value)
  }
  return target.href
}
