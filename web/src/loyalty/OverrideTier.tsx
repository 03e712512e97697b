import { Button, Checkbox } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MomentField } from '../documents/MomentField.tsx'
import { useFormat } from '../format/format.ts'
import { AskButton } from '../shell/AskButton.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { momentIn } from '../triggers/buckets.ts'
import { ChoiceField, WhyField } from './fields.tsx'
import type { MemberLadder } from './membership.ts'
import { overrideTier } from './queries.ts'
import page from '../shell/page.module.css'

type OverrideTierProps = { subscriberId: number; ladder: MemberLadder }

/** The button that gives a tier by hand, and what it asks for. */
export function OverrideTier(props: OverrideTierProps) {
  const { t } = useTranslation()
  return (
    <div className={page.acts}>
      <AskButton size="xs" act={t('loyalty.override')} title={t('loyalty.overrideTitle')}>
        {(close) => <OverrideForm {...props} close={close} />}
      </AskButton>
    </div>
  )
}

/** What ends an override that is in force, among the tiers to choose from. */
const END = ''

function OverrideForm({ subscriberId, ladder, close }: OverrideTierProps & { close(): void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const queryClient = useQueryClient()
  const [tier, setTier] = useState(ladder.override === null ? (ladder.tiers.at(-1)?.id ?? END) : END)
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const [isFloor, setIsFloor] = useState(true)
  const override = useMutation({
    mutationFn: () =>
      overrideTier(subscriberId, {
        ladder: ladder.ladder,
        tier: tier === END ? null : tier,
        reason,
        isFloor,
        ...(until === '' || tier === END ? {} : { until: momentIn(format.timeZone, until) }),
      }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['member', subscriberId] })
      close()
    },
  })
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        override.mutate()
      }}
    >
      <ChoiceField
        label={t('loyalty.tier')}
        value={tier}
        options={[
          ...ladder.tiers.map(({ id, name }) => ({ value: id, label: format.name(name) })),
          ...(ladder.override === null ? [] : [{ value: END, label: t('loyalty.overrideEnd') }]),
        ]}
        change={setTier}
      />
      <WhyField value={reason} change={setReason} />
      {tier !== END && (
        <>
          <MomentField label={t('loyalty.until')} value={until} change={setUntil} isRequired={false} />
          <Checkbox
            label={t('loyalty.isFloor')}
            description={t('loyalty.isFloorMeans')}
            checked={isFloor}
            onChange={(event) => setIsFloor(event.currentTarget.checked)}
          />
        </>
      )}
      {override.error && <RefusalText error={override.error} />}
      <Button type="submit" loading={override.isPending} disabled={reason.trim() === ''}>
        {t(tier === END ? 'loyalty.overrideEnd' : 'loyalty.overrideGive')}
      </Button>
    </form>
  )
}
