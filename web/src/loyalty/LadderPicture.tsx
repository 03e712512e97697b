import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { TierLadder } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { Rungs } from './parts/Rungs.tsx'
import { tierCountsQuery } from './queries.ts'
import { useTierAsks } from './tier-asks.ts'
import styles from './loyalty.module.css'

type LadderPictureProps = {
  ladder: TierLadder
  isSaved: boolean
  /** Decimals of the programme's points. */
  decimals: number
  /** Whether it leads to the ladder's editor. */
  leads?: boolean
}

/** The tiers as steps, each with what it asks for, who stands on it and what it brings. */
export function LadderPicture({ ladder, isSaved, decimals, leads = false }: LadderPictureProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const asks = useTierAsks(decimals)
  const { data: counts } = useQuery(tierCountsQuery(ladder.id, isSaved))
  const total = counts?.reduce((sum, { members }) => sum + members, 0) ?? 0
  const own = format.name(ladder.name) || ladder.id
  return (
    <Panel
      title={t('loyalty.ladder', { name: own })}
      unit={t(`loyalty.measureUnit.${ladder.by.measure}`)}
      means={t('loyalty.ladderMeans')}
      acts={
        leads && (
          <Link to={paths.ladder} params={{ ladderId: ladder.id }} className={styles.lead}>
            {t('loyalty.change')}
          </Link>
        )
      }
    >
      <Rungs
        rungs={ladder.tiers.map((tier) => {
          const members = counts?.find((one) => one.tier === tier.id)?.members ?? 0
          return {
            id: tier.id,
            name: format.name(tier.name) || tier.id,
            asks: asks(ladder, tier),
            note: counts !== undefined && (
              <span>
                {t('loyalty.membersOn', { count: members, formatted: format.count(members) })}
                {total > 0 && <span className="soft"> {format.share(members, total)}</span>}
              </span>
            ),
            brings: tier.benefits.map((benefit) => format.name(benefit.name)),
          }
        })}
      />
    </Panel>
  )
}
