import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { MomentField } from './MomentField.tsx'
import page from '../shell/page.module.css'

type SpanFormProps = {
  from: string
  to: string
  setFrom(wall: string): void
  setTo(wall: string): void
  act: string
  isPending: boolean
  submit(): void
}

/** From when to when something is to be tried. */
export function SpanForm({ from, to, setFrom, setTo, act, isPending, submit }: SpanFormProps) {
  const { t } = useTranslation()
  return (
    <form
      className={page.row}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <MomentField label={t('triggers.from')} value={from} change={setFrom} />
      <MomentField label={t('triggers.to')} value={to} change={setTo} />
      <Button type="submit" variant="default" loading={isPending} disabled={!from || !to || from >= to}>
        {act}
      </Button>
    </form>
  )
}
