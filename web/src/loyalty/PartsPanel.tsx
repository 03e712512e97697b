import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { EarnRule, TierLadder } from '../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../documents/documents.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { decimalsOf, earnRulesOf, laddersOf } from './documents.ts'
import { LadderPicture } from './LadderPicture.tsx'
import { NewPart } from './NewPart.tsx'
import { GroupPanels } from './parts/GroupPanels.tsx'
import { useRuleText } from './rule-text.ts'
import styles from './loyalty.module.css'

type PartsProps = { programmeId: string; documents: readonly AnyDocument[] }

/** What a programme is made of: rules, ladders and all the rest; each leads to its editor. */
export function PartsPanel({ programmeId, documents }: PartsProps) {
  const isOwn = ({ programme }: { programme: string }): boolean => programme === programmeId
  const ladders = laddersOf(documents).filter(isOwn)
  const decimals = decimalsOf(documents, programmeId)
  return (
    <>
      <Rules programmeId={programmeId} rules={earnRulesOf(documents).filter(isOwn)} decimals={decimals} />
      {ladders.map((ladder) => (
        <LadderPicture key={ladder.id} ladder={ladder} decimals={decimals} isSaved leads />
      ))}
      <Ladders programmeId={programmeId} ladders={ladders} />
      <GroupPanels programmeId={programmeId} documents={documents} />
    </>
  )
}

type RulesProps = { programmeId: string; rules: readonly EarnRule[]; decimals: number }

function Rules({ programmeId, rules, decimals }: RulesProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  const ruleText = useRuleText(decimals)
  return (
    <Panel
      title={t('loyalty.rules')}
      unit={t('loyalty.rulesUnit')}
      means={t('loyalty.rulesMeans')}
      acts={
        <NewPart
          title={t('loyalty.newRule')}
          taken={rules.map(({ id }) => id)}
          write={(ruleId) =>
            void navigate({
              to: paths.earnRule,
              params: { ruleId },
              search: { draft: true, programme: programmeId },
            })
          }
        />
      }
    >
      <Parts none={t('loyalty.noRules')}>
        {rules.map((rule) => (
          <li key={rule.id} data-rule={rule.id}>
            <Link to={paths.earnRule} params={{ ruleId: rule.id }}>
              {rule.name ? format.name(rule.name) : rule.id}
            </Link>
            <span className={styles.what}>{ruleText(rule)}</span>
            <span className="soft">
              <code>{rule.on}</code>
              {rule.where !== undefined && (
                <>
                  {' · '}
                  <code>{rule.where}</code>
                </>
              )}
            </span>
          </li>
        ))}
      </Parts>
    </Panel>
  )
}

function Ladders({ programmeId, ladders }: { programmeId: string; ladders: readonly TierLadder[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  return (
    <Panel
      title={t('loyalty.ladders')}
      unit={t('loyalty.laddersUnit')}
      means={t('loyalty.laddersMeans')}
      acts={
        <NewPart
          title={t('loyalty.newLadder')}
          taken={ladders.map(({ id }) => id)}
          write={(ladderId) =>
            void navigate({
              to: paths.ladder,
              params: { ladderId },
              search: { draft: true, programme: programmeId },
            })
          }
        />
      }
    >
      <Parts none={t('loyalty.noLadders')}>
        {ladders.map((ladder) => (
          <li key={ladder.id}>
            <Link to={paths.ladder} params={{ ladderId: ladder.id }}>
              {format.name(ladder.name)}
            </Link>
            <span className="soft">
              {t(`loyalty.measure.${ladder.by.measure}`)} ·{' '}
              {ladder.tiers.map((tier) => format.name(tier.name)).join(' › ')}
            </span>
          </li>
        ))}
      </Parts>
    </Panel>
  )
}

const Parts = ({ none, children }: { none: string; children: ReactNode[] }) =>
  children.length === 0 ? <p className="soft">{none}</p> : <ul className={styles.parts}>{children}</ul>
