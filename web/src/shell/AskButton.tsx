import { Button, Modal } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useMayChange } from './TenantFormat.tsx'

type AskButtonProps = {
  /** What the button says; `label` says more to those who hear it. */
  act: string
  label?: string
  title: string
  size?: 'xs' | 'sm'
  icon?: ReactNode
  className?: string | undefined
  /** What is asked for; `close` puts it away. */
  children(close: () => void): ReactNode
}

/** A button that asks before it does something; a key that only reads cannot press it. */
export function AskButton({ act, label, title, size = 'sm', icon, className, children }: AskButtonProps) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button
        variant="default"
        size={size}
        className={className ?? ''}
        leftSection={icon}
        disabled={!mayChange}
        title={mayChange ? undefined : t('failure.forbidden')}
        aria-label={label}
        onClick={() => setOpen(true)}
      >
        {act}
      </Button>
      <Modal
        opened={open}
        onClose={close}
        title={title}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {open && children(close)}
      </Modal>
    </>
  )
}
