import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { ArmReport } from '../../../src/insights/contract.ts'
import { useFormat } from '../format/format.ts'
import type { ArmsProps } from './columns.ts'
import { shareOfAmount } from './figures.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel } from './Panel.tsx'
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
          <ArmCost key={arm.armId} arm={arm} colour={colours.get(arm.armId)} />
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

/** The paid part of what SMS alone would have cost; the rest of the track is what was saved. */
function ArmCost({ arm, colour }: { arm: ArmReport; colour: string | undefined }) {
  const { t } = useTranslation()
  const format = useFormat()
  const paid = shareOfAmount(arm.messageCostMinor, arm.allSmsCostMinor)
  const saved = shareOfAmount(arm.cascadeSavedMinor, arm.allSmsCostMinor)
  return (
    <li style={{ '--arm': colour } as CSSProperties}>
      <span className={styles.name}>
        <span className="dot" aria-hidden />
        {format.name(arm.name)}
      </span>
      <span className={styles.cost}>{format.money(arm.messageCostMinor)}</span>
      <span className={styles.track} aria-hidden>
        <span style={{ width: `${Math.min(1, Math.max(0, paid)) * 100}%` }} />
      </span>
      <span className={styles.saved}>
        {BigInt(arm.cascadeSavedMinor) > 0n
          ? t('cascade.savedOfAllSms', {
              amount: format.money(arm.cascadeSavedMinor),
              allSms: format.money(arm.allSmsCostMinor),
              share: format.share(saved, 1),
            })
          : t('cascade.nothingSaved')}
      </span>
    </li>
  )
}
