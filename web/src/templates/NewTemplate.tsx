import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { paths } from '../paths.ts'
import { channelIds, channelName } from './channels.ts'
import styles from './page.module.css'

/** What an id of a document looks like. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9.-]{0,99}$/

type NewTemplateProps = { opened: boolean; close(): void; taken: readonly string[] }

/** Asks for the two things of a template that do not change afterwards: its id and its channel. */
export function NewTemplate({ opened, close, taken }: NewTemplateProps) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('templates.new')}
      closeButtonProps={{ 'aria-label': t('act.cancel') }}
      centered
    >
      {opened && <Form taken={taken} />}
    </Modal>
  )
}

function Form({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [id, setId] = useState('')
  const [channel, setChannel] = useState<string>('sms')
  const [tried, setTried] = useState(false)
  const problem = !ID_PATTERN.test(id)
    ? t('document.idRule')
    : taken.includes(id)
      ? t('document.idTaken')
      : null
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (problem === null)
          void navigate({ to: paths.template, params: { templateId: id }, search: { draft: channel } })
      }}
    >
      <TextInput
        label={t('document.id')}
        description={t('document.idRule')}
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        error={tried ? problem : null}
        autoComplete="off"
        data-autofocus
      />
      <NativeSelect
        label={t('templates.column.channel')}
        value={channel}
        onChange={(event) => setChannel(event.currentTarget.value)}
        data={channelIds.map((one) => ({ value: one, label: channelName(one, t) }))}
      />
      <Button type="submit">{t('templates.write')}</Button>
    </form>
  )
}
