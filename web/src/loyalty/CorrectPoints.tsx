import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { AskButton } from '../shell/AskButton.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { minorOf } from './amount.ts'
import { WhyField } from './fields.tsx'
import type { Membership } from './membership.ts'
import { correctPoints } from './queries.ts'
import page from '../shell/page.module.css'

type CorrectPointsProps = { subscriberId: number; membership: Membership }

/** The button that gives or takes points by hand, and what it asks for. */
export function CorrectPoints(props: CorrectPointsProps) {
  const { t } = useTranslation()
  return (
    <AskButton act={t('loyalty.correct')} title={t('loyalty.correctTitle')}>
      {(close) => <CorrectForm {...props} close={close} />}
    </AskButton>
  )
}

function CorrectForm({ subscriberId, membership, close }: CorrectPointsProps & { close(): void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const queryClient = useQueryClient()
  // The same key for all tries of this form: what was booked, but not answered, is not booked again.
  const [key] = useState(() => crypto.randomUUID())
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const { programme, decimals, available } = membership
  const minor = minorOf(typed, decimals)
  const points = minor === '0' ? undefined : minor
  const after = points === undefined ? undefined : String(BigInt(available) + BigInt(points))
  const correct = useMutation({
    mutationFn: () => correctPoints(subscriberId, { programme, points: points ?? '', reason, key }),
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
        correct.mutate()
      }}
    >
      <TextInput
        label={t('loyalty.correctPoints')}
        description={t('loyalty.correctPointsMeans')}
        value={typed}
        error={typed !== '' && points === undefined ? t('loyalty.notPoints') : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      <WhyField value={reason} change={setReason} />
      {after !== undefined && (
        <p>
          {t('loyalty.correctAfter', {
            now: format.points(available, decimals),
            after: format.points(after, decimals),
          })}
        </p>
      )}
      {correct.error && <RefusalText error={correct.error} />}
      <Button
        type="submit"
        loading={correct.isPending}
        disabled={points === undefined || reason.trim() === ''}
      >
        {points === undefined
          ? t('loyalty.correct')
          : points.startsWith('-')
            ? t('loyalty.correctTake', { points: format.points(points.slice(1), decimals) })
            : t('loyalty.correctGive', { points: format.points(points, decimals) })}
      </Button>
    </form>
  )
}
