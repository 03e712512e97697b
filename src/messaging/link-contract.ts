import { z } from 'zod'

/**
 * `GET /v1/links/statistics`: whose links, by campaign or by cascade or both; instants, the last 30 days without them.
 */
export const linkStatisticsQuery = z
  .strictObject({
    campaignId: z.string().min(1).optional(),
    cascadeId: z.string().min(1).optional(),
    from: z.iso.datetime({ offset: true }).optional(),
    to: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ campaignId, cascadeId }) => campaignId !== undefined || cascadeId !== undefined, {
    message: 'name a campaign or a cascade',
    path: ['campaignId'],
  })
export type LinkStatisticsQuery = z.infer<typeof linkStatisticsQuery>

const counts = {
  /** By people; one who follows a link twice clicks twice. */
  clicks: z.int(),
  /** Different subscribers among them. */
  people: z.int(),
  /** Requests of machines: previews, scanners, crawlers. */
  bots: z.int(),
}

/** Answer of `GET /v1/links/statistics`: the most followed links first, each by day of the tenant's time zone. */
export const linkStatistics = z.object({
  from: z.string(),
  to: z.string(),
  timeZone: z.string(),
  ...counts,
  links: z.array(
    z.object({
      /** Where it leads, without what the tenant adds for each single message. */
      target: z.string(),
      ...counts,
      days: z.array(z.object({ day: z.iso.date(), ...counts })),
    }),
  ),
})
export type LinkStatistics = z.infer<typeof linkStatistics>
