import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import { channelName } from '../templates/channels.ts'
import type { Delivery } from './answers.ts'
import { ends, funnels, stages, type ChannelFunnel } from './figures.ts'

/** How far messages came, channel by channel; a bar is the share of all that were meant for the channel. */
export function ChannelFunnels({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation()
  const format = useFormat()
  const all = funnels(delivery)
  const cell = (funnel: ChannelFunnel, count: number) => ({
    text: format.count(count),
    note: format.share(count, funnel.all),
    bar: funnel.all > 0 ? Math.min(1, count / funnel.all) : 0,
  })
  return (
    <Panel title={t('delivery.funnel')} unit={t('delivery.funnelUnit')} means={t('delivery.funnelMeans')}>
      {all.length === 0 && <p className="soft">{t('delivery.nothingSent')}</p>}
      {all.length > 0 && (
        <FigureTable
          caption={t('delivery.funnel')}
          corner={t('delivery.channel')}
          align="left"
          dense
          columns={[...stages, ...ends].map((id) => ({ id, name: t(`delivery.stage.${id}`) }))}
          lines={all.map((funnel) => ({
            id: funnel.channel,
            name: channelName(funnel.channel, t),
            cells: {
              ...Object.fromEntries(stages.map((stage) => [stage, cell(funnel, funnel.stage[stage])])),
              ...Object.fromEntries(ends.map((end) => [end, cell(funnel, funnel.end[end])])),
            },
          }))}
        />
      )}
    </Panel>
  )
}
