import { Button, Popover } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { RefusalText } from '../shell/Failures.tsx'
import { Snack, type Done } from '../shell/Snack.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import { setPaused, triggersQuery } from './queries.ts'
import styles from './trigger.module.css'

/** Pauses a rule or lets it run again: says what will happen first, and offers the way back afterwards. */
export function PauseButton({ triggerId, paused }: { triggerId: string; paused: boolean }) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const queryClient = useQueryClient()
  const [open, setOpen] = useState(false)
  const [done, setDone] = useState<Done | null>(null)
  const close = useCallback(() => setDone(null), [])
  const change = useMutation({
    mutationFn: (pause: boolean) => setPaused(triggerId, pause),
    onSuccess: async (_, pause) => {
      await queryClient.invalidateQueries({ queryKey: triggersQuery.queryKey })
      setOpen(false)
      setDone({
        text: t(pause ? 'triggers.isPaused' : 'triggers.isResumed'),
        undo: () => change.mutate(!pause),
      })
    },
    onError: () => setOpen(true),
  })
  const Icon = paused ? IconPlayerPlay : IconPlayerPause
  const name = t(paused ? 'triggers.resume' : 'triggers.pause')
  return (
    <>
      <Popover
        opened={open}
        onChange={setOpen}
        width="min(360px, calc(100vw - 32px))"
        position="bottom-end"
        shadow="md"
        trapFocus
        returnFocus
      >
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
            disabled={!mayChange}
            title={mayChange ? undefined : t('failure.forbidden')}
            onClick={() => {
              change.reset()
              setOpen(!open)
            }}
          >
            {name}
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={styles.ask} aria-label={name}>
          <p>{t(paused ? 'triggers.resumeMeans' : 'triggers.pauseMeans')}</p>
          {change.error && <RefusalText error={change.error} />}
          <Button size="sm" loading={change.isPending} onClick={() => change.mutate(!paused)}>
            {t(paused ? 'triggers.resumeNow' : 'triggers.pauseNow')}
          </Button>
        </Popover.Dropdown>
      </Popover>
      <Snack done={done} close={close} />
    </>
  )
}
