import { Button, Modal, Skeleton, TextInput } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { campaignsQuery } from '../server.ts'
import { RefusalText } from '../shell/Failures.tsx'
import { Snack, type Done } from '../shell/Snack.tsx'
import { State } from '../shell/State.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import type { Sending } from './answers.ts'
import { controlSending, sendingsQuery } from './queries.ts'
import styles from './delivery.module.css'

type Act = 'pause' | 'resume' | 'cancel'
type Asked = { sending: Sending; act: Act }

/** Campaigns on their way: how far, what it cost, and the way to stop them. */
export function Sendings() {
  const { t } = useTranslation()
  const { data, error } = useQuery(sendingsQuery)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [done, setDone] = useState<Done | null>(null)
  const close = useCallback(() => setDone(null), [])
  const nameOf = useCampaignNames()
  return (
    <Panel
      title={t('delivery.sendings')}
      unit={t('delivery.sendingsUnit')}
      means={t('delivery.sendingsMeans')}
    >
      {!data && (error ? <RefusalText error={error} /> : <Skeleton height={72} />)}
      {data?.length === 0 && <p className="soft">{t('delivery.noSendings')}</p>}
      {data && data.length > 0 && (
        <ul className={styles.sendings}>
          {data.map((sending) => (
            <SendingLine
              key={sending.campaignId}
              sending={sending}
              name={nameOf(sending.campaignId)}
              ask={(act) => setAsked({ sending, act })}
            />
          ))}
        </ul>
      )}
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={asked && t(`delivery.ask.${asked.act}`, { name: nameOf(asked.sending.campaignId) })}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {asked && <Question {...asked} close={() => setAsked(null)} settled={setDone} />}
      </Modal>
      <Snack done={done} close={close} />
    </Panel>
  )
}

/** Campaigns by their names, where they have one. */
function useCampaignNames(): (campaignId: string) => string {
  const format = useFormat()
  const { data } = useQuery(campaignsQuery)
  return (campaignId) => {
    const found = data?.find((one) => one.campaignId === campaignId)
    return found ? format.name(found.name) : campaignId
  }
}

type SendingLineProps = { sending: Sending; name: string; ask(act: Act): void }

function SendingLine({ sending, name, ask }: SendingLineProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const mayChange = useMayChange()
  const { campaignId, state, waiting, active, finished, sent, costMinor, startedAt } = sending
  const all = waiting + active + finished
  const off = { disabled: !mayChange, title: mayChange ? undefined : t('failure.forbidden') }
  return (
    <li data-sending={campaignId}>
      <div className={styles.sendingHead}>
        <strong>{name}</strong>
        <State tone={state === 'running' ? 'good' : undefined}>{t(`delivery.sendingState.${state}`)}</State>
      </div>
      <div
        className={styles.progress}
        role="progressbar"
        aria-label={t('delivery.progressOf', { name })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={all > 0 ? Math.round((finished / all) * 100) : 100}
      >
        <span className={styles.through} style={{ width: `${all > 0 ? (finished / all) * 100 : 100}%` }} />
        <span className={styles.onTheWay} style={{ width: `${all > 0 ? (active / all) * 100 : 0}%` }} />
      </div>
      <p className={styles.sendingFacts}>
        <span>
          {t('delivery.through', {
            finished: format.count(finished),
            all: format.count(all),
            share: format.share(finished, all),
          })}
        </span>
        <span>{t('delivery.onTheWay', { formatted: format.count(active) })}</span>
        <span>{t('delivery.sentFor', { sent: format.count(sent), cost: format.money(costMinor) })}</span>
        {startedAt !== null && <span>{t('delivery.since', { moment: format.dayTime(startedAt) })}</span>}
      </p>
      {(state === 'running' || state === 'paused') && (
        <div className={styles.sendingActs}>
          {state === 'running' ? (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlayerPause size={14} stroke={1.7} aria-hidden />}
              onClick={() => ask('pause')}
              {...off}
            >
              {t('delivery.act.pause')}
            </Button>
          ) : (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlayerPlay size={14} stroke={1.7} aria-hidden />}
              onClick={() => ask('resume')}
              {...off}
            >
              {t('delivery.act.resume')}
            </Button>
          )}
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            className={styles.cancel}
            leftSection={<IconX size={14} stroke={1.7} aria-hidden />}
            onClick={() => ask('cancel')}
            {...off}
          >
            {t('delivery.act.cancel')}
          </Button>
        </div>
      )}
    </li>
  )
}

type QuestionProps = Asked & { close(): void; settled(done: Done): void }

/** Says what will happen and to how many; a cancellation, which nothing undoes, asks for the campaign's id. */
function Question({ sending, act, close, settled }: QuestionProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const queryClient = useQueryClient()
  const [typed, setTyped] = useState('')
  const { campaignId, waiting, active } = sending
  const control = useMutation({
    mutationFn: (given: Act) => controlSending(campaignId, given),
    onSuccess: (_, given) => {
      close()
      const back = given === 'pause' ? 'resume' : given === 'resume' ? 'pause' : undefined
      settled({
        text: t(`delivery.did.${given}`),
        ...(back === undefined ? {} : { undo: () => control.mutate(back) }),
      })
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: sendingsQuery.queryKey }),
  })
  const left = { waiting: format.count(waiting), active: format.count(active) }
  return (
    <form
      className={styles.ask}
      onSubmit={(event) => {
        event.preventDefault()
        control.mutate(act)
      }}
    >
      <p>{t(`delivery.means.${act}`, left)}</p>
      {act === 'cancel' && (
        <TextInput
          label={t('delivery.typeId', { id: campaignId })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
      )}
      {control.error && <RefusalText error={control.error} />}
      <div className={styles.sendingActs}>
        <Button
          type="submit"
          {...(act === 'cancel' ? { color: 'red.9' } : {})}
          loading={control.isPending}
          disabled={act === 'cancel' && typed.trim() !== campaignId}
        >
          {t(`delivery.doNow.${act}`)}
        </Button>
        <Button variant="default" onClick={close}>
          {t('delivery.leave')}
        </Button>
      </div>
    </form>
  )
}
