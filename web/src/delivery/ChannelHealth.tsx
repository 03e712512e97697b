import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { State } from '../shell/State.tsx'
import { ChannelMark } from '../templates/ChannelMark.tsx'
import { channelState, type DeliveryFeed } from './figures.ts'
import styles from './delivery.module.css'

const TONES = { up: 'good', throttled: 'slow', down: 'alarm' } as const

/** How each channel is just now: whether it takes messages, and how many wait for it. */
export function ChannelHealth({ feed }: { feed: DeliveryFeed }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { channels } = feed.delivery
  return (
    <Panel title={t('delivery.health')} unit={t('delivery.healthUnit')} means={t('delivery.healthMeans')}>
      {channels.length === 0 && <p className="soft">{t('delivery.noChannels')}</p>}
      {channels.length > 0 && (
        <table className={styles.health} aria-label={t('delivery.health')}>
          <thead>
            <tr>
              <th scope="col">{t('delivery.channel')}</th>
              <th scope="col">{t('delivery.stateColumn')}</th>
              <th scope="col" data-figure>
                {t('delivery.room')}
              </th>
              <th scope="col" data-figure>
                {t('delivery.total.queued')}
              </th>
            </tr>
          </thead>
          <tbody>
            {channels.map((one) => {
              const state = channelState(one)
              return (
                <tr key={one.channel} data-channel={one.channel}>
                  <th scope="row">
                    <ChannelMark channel={one.channel} />
                  </th>
                  <td>
                    <State tone={TONES[state]}>{t(`delivery.state.${state}`)}</State>
                  </td>
                  <td data-figure>{one.room === null ? t('delivery.anyRoom') : format.count(one.room)}</td>
                  <td data-figure>{format.count(one.queued)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
