import { Checkbox, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Programme, Reward } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import {
  AmountField,
  ChoiceField,
  CountField,
  DocumentName,
  ExpressionField,
  type PartProps,
} from './fields.tsx'
import { giftOf, gifts, givesOf } from './gifts.ts'
import page from '../shell/page.module.css'

type RewardFormProps = PartProps<Reward> & { programmes: readonly Programme[] }

/** What is given, for how many points, and to whom. */
export function RewardForm(props: RewardFormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { document, change, problems, programmes } = props
  const { price } = document
  return (
    <Panel
      title={t('loyalty.rewardForm')}
      unit={t('loyalty.rewardFormUnit')}
      means={t('loyalty.rewardFormMeans')}
    >
      <div className={page.form}>
        <DocumentName {...props} />
        <div className={page.row}>
          <ChoiceField
            label={t('loyalty.programme')}
            value={document.programme}
            error={problemAt(problems, 'programme')}
            options={programmes.map(({ id, name }) => ({ value: id, label: format.name(name) }))}
            change={(programme) => change({ ...document, programme })}
          />
          <AmountField
            label={t('loyalty.price')}
            value={price.points}
            error={problemAt(problems, 'price.points')}
            change={(points = '') => change({ ...document, price: { ...price, points } })}
          />
        </div>
        <div className={page.row}>
          <ChoiceField
            label={t('loyalty.rewardColumn.gives')}
            value={giftOf(document.gives)}
            error={problemAt(problems, 'gives')}
            options={gifts.map((gift) => ({ value: gift, label: t(`loyalty.gift.${gift}`) }))}
            change={(gift) => change({ ...document, gives: givesOf(gift) })}
          />
          <GiftField {...props} />
        </div>
        <div className={page.row}>
          <ExpressionField
            label={t('loyalty.audience')}
            value={document.audience}
            error={problemAt(problems, 'audience')}
            change={(audience) => change(withPart(document, 'audience', audience))}
          />
          <CountField
            label={t('loyalty.lowStock')}
            value={document.lowStock}
            error={problemAt(problems, 'lowStock')}
            change={(lowStock) => change({ ...document, lowStock })}
          />
        </div>
        <Checkbox
          label={t('loyalty.giftable')}
          checked={document.giftable}
          onChange={({ currentTarget: { checked } }) => change({ ...document, giftable: checked })}
        />
      </div>
    </Panel>
  )
}

/** The one field that each kind of gift has; what else it has is written as YAML. */
function GiftField({ document, change, problems }: RewardFormProps) {
  const { t } = useTranslation()
  const { gives } = document
  const set = (next: Reward['gives']): void => change({ ...document, gives: next })
  const text = (label: string, value: string, field: string, write: (value: string) => Reward['gives']) => (
    <TextInput
      className={page.grow}
      label={label}
      value={value}
      error={problemAt(problems, `gives.${field}`)}
      onChange={(event) => set(write(event.currentTarget.value))}
    />
  )
  if ('voucher' in gives)
    return text(t('loyalty.pool'), gives.voucher.pool, 'voucher.pool', (pool) => ({ voucher: { pool } }))
  if ('product' in gives)
    return text(t('loyalty.product'), gives.product.id, 'product.id', (id) => ({ product: { id } }))
  if ('donation' in gives)
    return text(t('loyalty.donatedTo'), gives.donation.to, 'donation.to', (to) => ({ donation: { to } }))
  if ('discount' in gives)
    return text(t('loyalty.partner'), gives.discount.partner, 'discount.partner', (partner) => ({
      discount: { ...gives.discount, partner },
    }))
  if ('credit' in gives)
    return text(
      t('loyalty.creditOf', { currency: gives.credit.currency }),
      gives.credit.amountMinor,
      'credit.amountMinor',
      (amountMinor) => ({ credit: { ...gives.credit, amountMinor } }),
    )
  return (
    <CountField
      label={t('loyalty.handOutDays')}
      value={gives.goods.handOutWithinDays}
      error={problemAt(problems, 'gives.goods.handOutWithinDays')}
      change={(handOutWithinDays) => set({ goods: { handOutWithinDays } })}
    />
  )
}
