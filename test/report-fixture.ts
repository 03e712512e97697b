import { campaignReport, type ArmReport, type CampaignReport } from '../src/insights/contract.ts'

export const CAMPAIGN = 'package-exhausted'

type ArmPlan = {
  armId: string
  name: ArmReport['name']
  enrolled: number
  /** Contacted, delivered, answered, activated. */
  stages: [number, number, number, number]
  /** Channel and its submitted, delivered, failed, unknown, held, answered, and price of one in minor units. */
  channels: [string, number, number, number, number, number, number, bigint][]
  /** Packages of 100, 200, 500, 1000 MB that the campaign sold. */
  sold: [number, number, number, number]
  ownSales: number
  payAsYouGoMinor: bigint
  /** Half of the interval of the margin's difference from control, minor units. */
  halfWidthMinor: number
  reasons: Partial<Record<CampaignReport['refusals'][number]['reason'], number>>
}

const VOLUMES = [100, 200, 500, 1000] as const
const PRICES_MINOR = [3_000n, 5_000n, 10_000n, 15_000n] as const
const SMS_PRICE_MINOR = 110n

const PLANS: ArmPlan[] = [
  {
    armId: 'old-sms',
    name: {
      en: 'Old: SMS at 10% left',
      ru: 'Прежний: SMS при остатке 10\u00a0%',
      uk: 'Попередній: SMS за залишку 10%',
    },
    enrolled: 12_514,
    stages: [11_642, 10_718, 611, 544],
    channels: [['sms', 21_873, 19_964, 1_452, 457, 872, 611, 110n]],
    sold: [214, 187, 101, 42],
    ownSales: 1_904,
    payAsYouGoMinor: 48_211_240n,
    halfWidthMinor: 139,
    reasons: {
      not_reached: 924,
      held_by_policy: 872,
      saving_traffic: 5_412,
      renewal_near: 1_204,
      nothing_affordable: 388,
      refused: 142,
      answer_too_late: 67,
      bought_by_self_service: 1_510,
      no_answer: 1_451,
    },
  },
  {
    armId: 'new-dstk-sms',
    name: {
      en: 'New: pop-up, then SMS',
      ru: 'Новый: окно, затем SMS',
      uk: 'Новий: вікно, потім SMS',
    },
    enrolled: 12_476,
    stages: [11_708, 11_214, 1_963, 1_787],
    channels: [
      ['dstk', 11_708, 8_941, 2_204, 563, 768, 1_412, 30n],
      ['sms', 8_316, 7_702, 488, 126, 0, 551, 110n],
    ],
    sold: [512, 604, 431, 240],
    ownSales: 1_466,
    payAsYouGoMinor: 46_904_515n,
    halfWidthMinor: 149,
    reasons: {
      not_reached: 494,
      held_by_policy: 768,
      saving_traffic: 611,
      renewal_near: 1_530,
      nothing_affordable: 842,
      refused: 1_204,
      answer_too_late: 118,
      activation_failed: 58,
      bought_by_self_service: 986,
      no_answer: 4_078,
    },
  },
  {
    armId: 'new-after-48h',
    name: {
      en: 'New, 48 hours later',
      ru: 'Новый, через 48 часов',
      uk: 'Новий, через 48 годин',
    },
    enrolled: 12_507,
    stages: [11_511, 10_986, 141, 118],
    channels: [
      ['dstk', 11_511, 8_702, 2_244, 565, 996, 88, 30n],
      ['sms', 10_204, 9_411, 640, 153, 0, 53, 110n],
    ],
    sold: [41, 40, 24, 13],
    ownSales: 1_981,
    payAsYouGoMinor: 47_003_780n,
    halfWidthMinor: 183,
    reasons: {
      not_reached: 525,
      held_by_policy: 996,
      saving_traffic: 204,
      renewal_near: 4_890,
      nothing_affordable: 402,
      refused: 318,
      answer_too_late: 23,
      bought_by_self_service: 1_640,
      no_answer: 3_391,
    },
  },
  {
    armId: 'control',
    name: { en: 'Control', ru: 'Контроль', uk: 'Контроль' },
    enrolled: 12_503,
    stages: [0, 0, 0, 0],
    channels: [],
    sold: [0, 0, 0, 0],
    ownSales: 2_012,
    payAsYouGoMinor: 48_112_905n,
    halfWidthMinor: 0,
    reasons: { not_contacted: 10_690, bought_by_self_service: 1_813 },
  },
]

/** The difference of an arm's mean from control's, with an interval of the plan's width. */
const estimateOf = (mean: number, controlMean: number, halfWidthMinor: number) => ({
  perSubscriberMinor: mean - controlMean,
  lowMinor: mean - controlMean - halfWidthMinor,
  highMinor: mean - controlMean + halfWidthMinor,
})

const total = (parts: readonly bigint[]): bigint => parts.reduce((sum, part) => sum + part, 0n)

