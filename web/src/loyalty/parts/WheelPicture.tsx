import { useComputedColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Wheel } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { FigureTable } from '../../report/FigureTable.tsx'
import { Panel } from '../../report/Panel.tsx'
import { seriesColour } from '../../theme.ts'
import { useGain } from './gains.ts'
import styles from './parts.module.css'

/** Share of the wheel that is left free between two prizes. */
const GAP = 0.006

/** The wheel as its weights make it, and the odds of each prize. */
export function WheelPicture({ wheel, decimals }: { wheel: Wheel; decimals: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const gain = useGain(decimals)
  const scheme = useComputedColorScheme('light')
  const prizes = wheel.prizes ?? []
  const total = prizes.reduce((sum, { weight }) => sum + (weight || 0), 0)
  const isBlank = ({ reward }: Wheel['prizes'][number]): boolean => gain(reward).length === 0
  const winning = prizes.filter((prize) => !isBlank(prize))
  const pieces = prizes.map((prize, index) => ({
    prize,
    name: format.name(prize.name) || prize.id,
    before: prizes.slice(0, index).reduce((sum, { weight }) => sum + (weight || 0), 0),
    colour: seriesColour(scheme, isBlank(prize) ? null : winning.indexOf(prize)),
  }))
  return (
    <Panel title={t('loyalty.wheel')} unit={t('loyalty.wheelUnit')} means={t('loyalty.wheelMeans')}>
      <div className={styles.wheel}>
        <svg viewBox="0 0 120 120" role="img" aria-label={t('loyalty.wheel')}>
          {pieces.map(({ prize, before, colour }) => (
            <circle
              key={prize.id}
              cx="60"
              cy="60"
              r="42"
              pathLength={1}
              stroke={colour}
              strokeDasharray={`${Math.max(0, (prize.weight || 0) / total - (prizes.length > 1 ? GAP : 0))} 1`}
              strokeDashoffset={-before / total}
              data-prize={prize.id}
            />
          ))}
        </svg>
        <FigureTable
          caption={t('loyalty.wheel')}
          corner={t('loyalty.prize')}
          align="right"
          columns={(['odds', 'oneIn', 'gives', 'stock'] as const).map((id) => ({
            id,
            name: t(`loyalty.prizeColumn.${id}`),
          }))}
          lines={pieces.map(({ prize, name, colour }) => ({
            id: prize.id,
            name,
            colour,
            cells: {
              odds: { text: format.share(prize.weight || 0, total) },
              oneIn: { text: prize.weight ? format.rate(total / prize.weight) : '—' },
              gives: { text: gain(prize.reward).join(' · ') || '—' },
              stock: {
                text: prize.stock === undefined ? t('loyalty.noStockLimit') : format.count(prize.stock),
              },
            },
          }))}
        />
      </div>
    </Panel>
  )
}
