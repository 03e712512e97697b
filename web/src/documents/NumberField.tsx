import { TextInput } from '@mantine/core'

type NumberFieldProps = {
  label: string
  description: string
  value: number | undefined
  error: string | undefined
  change(next: number | undefined): void
}

/** A whole number that may be left out. */
export function NumberField({ label, description, value, error, change }: NumberFieldProps) {
  return (
    <TextInput
      label={label}
      description={description}
      inputMode="numeric"
      value={value ?? ''}
      error={error}
      onChange={({ currentTarget }) => {
        const digits = currentTarget.value.replace(/\D/g, '').slice(0, 7)
        change(digits === '' ? undefined : Number(digits))
      }}
    />
  )
}
