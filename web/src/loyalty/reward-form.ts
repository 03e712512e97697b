import type { Form, Way } from './parts/field.ts'
import { descriptionLine, nameLine, per, period, times, validity } from './parts/usual-fields.ts'

/** What a reward may give. */
export const gifts: readonly Way[] = [
  {
    name: 'voucher',
    mark: 'voucher',
    blank: { voucher: { pool: 'codes' } },
    fields: [{ name: 'pool', at: 'voucher.pool', as: 'text' }],
  },
  {
    name: 'goods',
    mark: 'goods',
    blank: { goods: { handOutWithinDays: 14 } },
    fields: [{ name: 'handOutDays', at: 'goods.handOutWithinDays', as: 'count' }],
  },
  {
    name: 'product',
    mark: 'product',
    blank: { product: { id: '' } },
    fields: [{ name: 'product', at: 'product.id', as: 'text' }],
  },
  {
    name: 'credit',
    mark: 'credit',
    blank: { credit: { amountMinor: '10000', currency: 'RUB' } },
    fields: [{ name: 'amountMinor', at: 'credit.amountMinor', as: 'money', currencyAt: 'credit.currency' }],
  },
  {
    name: 'discount',
    mark: 'discount',
    blank: { discount: { partner: 'partner', off: { percent: 10 }, validDays: 30 } },
    fields: [
      { name: 'partner', at: 'discount.partner', as: 'text' },
      {
        name: 'takesOff',
        at: 'discount.off',
        as: 'either',
        ways: [
          {
            name: 'percent',
            mark: 'percent',
            blank: { percent: 10 },
            fields: [{ name: 'percent', as: 'count' }],
          },
          {
            name: 'sumOfMoney',
            mark: 'amountMinor',
            blank: { amountMinor: '10000', currency: 'RUB' },
            fields: [{ name: 'amountMinor', as: 'money', currencyAt: 'currency' }],
          },
        ],
      },
      { name: 'codeDays', at: 'discount.validDays', as: 'count' },
    ],
  },
  {
    name: 'donation',
    mark: 'donation',
    blank: { donation: { to: 'charity' } },
    fields: [{ name: 'donatedTo', at: 'donation.to', as: 'text' }],
  },
]

/** What is given, for how many points, to whom, how often and when. */
export const rewardForm: Form = [
  nameLine,
  descriptionLine,
  [
    { name: 'programme', as: 'document', kind: 'Programme' },
    { name: 'priceInPoints', at: 'price.points', as: 'points' },
  ],
  [{ name: 'gives', as: 'either', ways: gifts }],
  [{ name: 'audience', as: 'expression' }],
  [{ name: 'priceByTier', at: 'price.byTier', as: 'pointsByTier' }],
  [
    {
      name: 'limits',
      as: 'rows',
      stem: 'limit',
      blank: { per: 'member', period: 'month', times: 1 },
      fields: [per, period, times],
    },
  ],
  validity,
  [
    { name: 'giftable', as: 'flag' },
    { name: 'lowStock', as: 'count' },
    { name: 'giveUpAfterHours', as: 'count' },
  ],
]