/** One arm whose sums agree with each other, as the platform's would. */
function armOf(plan: ArmPlan): ArmReport {
  const [contacted, delivered, answered, activated] = plan.stages
  const products = VOLUMES.flatMap((volumeMb, index) => {
    const count = plan.sold[index] ?? 0
    const revenueMinor = String(BigInt(count) * (PRICES_MINOR[index] ?? 0n))
    const onCredit = Math.round(count * 0.72)
    return count
      ? [
          {
            productId: `data-${volumeMb}`,
            name: { en: `Data ${volumeMb}`, ru: `Интернет ${volumeMb}`, uk: `Інтернет ${volumeMb}` },
            volumeMb,
            activated: count,
            onCredit,
            revenueMinor,
          },
        ]
      : []
  })
  const creditSales = products.reduce((sum, { onCredit }) => sum + onCredit, 0)
  const packages =
    total(products.map(({ revenueMinor }) => BigInt(revenueMinor))) + BigInt(plan.ownSales) * 6_400n
  const cost = total(plan.channels.map(([, submitted, , , , , , price]) => BigInt(submitted) * price))
  const allSms = BigInt(plan.channels.reduce((sum, [, submitted]) => sum + submitted, 0)) * SMS_PRICE_MINOR
  const fees = BigInt(creditSales) * 500n
  const overdue = BigInt(Math.round(creditSales * 0.03)) * 5_000n
  const marginMinor = packages + plan.payAsYouGoMinor + fees - overdue - cost
  return {
    armId: plan.armId,
    name: plan.name,
    isControl: plan.armId === 'control',
    enrolled: plan.enrolled,
    entered: plan.armId === 'control' ? 0 : plan.enrolled,
    contacted,
    delivered,
    answered,
    activated,
    channels: plan.channels.map(([channel, submitted, reached, failed, unknown, held, answers, price]) => ({
      channel,
      submitted,
      delivered: reached,
      failed,
      unknown,
      held,
      answered: answers,
      costMinor: String(BigInt(submitted) * price),
    })),
    products,
    salesTotal: activated + plan.ownSales,
    salesOnCredit: creditSales + Math.round(plan.ownSales * 0.04),
    packageRevenueMinor: String(packages),
    payAsYouGoRevenueMinor: String(plan.payAsYouGoMinor),
    trustPaymentFeesMinor: String(fees),
    overduePrincipalMinor: String(overdue),
    messageCostMinor: String(cost),
    allSmsCostMinor: String(allSms),
    cascadeSavedMinor: String(allSms - cost),
    pointsAwarded: String(packages / 1_000n),
    marginMinor: String(marginMinor),
    marginPerSubscriberMinor: Number(marginMinor) / plan.enrolled,
  }
}

/** All arms, each but control with its difference from control. */
function arms(): ArmReport[] {
  const all = PLANS.map(armOf)
  const control = all.find(({ isControl }) => isControl)
  if (!control) throw new Error('the fixture has no control')
  const revenueMean = (arm: ArmReport): number => Number(arm.packageRevenueMinor) / arm.enrolled
  return all.map((arm, index) => {
    const width = PLANS[index]?.halfWidthMinor ?? 0
    if (arm.isControl) return arm
    return {
      ...arm,
      margin: estimateOf(arm.marginPerSubscriberMinor, control.marginPerSubscriberMinor, width),
      packageRevenue: estimateOf(revenueMean(arm), revenueMean(control), width),
    }
  })
}

/** Thirty days that rise, weaken at weekends and add up to about what the arm sold. */
const daysOf = (plan: ArmPlan): CampaignReport['days'] =>
  Array.from({ length: 30 }, (_, index) => {
    const wave = 1 + 0.28 * Math.sin(index * 1.9 + plan.enrolled) - (index % 7 > 4 ? 0.3 : 0)
    const activated = Math.round((plan.stages[3] / 30) * wave * Math.min(1, (index + 2) / 6) * 1.1)
    return {
      day: new Date(Date.UTC(2026, 2, 1 + index)).toISOString().slice(0, 10),
      armId: plan.armId,
      enrolled: Math.round(plan.enrolled / 30),
      messages: Math.round(((plan.channels[0]?.[1] ?? 0) / 30) * wave),
      activated,
      packageRevenueMinor: String(
        BigInt(activated * 8_000 + Math.round((plan.ownSales / 30) * wave) * 6_400),
      ),
    }
  })

/** A month of a campaign with the figures that an operator of 50,000 would see. */
export function reportFixture(): CampaignReport {
  const refusals = PLANS.flatMap(({ armId, enrolled, stages, reasons }) =>
    Object.entries(reasons).map(([reason, subscribers]) => ({
      armId,
      reason: reason as CampaignReport['refusals'][number]['reason'],
      subscribers,
      share: subscribers / (enrolled - stages[3]),
    })),
  )
  return campaignReport.parse({
    campaignId: CAMPAIGN,
    version: 3,
    name: { en: 'The package is used up', ru: 'Пакет израсходован', uk: 'Пакет вичерпано' },
    currency: 'RUB',
    currencyDecimals: 2,
    from: '2026-03-01T00:00:00+03:00',
    asOf: '2026-03-30T18:42:00+03:00',
    timeZone: 'Europe/Moscow',
    totals: {
      subscribers: 50_000,
      events: 1_284_511,
      firings: 61_207,
      messages: 63_612,
      receipts: 61_748,
      answers: 2_715,
      activations: 2_449,
    },
    arms: arms(),
    refusals,
    days: PLANS.flatMap(daysOf),
  } satisfies CampaignReport)
}
