import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import type { ArmsProps } from './columns.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel } from './Panel.tsx'
import { SavedTrack } from './SavedTrack.tsx'
import styles from './cascade.module.css'

const COUNTS = ['submitted', 'delivered', 'failed', 'unknown', 'held', 'answered'] as const
const KNOWN_CHANNELS = ['sms', 'dstk', 'ussd'] as const

/** What contact cost by arm beside SMS alone, then each channel of each arm. */
export function Cascade({ arms, colours }: ArmsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const contacted = arms.filter((arm) => !arm.isControl)
  const columns = [...COUNTS, 'cost' as const].map((id) => ({ id, name: t(`cascade.columns.${id}`) }))
  const lines = contacted.flatMap((arm) =>
    arm.channels.map((figures) => {
      const known = KNOWN_CHANNELS.find((one) => one === figures.channel)
      const channel = known ? t(`cascade.channelName.${known}`) : figures.channel
      return {
        id: `${arm.armId} ${figures.channel}`,
        name: (
          <span>
            {channel}
            <span className={styles.armName}>{format.name(arm.name)}</span>
          </span>
        ),
        colour: colours.get(arm.armId),
        cells: {
          ...Object.fromEntries(COUNTS.map((count) => [count, { text: format.count(figures[count]) }])),
          cost: { text: format.money(figures.costMinor) },
        },
      }
    }),
  )
  return (
    <Panel title={t('cascade.title')} unit={t('cascade.unit')} means={t('cascade.means')}>
      <ul className={styles.arms}>
        {contacted.map((arm) => (
          <SavedTrack
            key={arm.armId}
            name={format.name(arm.name)}
            colour={colours.get(arm.armId)}
            costMinor={arm.messageCostMinor}
            allSmsMinor={arm.allSmsCostMinor}
            savedMinor={arm.cascadeSavedMinor}
          />
        ))}
      </ul>
      {lines.length > 0 && (
        <FigureTable
          caption={t('cascade.title')}
          corner={t('cascade.channel')}
          columns={columns}
          lines={lines}
          align="right"
          dense
        />
      )}
    </Panel>
  )
}
