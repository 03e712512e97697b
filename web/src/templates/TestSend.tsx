import { Button, Modal, Textarea } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import type { Language, Template } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { calls, paths } from '../paths.ts'
import { ask } from '../server.ts'
import { RefusalText } from '../shell/Failures.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import { channelName } from './channels.ts'
import page from '../shell/page.module.css'

const outcomes = ['accepted', 'refused', 'retry', 'unknown'] as const
const testSent = z.object({
  sent: z.array(
    z.object({ outcome: z.object({ outcome: z.enum(outcomes), reason: z.string().optional() }) }),
  ),
})

type TestSendProps = { template: Template; language: Language; disabled: boolean }

/** Sends what is saved to one's own addresses, marked as a test. */
export function TestSend({ template, language, disabled }: TestSendProps) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSend size={16} stroke={1.6} aria-hidden />}
        disabled={!mayChange || disabled}
        title={disabled ? t('templates.testSavesFirst') : undefined}
        onClick={() => setOpen(true)}
      >
        {t('templates.test')}
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={t('templates.testTitle')}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {open && <Form template={template} language={language} />}
      </Modal>
    </>
  )
}

function Form({ template, language }: Omit<TestSendProps, 'disabled'>) {
  const { t } = useTranslation()
  const format = useFormat()
  const { subscriber } = useSearch({ from: paths.template })
  const [typed, setTyped] = useState('')
  const addresses = [
    ...new Set(
      typed
        .split(/[\n,;]+/)
        .map((one) => one.trim())
        .filter(Boolean),
    ),
  ]
  const send = useMutation({
    mutationFn: () =>
      ask(calls.templateTestSend(template.id), testSent, {
        body: { addresses, language, ...(subscriber === undefined ? {} : { subscriberId: subscriber }) },
      }),
  })
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (addresses.length > 0) send.mutate()
      }}
    >
      <p>{t('templates.testMeans', { channel: channelName(template.channel, t) })}</p>
      <Textarea
        label={t('templates.testAddresses')}
        rows={3}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      {send.error && <RefusalText error={send.error} />}
      {send.data && (
        <ul className={page.problems} role="status">
          {send.data.sent.map(({ outcome: { outcome, reason } }, index) => (
            <li key={index}>
              {addresses[index]}: {t(`templates.testOutcome.${outcome}`)}
              {reason !== undefined && ` (${reason})`}
            </li>
          ))}
        </ul>
      )}
      <Button type="submit" loading={send.isPending} disabled={addresses.length === 0}>
        {t('templates.testNow', { formatted: format.count(addresses.length) })}
      </Button>
    </form>
  )
}
