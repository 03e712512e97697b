import { type Campaign, CONTROL } from '../campaigns/index.ts'
import type { Product } from '../offers/index.ts'
import type { Analytics } from '../platform/index.ts'
import { anytimeDifference, type ArmSample } from './confidence.ts'
import type { ArmReport, CampaignReport } from './contract.ts'
import { allSmsCost, type CascadeRow, type ChannelRow, channels } from './metrics/channels.ts'
import { days } from './metrics/days.ts'
import { funnel, type FunnelRow } from './metrics/funnel.ts'
import { margin, type MarginRow } from './metrics/margin.ts'
import type { MetricScope } from './metrics/population.ts'
import { refusals } from './metrics/refusals.ts'
import { points, type PointsRow, sales, type SalesRow } from './metrics/sales.ts'

type Figures = {
  funnel: FunnelRow[]
  channels: ChannelRow[]
  allSms: CascadeRow[]
  sales: SalesRow[]
  points: PointsRow[]
  margin: MarginRow[]
}

export type ArmsPart = Pick<CampaignReport, 'arms' | 'refusals' | 'days'>

/** Asks every metric of a campaign and lays the answers out by arm, control last. */
export async function reportArms(
  analytics: Analytics,
  scope: MetricScope,
  campaign: Campaign,
  products: Product[],
  timeZone: string,
): Promise<ArmsPart> {
  const figures: Figures = {
    funnel: await funnel(analytics, scope),
    channels: await channels(analytics, scope),
    allSms: await allSmsCost(analytics, scope),
    sales: await sales(analytics, scope),
    points: await points(analytics, scope),
    margin: await margin(analytics, scope),
  }
  const arms = [...campaign.arms, { id: CONTROL, name: campaign.control.name }].map((arm) =>
    armReportOf(arm, figures, products),
  )
  const refused = await refusals(analytics, scope)
  const notBought = new Map<string, number>()
  for (const row of refused) notBought.set(row.arm, (notBought.get(row.arm) ?? 0) + row.subscribers)
  return {
    arms,
    refusals: refused.map(({ arm, reason, subscribers }) => ({
      armId: arm,
      reason,
      subscribers,
      share: subscribers / notBought.get(arm)!,
    })),
    days: (await days(analytics, { ...scope, timeZone })).map(({ arm, ...row }) => ({ ...row, armId: arm })),
  }
}

function armReportOf(
  arm: Pick<Campaign['arms'][number], 'id' | 'name'>,
  figures: Figures,
  products: Product[],
): ArmReport {
  const of = <R extends { arm: string }>(rows: R[]): R | undefined => rows.find((row) => row.arm === arm.id)
  const steps = of(figures.funnel)
  const money = of(figures.margin)
  const messageCostMinor = money?.messageCostMinor ?? '0'
  const allSmsCostMinor = of(figures.allSms)?.allSmsCostMinor ?? '0'
  const control = figures.margin.find((row) => row.arm === CONTROL)
  const isControl = arm.id === CONTROL
  return {
    armId: arm.id,
    name: arm.name,
    isControl,
    enrolled: steps?.enrolled ?? 0,
    entered: steps?.entered ?? 0,
    contacted: steps?.contacted ?? 0,
    delivered: steps?.delivered ?? 0,
    answered: steps?.answered ?? 0,
    activated: steps?.activated ?? 0,
    channels: figures.channels.filter((row) => row.arm === arm.id).map(({ arm: _arm, ...row }) => row),
    products: productsOf(
      figures.sales.filter((row) => row.arm === arm.id),
      products,
    ),
    salesTotal: money?.salesTotal ?? 0,
    salesOnCredit: money?.salesOnCredit ?? 0,
    packageRevenueMinor: money?.packageRevenueMinor ?? '0',
    payAsYouGoRevenueMinor: money?.payAsYouGoRevenueMinor ?? '0',
    trustPaymentFeesMinor: money?.trustPaymentFeesMinor ?? '0',
    overduePrincipalMinor: money?.overduePrincipalMinor ?? '0',
    messageCostMinor,
    allSmsCostMinor,
    cascadeSavedMinor: (BigInt(allSmsCostMinor) - BigInt(messageCostMinor)).toString(),
    pointsAwarded: of(figures.points)?.points ?? '0',
    marginMinor: money?.marginMinor ?? '0',
    marginPerSubscriberMinor: money?.marginMean ?? 0,
    ...(isControl || !money || !control ? {} : estimates(money, control)),
  }
}

function estimates(treated: MarginRow, control: MarginRow): Pick<ArmReport, 'margin' | 'packageRevenue'> {
  const marginEstimate = estimate(
    { mean: treated.marginMean, variance: treated.marginVariance, n: treated.n },
    { mean: control.marginMean, variance: control.marginVariance, n: control.n },
  )
  const revenueEstimate = estimate(
    { mean: treated.revenueMean, variance: treated.revenueVariance, n: treated.n },
    { mean: control.revenueMean, variance: control.revenueVariance, n: control.n },
  )
  return {
    ...(marginEstimate ? { margin: marginEstimate } : {}),
    ...(revenueEstimate ? { packageRevenue: revenueEstimate } : {}),
  }
}

function estimate(treated: ArmSample, control: ArmSample): ArmReport['margin'] {
  const interval = anytimeDifference(treated, control)
  return (
    interval && { perSubscriberMinor: interval.difference, lowMinor: interval.low, highMinor: interval.high }
  )
}

/** A product whose document is gone is called by its id. */
const unnamed = (id: string): ArmReport['products'][number]['name'] => ({ en: id, ru: id, uk: id })

/** The arm's sales by package, the smallest package first. */
function productsOf(rows: SalesRow[], products: Product[]): ArmReport['products'] {
  const known = new Map(products.map((product) => [product.id, product]))
  return rows
    .map(({ arm: _arm, ...row }) => ({
      ...row,
      name: known.get(row.productId)?.name ?? unnamed(row.productId),
      volumeMb: known.get(row.productId)?.volumeMb ?? 0,
    }))
    .sort((a, b) => a.volumeMb - b.volumeMb)
}
