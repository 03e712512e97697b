import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { FiringsOverTime, TriggerView } from '../../../src/triggers/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths, ruleStates, type RuleStateName } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { kindOf } from './answers.ts'
import { dayIn, filled, type Bucket } from './buckets.ts'
import { overTimeQuery } from './queries.ts'
import { RuleState, stateOf } from './RuleState.tsx'
import { Sparkline } from './Sparkline.tsx'
import lists from '../shell/list.module.css'
import styles from './rules.module.css'

const HOUR_MS = 3_600_000
/** The hours of the small picture. They hold the day so far, wherever the tenant lives. */
const SHOWN_HOURS = 26

/** All rules: how they are, and how they fired today. */
export function RulesTable({ rules, asOf }: { rules: readonly TriggerView[]; asOf: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { q, state } = useSearch({ from: paths.triggers })
  const toMs = (Math.floor(Date.parse(asOf) / HOUR_MS) + 1) * HOUR_MS
  const from = new Date(toMs - SHOWN_HOURS * HOUR_MS).toISOString()
  const to = new Date(toMs).toISOString()
  const { data: firings } = useQuery(overTimeQuery({ from, to, unit: 'hour' }))
  const hours = useMemo(
    () => hoursByRule(firings ?? [], from, to, format.timeZone),
    [firings, from, to, format.timeZone],
  )
  const shown = rules.filter((rule) => {
    const text = `${rule.trigger.id} ${rule.trigger.description ?? ''} ${rule.trigger.on ?? ''}`
    return (state === undefined || stateOf(rule) === state) && hasWords(text, q)
  })
  const today = dayIn(format.timeZone, Date.parse(asOf))
  return (
    <Panel title={t('triggers.rules')} unit={t('triggers.rulesUnit')} means={t('triggers.rulesMeans')}>
      <Filter rules={rules} />
      {shown.length === 0 && <p className={lists.none}>{t('triggers.noneFound')}</p>}
      {shown.length > 0 && (
        <table role="table" className={lists.lines} aria-label={t('triggers.rules')}>
          <Head />
          <tbody role="rowgroup">
            {shown.map((rule) => (
              <RuleRow
                key={rule.trigger.id}
                rule={rule}
                hours={hours.get(rule.trigger.id) ?? []}
                today={today}
              />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function hoursByRule(
  firings: FiringsOverTime,
  from: string,
  to: string,
  timeZone: string,
): Map<string, Bucket[]> {
  const found = Map.groupBy(firings, ({ ruleId }) => ruleId)
  return new Map([...found].map(([ruleId, own]) => [ruleId, filled(own, { from, to }, 'hour', timeZone)]))
}

const FIGURES = ['hours', 'today', 'firings', 'retracted', 'behind', 'lastFired'] as const

function Head() {
  const { t } = useTranslation()
  return (
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">
          {t('triggers.rule')}
        </th>
        <th role="columnheader" scope="col">
          {t('triggers.stateColumn')}
        </th>
        {FIGURES.map((figure) => (
          <th
            key={figure}
            role="columnheader"
            scope="col"
            data-figure={figure === 'hours' ? undefined : figure}
          >
            {t(`triggers.column.${figure}`)}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function RuleRow({ rule, hours, today }: { rule: TriggerView; hours: readonly Bucket[]; today: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { id, description } = rule.trigger
  const ofToday = hours.filter(({ at }) => dayIn(format.timeZone, Date.parse(at)) === today)
  const cells = {
    today: format.count(ofToday.reduce((sum, { firings }) => sum + firings, 0)),
    firings: format.count(rule.firings),
    retracted: format.count(rule.retracted),
    behind: rule.behind === null ? '—' : format.count(rule.behind),
    lastFired: rule.lastFiredAt === null ? '—' : format.dayTime(rule.lastFiredAt),
  }
  return (
    <tr role="row" data-rule={id}>
      <th role="rowheader" scope="row">
        <Link to={paths.trigger} params={{ triggerId: id }} className={lists.name}>
          {description ?? id}
        </Link>
        <span className={styles.under}>
          {description !== undefined && <code>{id}</code>}
          <span>{t(`triggers.kind.${kindOf(rule.trigger)}`)}</span>
        </span>
      </th>
      <td role="cell">
        <RuleState state={stateOf(rule)} />
      </td>
      <td role="cell" className={styles.hours}>
        <Sparkline
          label={t('triggers.hoursPicture', { rule: id })}
          values={hours.slice(-24).map(({ firings }) => firings)}
        />
      </td>
      {(Object.keys(cells) as (keyof typeof cells)[]).map((figure) => (
        <td key={figure} role="cell" data-figure={figure} data-wide={figure === 'lastFired' || undefined}>
          <span className={lists.phoneName} aria-hidden>
            {t(`triggers.column.${figure}`)}
          </span>
          {cells[figure]}
        </td>
      ))}
    </tr>
  )
}

function Filter({ rules }: { rules: readonly TriggerView[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate({ from: paths.triggers })
  const { q, state } = useSearch({ from: paths.triggers })
  const count = (of: RuleStateName): string =>
    format.count(rules.filter((rule) => stateOf(rule) === of).length)
  return (
    <div className={`${lists.filter} ${styles.filter}`}>
      <SearchField label={t('triggers.search')} q={q} />
      <SegmentedControl
        aria-label={t('triggers.stateColumn')}
        size="sm"
        value={state ?? 'all'}
        onChange={(value) =>
          navigate({
            search: (now) => ({ ...now, state: ruleStates.find((one) => one === value) }),
            replace: true,
            resetScroll: false,
          })
        }
        data={[
          { value: 'all', label: t('triggers.all') },
          ...ruleStates.map((one) => ({ value: one, label: `${t(`triggers.state.${one}`)} ${count(one)}` })),
        ]}
      />
    </div>
  )
}
