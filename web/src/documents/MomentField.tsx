import { TextInput } from '@mantine/core'
import page from '../shell/page.module.css'

type MomentFieldProps = {
  label: string
  value: string
  change(value: string): void
  /** Whether it must be filled in. */
  isRequired?: boolean
  error?: string | undefined
}

/** A day and a time as a clock on the wall shows them. */
export function MomentField({ label, value, change, isRequired = true, error }: MomentFieldProps) {
  return (
    <TextInput
      className={page.moment}
      type="datetime-local"
      label={label}
      value={value}
      error={error}
      onChange={(event) => change(event.currentTarget.value)}
      required={isRequired}
      withAsterisk={false}
    />
  )
}
