import { NativeSelect } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { channelName } from '../templates/channels.ts'
import type { Delivery } from './answers.ts'
import { stopsOf } from './figures.ts'
import { ReasonBars } from './ReasonBars.tsx'

const SHOWN = 12

/** Why messages wait, were kept back, or did not arrive. */
export function Stops({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.delivery })
  const { channel } = useSearch({ from: paths.delivery })
  const stops = stopsOf(delivery, channel)
  const present = [...new Set(delivery.stops.map((one) => one.channel))]
  return (
    <Panel
      title={t('delivery.stops')}
      unit={t('delivery.stopsUnit')}
      means={t('delivery.stopsMeans')}
      acts={
        <NativeSelect
          size="xs"
          aria-label={t('delivery.channel')}
          value={channel ?? ''}
          onChange={(event) =>
            void navigate({
              search: (now) => ({ ...now, channel: event.currentTarget.value || undefined }),
              replace: true,
              resetScroll: false,
            })
          }
          data={[
            { value: '', label: t('templates.allChannels') },
            ...present.map((id) => ({ value: id, label: channelName(id, t) })),
          ]}
        />
      }
    >
      {stops.length === 0 && <p className="soft">{t('delivery.noStops')}</p>}
      <ReasonBars reasons={stops.slice(0, SHOWN)} />
    </Panel>
  )
}
