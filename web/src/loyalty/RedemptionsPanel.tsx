import { Button, Skeleton } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Programme, RedemptionView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { AskButton } from '../shell/AskButton.tsx'
import { FailureNotice, RefusalText } from '../shell/Failures.tsx'
import { State, type Tone } from '../shell/State.tsx'
import { WhyField } from './fields.tsx'
import { OlderButton } from './MoreButton.tsx'
import { redemptionsQuery, rewardsQuery, settleRedemption } from './rewards-queries.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

const TONES: Partial<Record<RedemptionView['state'], Tone>> = {
  done: 'good',
  refunded: 'quiet',
  cancelled: 'quiet',
}

type RedemptionsProps = {
  programmes: readonly Pick<Programme, 'id' | 'decimals'>[]
  /** Of whom; without it: of all members. */
  subscriberId?: number
}

/** What was redeemed lately in some programmes, and what an agent can do about it. */
export function RedemptionsPanel({ programmes, subscriberId }: RedemptionsProps) {
  const { t } = useTranslation()
  const pages = useInfiniteQuery(redemptionsQuery(subscriberId))
  const shown = pages.data?.pages
    .flatMap((one) => one.redemptions)
    .filter(({ programme }) => programmes.some(({ id }) => id === programme))
  return (
    <Panel
      title={t(subscriberId === undefined ? 'loyalty.redemptions' : 'loyalty.ownRedemptions')}
      unit={t('loyalty.redemptionsUnit')}
      means={t('loyalty.redemptionsMeans')}
    >
      {shown === undefined &&
        (pages.error ? <FailureNotice error={pages.error} /> : <Skeleton height={120} />)}
      {shown?.length === 0 && !pages.hasNextPage && <p className="soft">{t('loyalty.noRedemptions')}</p>}
      <ul className={styles.parts}>
        {shown?.map((one) => (
          <Redemption
            key={one.redemptionId}
            one={one}
            decimals={programmes.find(({ id }) => id === one.programme)?.decimals ?? 0}
          />
        ))}
      </ul>
      <OlderButton pages={pages} shown={shown?.length} />
    </Panel>
  )
}

type Act = 'hand-out' | 'cancel' | 'refund'

/** What can be done with a redemption as it stands. */
function actsOf({ state, gives }: RedemptionView): Act[] {
  if (state === 'done') return ['refund']
  if (state === 'cancelled' || state === 'refunded') return []
  return 'goods' in gives ? ['hand-out', 'cancel'] : ['cancel']
}

function Redemption({ one, decimals }: { one: RedemptionView; decimals: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { redemptionId, name, reward, subscriberId, recipientId, points, state, text, note, at } = one
  return (
    <li data-redemption={redemptionId}>
      <span className={styles.questHead}>
        <strong>{name ? format.name(name) : reward}</strong>
        <State tone={TONES[state] ?? 'under-way'}>{t(`loyalty.redemptionState.${state}`)}</State>
      </span>
      <span className="soft">
        {format.moment(at)} ·{' '}
        <Link to={paths.member} search={{ subscriber: subscriberId }}>
          {t('loyalty.referee', { id: subscriberId })}
        </Link>{' '}
        · {t('loyalty.priceOf', { points: format.points(points, decimals) })}
        {recipientId !== subscriberId && ` · ${t('loyalty.giftFor', { id: recipientId })}`}
      </span>
      {(text !== null || note !== null) && (
        <span>{[text?.[format.language], note].filter(Boolean).join(' · ')}</span>
      )}
      <span className={page.acts}>
        {actsOf(one).map((act) => (
          <Settle key={act} act={act} redemptionId={redemptionId} />
        ))}
      </span>
    </li>
  )
}

type SettleProps = { act: Act; redemptionId: string }

const Settle = (props: SettleProps) => {
  const { t } = useTranslation()
  const { act } = props
  return (
    <AskButton size="xs" act={t(`loyalty.settle.${act}`)} title={t(`loyalty.settleTitle.${act}`)}>
      {(close) => <SettleForm {...props} close={close} />}
    </AskButton>
  )
}

function SettleForm({ act, redemptionId, close }: SettleProps & { close(): void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const [reason, setReason] = useState('')
  const settle = useMutation({
    mutationFn: () => settleRedemption(redemptionId, act, reason),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['loyalty-redemptions'] })
      await queryClient.invalidateQueries({ queryKey: rewardsQuery.queryKey })
      await queryClient.invalidateQueries({ queryKey: ['member'] })
      close()
    },
  })
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        settle.mutate()
      }}
    >
      <p>{t(`loyalty.settleMeans.${act}`)}</p>
      {act !== 'hand-out' && <WhyField value={reason} change={setReason} />}
      {settle.error && <RefusalText error={settle.error} />}
      <Button
        type="submit"
        loading={settle.isPending}
        disabled={act !== 'hand-out' && reason.trim().length < 3}
      >
        {t(`loyalty.settleTitle.${act}`)}
      </Button>
    </form>
  )
}
